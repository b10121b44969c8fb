//! What must exist before the first request: the root tenant and the product's keys.

use std::sync::Arc;

use aws_lc_rs::digest;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use cloud::envelope::{Binding, Envelope, Purpose};
use domain::tenant::{
    DEFAULT_MAX_LATENESS_HOURS, Limits, Locale, ROOT_TENANT, Tenant, TenantState, TimeZoneName,
    WeekStart,
};
use domain::{Clock, Error, Random, Result};
use jiff::Timestamp;
use store::{Keyring, SigningKey, Table};

/// Bytes of the keys that authenticate cursors and hash API keys.
const SYMMETRIC_KEY: usize = 32;
/// Bytes of a coordinate of P-256.
const COORDINATE: usize = 32;

/// Makes the root tenant and the keys unless they exist. May run at every start, and in several places at once.
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
        return Ok(());
    }
    system.create_root_tenant(&root_tenant(now)).await?;
    let signing = vec![signing_key(envelope, now).await?];
    system
        .create_keyring(Keyring {
            signing,
            cursor_key: symmetric_key(&**random),
            hash_key: Some(symmetric_key(&**random)),
        })
        .await?;
    Ok(())
}

fn symmetric_key(random: &dyn Random) -> Vec<u8> {
    let mut key = vec![0; SYMMETRIC_KEY];
    random.fill(&mut key);
    key
}

/// Where a signing key's private part is sealed.
pub fn signing_key_binding(kid: &str) -> Binding {
    Binding::new(ROOT_TENANT, kid, Purpose::JwtSigningKey, 0)
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
        version: 1,
        created_at: now,
        updated_at: now,
    }
}

async fn signing_key(envelope: &Envelope, now: Timestamp) -> Result<SigningKey> {
    let failed = |_| Error::internal("a signing key cannot be made", "the library refused");
    let algorithm = &ECDSA_P256_SHA256_FIXED_SIGNING;
    let pkcs8 = EcdsaKeyPair::generate_pkcs8(algorithm, &SystemRandom::new()).map_err(failed)?;
    let pair = EcdsaKeyPair::from_pkcs8(algorithm, pkcs8.as_ref())
        .map_err(|error| Error::internal("a signing key cannot be read", error))?;
    // An uncompressed point: a tag, then both coordinates (SEC 1, 2.3.3).
    let point = pair.public_key().as_ref().get(1..).unwrap_or_default();
    let (x, y) = point
        .split_at_checked(COORDINATE)
        .ok_or_else(|| Error::internal("a signing key has no point", "it is too short"))?;
    let (x, y) = (URL_SAFE_NO_PAD.encode(x), URL_SAFE_NO_PAD.encode(y));
    let kid = thumbprint(&x, &y);
    let sealed = envelope
        .seal(&signing_key_binding(&kid), pkcs8.as_ref())
        .await?;
    Ok(SigningKey {
        kid,
        x,
        y,
        sealed: sealed.as_bytes().to_vec(),
        created_at: now,
    })
}

/// The thumbprint of a P-256 key (RFC 7638): the hash of its required members in alphabetical order.
fn thumbprint(x: &str, y: &str) -> String {
    let members = format!(r#"{{"crv":"P-256","kty":"EC","x":"{x}","y":"{y}"}}"#);
    URL_SAFE_NO_PAD.encode(digest::digest(&digest::SHA256, members.as_bytes()))
}
