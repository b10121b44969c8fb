//! The mails of signing in: owed in the transaction of their cause, sent right after it.

use cloud::mail::Mail;
use domain::email::EmailAddress;
use domain::user::User;
use domain::{Error, Result};
use jiff::{SignedDuration, Timestamp};
use store::OwedMail;
use url::Url;

use crate::Ctx;
use crate::catalogue::{Catalogue, Template, catalogue, escape, fill};

/// How long a link in a mail works.
pub(crate) const LINK_LIFETIME: SignedDuration = SignedDuration::from_mins(60);
/// How long a mail that was not sent is worth sending, where it has no link that ends.
const WORTH_SENDING: SignedDuration = SignedDuration::from_hours(24);

/// A mail that is ready to be owed and sent.
pub(crate) struct Outgoing {
    /// For the table.
    pub(crate) owed: OwedMail,
    mail: Mail,
}

impl Ctx {
    /// The mail with the link that proves an address.
    pub(crate) async fn verification_mail(
        &self,
        user: &User,
        token: &api::Secret,
    ) -> Result<Outgoing> {
        let mut link = self.link("verify-email")?;
        link.query_pairs_mut().append_pair("token", token.expose());
        let template = |texts: &'static Catalogue| &texts.verify_email;
        let useless_from = after(self.clock.now(), LINK_LIFETIME);
        self.outgoing(user, template, &link, useless_from).await
    }

    /// The mail for somebody who registers again.
    pub(crate) async fn already_registered_mail(&self, user: &User) -> Result<Outgoing> {
        let link = self.link("sign-in")?;
        let template = |texts: &'static Catalogue| &texts.already_registered;
        let useless_from = after(self.clock.now(), WORTH_SENDING);
        self.outgoing(user, template, &link, useless_from).await
    }

    /// The mail for somebody whose refresh token was copied.
    pub(crate) async fn sign_in_ended_mail(&self, user: &User) -> Result<Outgoing> {
        let link = self.link("sign-in")?;
        let template = |texts: &'static Catalogue| &texts.sign_in_ended;
        let useless_from = after(self.clock.now(), WORTH_SENDING);
        self.outgoing(user, template, &link, useless_from).await
    }

    /// Sends an owed mail right now, if that is possible; else it stays owed.
    pub(crate) async fn send(&self, outgoing: &Outgoing) {
        let Outgoing { owed, mail } = outgoing;
        self.outbox.send_inline(owed.id, mail).await;
    }

    fn link(&self, page: &str) -> Result<Url> {
        self.public_url
            .join(page)
            .map_err(|error| Error::internal("a link cannot be made", error))
    }

    async fn outgoing(
        &self,
        user: &User,
        template: impl FnOnce(&'static Catalogue) -> &'static Template,
        link: &Url,
        useless_from: Timestamp,
    ) -> Result<Outgoing> {
        let texts = catalogue(&user.locale).ok_or_else(|| {
            Error::internal("a mail cannot be written", "the catalogue is not readable")
        })?;
        let mail = written(template(texts), &user.email, &user.name, link);
        let owed = self.outbox.owe(&mail, useless_from).await?;
        Ok(Outgoing { owed, mail })
    }
}

fn written(template: &Template, to: &EmailAddress, name: &str, link: &Url) -> Mail {
    let minutes = LINK_LIFETIME.as_mins().to_string();
    let plain = [
        ("name", name),
        ("link", link.as_str()),
        ("minutes", &minutes),
    ];
    let (html_name, html_link) = (escape(name), escape(link.as_str()));
    let html = [
        ("name", html_name.as_str()),
        ("link", &html_link),
        ("minutes", &minutes),
    ];
    Mail {
        to: to.as_str().to_owned(),
        subject: fill(&template.subject, &plain),
        text: fill(&template.text, &plain),
        html: fill(&template.html, &html),
    }
}

fn after(now: Timestamp, duration: SignedDuration) -> Timestamp {
    now.saturating_add(duration).unwrap_or(now)
}
