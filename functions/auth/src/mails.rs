//! The mails of signing in: owed in the transaction of their cause, sent right after it.

use std::time::Duration;

use cloud::envelope::{Binding, Purpose};
use cloud::mail::Mail;
use domain::email::EmailAddress;
use domain::tenant::ROOT_TENANT;
use domain::user::User;
use domain::{Error, NoticeId, Result};
use jiff::{SignedDuration, Timestamp};
use store::OwedMail;
use url::Url;

use crate::Ctx;
use crate::catalogue::{Catalogue, Template, catalogue, escape, fill};

/// How long a link in a mail works.
pub(crate) const LINK_LIFETIME: SignedDuration = SignedDuration::from_mins(60);
/// How long a mail that was not sent is worth sending, where it has no link that ends.
const WORTH_SENDING: SignedDuration = SignedDuration::from_hours(24);
/// How long a request waits for its mail; the sweeper sends what takes longer.
const SEND_LIMIT: Duration = Duration::from_secs(2);

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
        let sent = tokio::time::timeout(SEND_LIMIT, self.mailer.send(&outgoing.mail)).await;
        let settled = match sent {
            Ok(Ok(())) => self.table.system().settle_mail(outgoing.owed.id).await,
            Ok(Err(error)) => Err(error),
            Err(elapsed) => Err(Error::unavailable("mail", elapsed)),
        };
        if let Err(error) = settled {
            tracing::warn!(code = error.code(), "a mail stays owed");
        }
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
        let id = NoticeId::generate(self.table.ids());
        let bytes = serde_json::to_vec(&mail)
            .map_err(|error| Error::internal("a mail cannot be stored", error))?;
        let binding = Binding::new(ROOT_TENANT, id, Purpose::OwedMail, 0);
        let sealed = self.envelope.seal(&binding, &bytes).await?;
        Ok(Outgoing {
            owed: OwedMail {
                id,
                sealed: sealed.as_bytes().to_vec(),
                since: self.clock.now(),
                useless_from,
            },
            mail,
        })
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
