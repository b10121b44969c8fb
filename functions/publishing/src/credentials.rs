//! Stores a credential that the network refreshed.

use domain::Result;
use domain::account::Account;
use engine::vault;
use networks::Credential;
use store::{Saved, TenantScope};

use crate::Ctx;

/// Stores it as the next version of the account's credential.
pub(crate) async fn save(
    ctx: &Ctx,
    scope: &TenantScope,
    account: &Account,
    credential: &Credential,
) -> Result<Saved> {
    let version = account.credential_version.saturating_add(1);
    let stored = vault::seal(
        &ctx.envelope,
        account.tenant,
        account.id,
        version,
        credential,
    )
    .await?;
    ctx.table
        .tenant(scope)
        .save_refreshed_credential(account, &stored)
        .await
}
