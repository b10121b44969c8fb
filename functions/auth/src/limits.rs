//! How often things may be tried: by address, so that nobody guesses one person's password, and by client, so that
//! nobody guesses everybody's.

use api::ClientAddress;
use domain::Result;
use domain::email::EmailAddress;
use jiff::{SignedDuration, Timestamp};
use store::{RateLimit, Table};

/// The limits.
#[derive(Clone, Copy, Debug)]
pub struct SignInLimits {
    /// Sign-ins with one address.
    pub login_by_address: RateLimit,
    /// Sign-ins from one client.
    pub login_by_client: RateLimit,
    /// Mails to one address: registrations and new links.
    pub mail_by_address: RateLimit,
    /// Registrations and new links from one client.
    pub mail_by_client: RateLimit,
}

impl SignInLimits {
    /// For a deployment on the internet.
    pub fn strict() -> Self {
        Self {
            // 100 failures in a row need more than an hour (NIST SP 800-63B-4, 3.2.2).
            login_by_address: RateLimit::per(20, SignedDuration::from_mins(15)),
            login_by_client: RateLimit::per(100, SignedDuration::from_mins(15)),
            mail_by_address: RateLimit::per(5, SignedDuration::from_hours(1)),
            mail_by_client: RateLimit::per(50, SignedDuration::from_hours(1)),
        }
    }

    /// For a run on one's own machine, where all clients are the same one.
    pub fn local() -> Self {
        Self {
            login_by_address: RateLimit::per(300, SignedDuration::from_mins(5)),
            login_by_client: RateLimit::per(3000, SignedDuration::from_mins(5)),
            mail_by_address: RateLimit::per(100, SignedDuration::from_mins(5)),
            mail_by_client: RateLimit::per(3000, SignedDuration::from_mins(5)),
        }
    }

    pub(crate) async fn admit_login(
        &self,
        table: &Table,
        address: &EmailAddress,
        client: Option<ClientAddress>,
        now: Timestamp,
    ) -> Result<()> {
        let system = table.system();
        if let Some(client) = client {
            let limit = self.login_by_client;
            system
                .admit("login_client", &client.network(), limit, now)
                .await?;
        }
        let limit = self.login_by_address;
        system
            .admit("login_address", &address.normalized(), limit, now)
            .await
    }

    pub(crate) async fn admit_mail(
        &self,
        table: &Table,
        address: &EmailAddress,
        client: Option<ClientAddress>,
        now: Timestamp,
    ) -> Result<()> {
        let system = table.system();
        if let Some(client) = client {
            let limit = self.mail_by_client;
            system
                .admit("mail_client", &client.network(), limit, now)
                .await?;
        }
        let limit = self.mail_by_address;
        system
            .admit("mail_address", &address.normalized(), limit, now)
            .await
    }
}
