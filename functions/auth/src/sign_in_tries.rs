//! What the tries of a sign-in are counted by.
//!
//! Whoever shows a browser that the account knows is counted by it, whoever comes from a network that it knows by that,
//! and all others by the address that they try: so strangers use up no try of an owner, and have none wait, where the
//! owner was before.

use api::{Client, DeviceCookie};
use domain::clock::wait_in_words;
use domain::email::EmailAddress;
use domain::{Error, Result, UserId};
use jiff::Timestamp;
use store::{AttemptCounter, StoredUser};

use crate::Ctx;

const BY_ADDRESS: &str = "sign_in_address";
const BY_DEVICE: &str = "sign_in_device";
const BY_NETWORK: &str = "sign_in_network";

/// What tries are counted by.
#[derive(Clone, Debug)]
pub(crate) struct Counter {
    purpose: &'static str,
    subject: String,
}

impl Counter {
    pub(crate) fn of_address(email: &EmailAddress) -> Self {
        Self {
            purpose: BY_ADDRESS,
            subject: email.normalized(),
        }
    }

    pub(crate) fn of_device(device: &DeviceCookie) -> Self {
        Self {
            purpose: BY_DEVICE,
            subject: device.mark().beginning().to_owned(),
        }
    }

    /// Of the password of this version: whoever has another one begins anew in each network.
    pub(crate) fn of_network(user: UserId, password_version: u64, network: &str) -> Self {
        Self {
            purpose: BY_NETWORK,
            subject: format!("{user} {password_version} {network}"),
        }
    }

    /// As it is stored.
    pub(crate) fn attempts(&self) -> AttemptCounter<'_> {
        AttemptCounter {
            purpose: self.purpose,
            subject: &self.subject,
        }
    }
}

impl Ctx {
    /// Counts a try as one that fails; how many in a row these are now. [`Error::HeldBack`] if the last one was too short
    /// ago, [`Error::Forbidden`] if there were too many.
    pub(crate) async fn count_try(&self, counter: &Counter) -> Result<u32> {
        let (limit, now) = (self.limits.attempts, self.clock.now());
        let Counter { purpose, subject } = counter;
        let system = self.table.system();
        let counted = system.count_attempt(purpose, subject, limit, now).await;
        counted.map_err(|error| match error {
            Error::RateLimited { retry_at } => delayed(now, retry_at),
            other => other,
        })
    }

    /// A try was successful, or its owner proved who they are by a link.
    pub(crate) async fn forget_tries(&self, counter: &Counter) -> Result<()> {
        let system = self.table.system();
        system
            .forget_attempts(counter.purpose, &counter.subject)
            .await
    }

    /// What tries are counted by of somebody where they were before; `None` where they never were.
    pub(crate) async fn own_counter(
        &self,
        known: &StoredUser,
        device: Option<&DeviceCookie>,
        client: &Client,
    ) -> Result<Option<Counter>> {
        if let Some(device) = device {
            return Ok(Some(Counter::of_device(device)));
        }
        let (user, version) = (known.user.id, known.password.version);
        let home = match client.origin().network {
            Some(network) if self.is_at_home(user, client).await? => network,
            _ => return Ok(None),
        };
        Ok(Some(Counter::of_network(user, version, &home)))
    }

    /// Whether the person signed in from the network of a client before, or followed a link there that was mailed to them.
    pub(crate) async fn is_at_home(&self, user: UserId, client: &Client) -> Result<bool> {
        let Some(network) = client.origin().network else {
            return Ok(false);
        };
        let (system, now) = (self.table.system(), self.clock.now());
        system.knows_network(user, &network, now).await
    }
}

/// The refusal of a try that comes too early, with the ways that do not wait.
fn delayed(now: Timestamp, retry_at: Timestamp) -> Error {
    Error::HeldBack {
        code: "sign_in_delayed",
        detail: format!(
            "there were too many wrong tries: try again in {}, or use a browser or a network from which you signed in before, or a passkey, or let this browser in by a link that we mail you",
            wait_in_words(now, retry_at)
        ),
        retry_at,
    }
}
