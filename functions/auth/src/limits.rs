//! How often things may be tried: by address, so that nobody guesses one person's password, by client, so that nobody
//! guesses everybody's, and over all addresses and clients, so that many clients together do not, either.

use api::ClientAddress;
use domain::Result;
use jiff::{SignedDuration, Timestamp};
use store::{AttemptLimit, RateLimit, Table};

/// A hundred in a row take more than a day (NIST SP 800-63B-4, 3.2.2).
const ATTEMPTS: AttemptLimit = AttemptLimit { free: 5, most: 100 };

/// Wrong passwords of strangers over all accounts: 30 at once, and 180 more in every hour. Hundred thousand people, each
/// of whom signs in with something new four times a year, mistype some 40 in their busiest hour (1,100 such sign-ins a
/// day, a tenth of them in that hour, a third of them with a wrong password first); of 10,000 stolen pairs within twenty
/// minutes at most 90 are compared.
const STRANGERS: (u32, SignedDuration) = (30, SignedDuration::from_mins(10));
/// Wrong passwords of strangers of one kind (see [`crate::strangers`]): 8 at once, and 8 more in every hour. Whoever
/// insists on one wrong password has tried it eight times by then, and was made to wait three times; of a thousand
/// accounts that are tried with one password within ten minutes at most ten are.
const SAME_PASSWORD: (u32, SignedDuration) = (8, SignedDuration::from_hours(1));

/// The limits.
#[derive(Clone, Copy, Debug)]
pub struct SignInLimits {
    /// Wrong passwords and codes in a row: for an address, of a device, from a network that the account knows, of
    /// somebody who is signed in.
    pub attempts: AttemptLimit,
    /// Sign-ins from one client.
    pub login_by_client: RateLimit,
    /// Wrong passwords of strangers, over all addresses and clients.
    pub strangers: RateLimit,
    /// The same of passwords of one kind.
    pub same_password: RateLimit,
    /// Mails to one address, of each kind (see [`crate::mail_limits`]).
    pub mail_by_address: RateLimit,
    /// Registrations and new links from one client.
    pub mail_by_client: RateLimit,
}

impl SignInLimits {
    /// For a deployment on the internet.
    pub fn strict() -> Self {
        Self {
            attempts: ATTEMPTS,
            login_by_client: RateLimit::per(100, SignedDuration::from_mins(15)),
            strangers: RateLimit::per(STRANGERS.0, STRANGERS.1),
            same_password: RateLimit::per(SAME_PASSWORD.0, SAME_PASSWORD.1),
            mail_by_address: RateLimit::per(5, SignedDuration::from_hours(1)),
            mail_by_client: RateLimit::per(50, SignedDuration::from_hours(1)),
        }
    }

    /// For a run on one's own machine, where all clients are the same one.
    pub fn local() -> Self {
        Self {
            attempts: ATTEMPTS,
            login_by_client: RateLimit::per(3000, SignedDuration::from_mins(5)),
            strangers: RateLimit::per(3000, SignedDuration::from_mins(5)),
            same_password: RateLimit::per(3000, SignedDuration::from_mins(5)),
            mail_by_address: RateLimit::per(100, SignedDuration::from_mins(5)),
            mail_by_client: RateLimit::per(3000, SignedDuration::from_mins(5)),
        }
    }

    pub(crate) async fn admit_client(
        &self,
        table: &Table,
        client: Option<ClientAddress>,
        now: Timestamp,
    ) -> Result<()> {
        let Some(client) = client else {
            return Ok(());
        };
        let system = table.system();
        system
            .admit("login_client", &client.network(), self.login_by_client, now)
            .await
    }
}
