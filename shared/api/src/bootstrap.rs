//! What must exist before the first request: the root tenant and the product's keys.

use std::collections::BTreeMap;
use std::sync::Arc;

use cloud::envelope::Envelope;
use domain::access_policy::AccessPolicy;
use domain::tenant::{
    DEFAULT_MAX_LATENESS_HOURS, Limits, Locale, ROOT_TENANT, Tenant, TenantState, TimeZoneName,
    WeekStart,
};
use domain::{Clock, Error, Random, Result};
use jiff::Timestamp;
use store::{Keyring, Table};

use crate::signing_keys::{rotate_platform_key, rotate_signing_keys, signing_key};

/// Bytes of the keys that authenticate cursors and hash API keys.
const SYMMETRIC_KEY: usize = 32;

/// Makes the root tenant and the keys unless they exist, and a new signing key when it is time. May run at every start,
/// and in several places at once.
pub async fn bootstrap(
    table: &Table,
    envelope: &Envelope,
    clock: &Arc<dyn Clock>,
    random: &Arc<dyn Random>,
) -> Result<()> {
    let now = clock.now();
    let system = table.system();
    // The keys are made last: where they are, all is.
    if let Some(keyring) = system.keyring().await? {
        if keyring.hash_key.is_none() {
            let hash_key = Some(symmetric_key(&**random));
            let keyring = Keyring {
                hash_key,
                ..keyring
            };
            system.add_hash_key(keyring).await?;
        }
        or_later(rotate_platform_key(table, envelope, now).await)?;
        return or_later(rotate_signing_keys(table, envelope, now).await);
    }
    system.create_root_tenant(&root_tenant(now)).await?;
    let signing = vec![signing_key(envelope, now).await?];
    system
        .create_keyring(Keyring {
            signing,
            cursor_key: symmetric_key(&**random),
            hash_key: Some(symmetric_key(&**random)),
            version: 0,
        })
        .await?;
    Ok(())
}

/// A rotation that the key service does not allow now is left to a later start: the keys that are there go on.
fn or_later(rotated: Result<()>) -> Result<()> {
    match rotated {
        Err(error @ Error::Unavailable { .. }) => {
            tracing::warn!(
                error = &error as &dyn std::error::Error,
                "keys could not be rotated; a later start does"
            );
            Ok(())
        }
        other => other,
    }
}

fn symmetric_key(random: &dyn Random) -> Vec<u8> {
    let mut key = vec![0; SYMMETRIC_KEY];
    random.fill(&mut key);
    key
}

fn root_tenant(now: Timestamp) -> Tenant {
    Tenant {
        id: ROOT_TENANT,
        parent: None,
        ancestors: Vec::new(),
        name: "M1A".to_owned(),
        time_zone: TimeZoneName::utc(),
        locale: Locale::english(),
        week_start: WeekStart::default(),
        state: TenantState::Active,
        limits: Limits::DEFAULT,
        max_lateness_hours: DEFAULT_MAX_LATENESS_HOURS,
        default_options: BTreeMap::new(),
        requires_second_factor: false,
        access: AccessPolicy::default(),
        version: 1,
        created_at: now,
        updated_at: now,
    }
}
