//! Sessions of disconnected accounts: the publisher, which opens credentials anyway, is asked to end them.

use cloud::queue::{Delay, Outgoing};
use domain::sign_out::SignOutMessage;
use domain::{AccountId, Result, TenantId};

use crate::wake::Waker;

impl Waker {
    /// Asks the publisher to end the session of a disconnected account. What the queue does not take is asked for again by
    /// whoever reconciles.
    pub async fn sign_out(&self, tenant: TenantId, account: AccountId) -> Result<()> {
        let message = Outgoing {
            body: SignOutMessage::SignOut { tenant, account }.to_text(),
            tenant,
            delay: Delay::NONE,
        };
        self.queue.send(&[message]).await.into_iter().collect()
    }
}
