//! The posts of an account follow its state.

use domain::AccountId;
use domain::account::Account;
use domain::notice::NoticeCause;
use store::{Act, TenantTable};

use crate::Ctx;

impl Ctx {
    /// Brings the first posts into line at once, and wakes the publisher for those that resume. Whatever this leaves is
    /// found by the account's attention entry, so a failure here is no failure of the request.
    pub(crate) async fn follow(&self, accounts: TenantTable<'_>, account: AccountId) {
        match accounts.align_deliveries(account, self.clock.now()).await {
            Ok(aligned) => self.waker.nudge(&aligned.resumed).await,
            Err(error) => tracing::warn!(
                account.id = %account,
                error = &error as &dyn std::error::Error,
                "the posts of an account follow later"
            ),
        }
    }

    /// Sends the mail that [`TenantTable::mark_reconnect_needed`] made owed.
    pub(crate) async fn ask_to_reconnect(&self, account: &Account, act: &Act) {
        let cause = NoticeCause::ReconnectNeeded {
            account: account.id,
            credential_version: account.credential_version,
        };
        let notice =
            store::notices::notice(Some(account.tenant), account.connected_by, cause, act.at);
        match notice {
            Ok(notice) => self.notifier.send_inline(&notice).await,
            Err(error) => tracing::warn!(
                account.id = %account.id,
                error = &error as &dyn std::error::Error,
                "a mail is sent later"
            ),
        }
    }
}
