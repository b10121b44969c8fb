//! The posts of an account follow its state.

use domain::AccountId;
use store::TenantTable;

use crate::Ctx;

impl Ctx {
    /// Brings the first posts into line at once, and wakes the publisher for those that resume. Whatever this leaves is
    /// found by the account's attention entry, so a failure here is no failure of the request.
    pub(crate) async fn follow(&self, accounts: &TenantTable<'_>, account: AccountId) {
        match accounts.align_deliveries(account, self.clock.now()).await {
            Ok(aligned) => self.waker.nudge(&aligned.resumed).await,
            Err(error) => tracing::warn!(
                account.id = %account,
                error = &error as &dyn std::error::Error,
                "the posts of an account follow later"
            ),
        }
    }
}
