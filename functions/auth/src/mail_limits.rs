//! How many mails go to one address.
//!
//! What is asked for is counted apart: nobody uses up the links of an owner by what sends none. Where strangers use up
//! one kind of link, each that they asked for is in the owner's mailbox, and the newest is younger than the time after
//! which another one may come; an owner with a browser, or in a network, that the account knows has links of their own
//! beside. So all mails to an address are bounded, whoever asks for them.

use api::{Client, DeviceCookie};
use domain::email::EmailAddress;
use domain::{Error, Result, UserId};
use http::HeaderMap;

use crate::Ctx;

/// Counters.
const BY_CLIENT: &str = "mail_client";
const BY_KNOWN_BROWSER: &str = "mail_known_browser";
const BY_KNOWN_NETWORK: &str = "mail_known_network";

/// What a mail is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum MailCause {
    /// A registration.
    Registration,
    /// Another link that proves an address.
    Verification,
    /// A link that sets a new password.
    NewPassword,
    /// A link that lets a browser in.
    NewBrowser,
    /// A link that makes an address somebody's who has another one.
    NewAddress,
}

impl MailCause {
    fn counter(self) -> &'static str {
        match self {
            Self::Registration => "mail_registration",
            Self::Verification => "mail_verification",
            Self::NewPassword => "mail_new_password",
            Self::NewBrowser => "mail_new_browser",
            Self::NewAddress => "mail_new_address",
        }
    }
}

impl Ctx {
    /// Counts a mail to an address; [`Error::RateLimited`] if it is one too many.
    pub(crate) async fn admit_mail(
        &self,
        cause: MailCause,
        address: &EmailAddress,
        client: &Client,
    ) -> Result<()> {
        self.admit_client_of_mail(client).await?;
        self.count_mail(cause.counter(), address).await
    }

    /// The same of a link by which an owner gets in.
    pub(crate) async fn admit_link(
        &self,
        cause: MailCause,
        address: &EmailAddress,
        client: &Client,
        headers: &HeaderMap,
    ) -> Result<()> {
        self.admit_client_of_mail(client).await?;
        let refusal = match self.count_mail(cause.counter(), address).await {
            Err(refusal @ Error::RateLimited { .. }) => refusal,
            counted => return counted,
        };
        match self.reserve(address, client, headers).await? {
            Some(counter) => self.count_mail(counter, address).await,
            None => Err(refusal),
        }
    }

    /// Whoever is refused here does not use up what the owner of an address has.
    async fn admit_client_of_mail(&self, client: &Client) -> Result<()> {
        let Some(address) = client.address else {
            return Ok(());
        };
        let (limit, now) = (self.limits.mail_by_client, self.clock.now());
        let system = self.table.system();
        system
            .admit(BY_CLIENT, &address.network(), limit, now)
            .await
    }

    async fn count_mail(&self, counter: &'static str, address: &EmailAddress) -> Result<()> {
        let (limit, now) = (self.limits.mail_by_address, self.clock.now());
        let system = self.table.system();
        system
            .admit(counter, &address.normalized(), limit, now)
            .await
    }

    /// What counts the mails of whoever asks from where the owner was before. Strangers cost the same work whether or not
    /// the address is registered.
    async fn reserve(
        &self,
        address: &EmailAddress,
        client: &Client,
        headers: &HeaderMap,
    ) -> Result<Option<&'static str>> {
        let system = self.table.system();
        let spare = UserId::generate(self.table.ids());
        let known = system.user_by_email(address, spare).await?;
        let user = known.map_or(spare, |known| known.user.id);
        let shown = DeviceCookie::of(headers, self.gate.cookie());
        if self.known_device(user, shown.as_ref()).await?.is_some() {
            return Ok(Some(BY_KNOWN_BROWSER));
        }
        let is_at_home = self.is_at_home(user, client).await?;
        Ok(is_at_home.then_some(BY_KNOWN_NETWORK))
    }
}
