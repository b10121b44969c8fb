//! The posts of an account follow its state.

use domain::AccountId;
use jiff::Timestamp;
use store::TenantTable;

/// Brings the first posts into line at once. Whatever it leaves is found by the account's attention entry, so a failure
/// here is no failure of the request.
pub(crate) async fn follow(accounts: TenantTable<'_>, account: AccountId, now: Timestamp) {
    if let Err(error) = accounts.align_deliveries(account, now).await {
        tracing::warn!(%account, code = error.code(), "the posts of an account follow later");
    }
}
