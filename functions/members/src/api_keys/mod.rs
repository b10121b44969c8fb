//! API keys: made, listed, replaced and revoked by people who manage them. A key is no credential here, so none ever
//! makes another.

use std::collections::BTreeSet;

use domain::api_key::ApiKey;
use domain::membership::{AccountLimit, Denial, PermissionSet};
use domain::{ApiKeyId, Error, FieldError, Result};
use jiff::SignedDuration;
use store::RateLimit;

use crate::Ctx;
use crate::asker::Asker;
use crate::denial::denied;

pub(crate) mod create;
mod fields;
pub(crate) mod list;
pub(crate) mod revoke;
pub(crate) mod rotate;
mod view;

/// Keys that a tenant makes at once, and again in every [`MADE_PERIOD`]: more are a script gone wrong, or somebody
/// who hides one among many.
const MADE: u32 = 30;
const MADE_PERIOD: SignedDuration = SignedDuration::from_hours(1);

impl Ctx {
    async fn api_key(&self, asker: &Asker, id: ApiKeyId) -> Result<ApiKey> {
        let found = self.tenant(asker).api_key(id).await?;
        found.ok_or(Error::NotFound { kind: "API key" })
    }

    /// Counts a key that is to be made.
    async fn admit_api_key(&self, asker: &Asker) -> Result<()> {
        let limit = RateLimit::per(MADE, MADE_PERIOD);
        let tenant = asker.tenant.to_string();
        let now = self.clock.now();
        let system = self.table.system();
        system.admit("api_keys", &tenant, limit, now).await
    }

    /// The groups of a key must exist for whoever makes it.
    async fn must_have_groups(&self, asker: &Asker, limit: &AccountLimit) -> Result<()> {
        let AccountLimit::Groups(wanted) = limit else {
            return Ok(());
        };
        let groups = self.tenant(asker).account_groups().await?;
        let known: BTreeSet<_> = groups.iter().map(|group| group.id).collect();
        let missing: Vec<FieldError> = wanted
            .iter()
            .enumerate()
            .filter(|(_, id)| !known.contains(*id))
            .map(|(place, _)| {
                FieldError::new(
                    format!("/account_groups/{place}"),
                    "not_found",
                    "there is no such account group",
                )
            })
            .collect();
        if missing.is_empty() {
            Ok(())
        } else {
            Err(Error::UnknownReference(missing))
        }
    }
}

/// Nobody gives a key what they lack themselves.
fn must_own(asker: &Asker, scopes: &PermissionSet) -> Result<()> {
    let beyond = scopes.beyond(&asker.rights().permissions);
    if beyond.is_empty() {
        Ok(())
    } else {
        Err(denied(Denial::BeyondOwn(beyond), "API key"))
    }
}
