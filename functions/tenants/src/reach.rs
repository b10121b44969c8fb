//! What is about all accounts of a tenant is for whoever reaches them all.

use domain::membership::AccountReach;
use domain::{Error, Result};
use store::TenantScope;

/// Refuses whoever is limited to some accounts: to them others do not exist, so nothing may tell of these.
pub(crate) fn must_reach_all(scope: &TenantScope, detail: &str) -> Result<()> {
    match scope.accounts() {
        AccountReach::All => Ok(()),
        AccountReach::Only(_) => Err(Error::Forbidden {
            code: "limited_to_accounts",
            detail: detail.to_owned(),
        }),
    }
}
