//! The mails of signing in: owed in the transaction of their cause, sent right after it.

use cloud::mail::{Mail, Template};
use domain::email::EmailAddress;
use domain::tenant::Tenant;
use domain::user::{Origin, User};
use domain::{Error, Result};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use store::OwedMail;
use url::Url;

use crate::Ctx;
use crate::catalogue::{Catalogue, catalogue};

/// How long a link in a mail works.
pub(crate) const LINK_LIFETIME: SignedDuration = SignedDuration::from_mins(60);
/// The same of a link that lets a browser in: whoever asks for one waits for it.
pub(crate) const ADMISSION_LIFETIME: SignedDuration = SignedDuration::from_mins(30);
/// How long a mail that was not sent is worth sending, where it has no link that ends.
const WORTH_SENDING: SignedDuration = SignedDuration::from_hours(24);
/// The language of a mail to somebody whom we do not know.
const LOCALE: &str = "en";

/// A mail that is ready to be owed and sent.
pub(crate) struct Outgoing {
    /// For the table.
    pub(crate) owed: OwedMail,
    mail: Mail,
}

/// A mail before it is written.
struct Letter<'a> {
    to: &'a EmailAddress,
    name: &'a str,
    locale: &'a str,
    template: fn(&Catalogue) -> &Template,
    link: Url,
    /// What the template names beside name, link and minutes.
    values: Vec<(&'static str, String)>,
    worth_sending: SignedDuration,
}

impl Ctx {
    /// The mail with the link that proves an address.
    pub(crate) async fn verification_mail(
        &self,
        user: &User,
        token: &api::Secret,
    ) -> Result<Outgoing> {
        let link = self.link_with("verify-email", token)?;
        let letter = Letter {
            worth_sending: LINK_LIFETIME,
            ..Letter::to(user, |texts| &texts.verify_email, link)
        };
        self.outgoing(letter).await
    }

    /// The mail for somebody who registers again, or wants to prove an address that is proven.
    pub(crate) async fn already_registered_mail(&self, user: &User) -> Result<Outgoing> {
        let link = self.link("sign-in")?;
        let letter = Letter::to(user, |texts| &texts.already_registered, link);
        self.outgoing(letter).await
    }

    /// The mail with the link that sets a new password.
    pub(crate) async fn reset_mail(&self, user: &User, token: &api::Secret) -> Result<Outgoing> {
        let link = self.link_with("reset-password", token)?;
        let letter = Letter {
            worth_sending: LINK_LIFETIME,
            ..Letter::to(user, |texts| &texts.reset_password, link)
        };
        self.outgoing(letter).await
    }

    /// The mail with the link that lets a browser in.
    pub(crate) async fn admission_mail(
        &self,
        user: &User,
        token: &api::Secret,
        origin: &Origin,
    ) -> Result<Outgoing> {
        let link = self.link_with("admit-browser", token)?;
        let letter = Letter {
            worth_sending: ADMISSION_LIFETIME,
            ..Letter::to(user, |texts| &texts.admit_browser, link)
        };
        let letter = letter.with(self.circumstances(user, origin));
        self.outgoing(letter).await
    }

    /// The mail for somebody who wants a link for an address that is not registered.
    pub(crate) async fn unknown_address_mail(&self, address: &EmailAddress) -> Result<Outgoing> {
        let link = self.link("register")?;
        self.outgoing(Letter::to_unknown(
            address,
            |texts| &texts.unknown_address,
            link,
        ))
        .await
    }

    /// The mail for somebody who registers with an address that is kept for somebody else.
    pub(crate) async fn address_reserved_mail(&self, address: &EmailAddress) -> Result<Outgoing> {
        let link = self.link("register")?;
        self.outgoing(Letter::to_unknown(
            address,
            |texts| &texts.address_reserved,
            link,
        ))
        .await
    }

    /// The mail to an address that somebody wants who does not have it.
    pub(crate) async fn address_in_use_mail(&self, address: &EmailAddress) -> Result<Outgoing> {
        let link = self.link("sign-in")?;
        self.outgoing(Letter::to_unknown(
            address,
            |texts| &texts.address_in_use,
            link,
        ))
        .await
    }

    /// The mail with the link that proves a new address of a person.
    pub(crate) async fn confirm_email_mail(
        &self,
        user: &User,
        address: &EmailAddress,
        token: &api::Secret,
    ) -> Result<Outgoing> {
        let link = self.link_with("confirm-email", token)?;
        let letter = Letter {
            to: address,
            worth_sending: LINK_LIFETIME,
            ..Letter::to(user, |texts| &texts.confirm_email, link)
        };
        self.outgoing(letter).await
    }

    /// The mail to the old address, with the link that brings it back.
    pub(crate) async fn email_changed_mail(
        &self,
        user: &User,
        address: &EmailAddress,
        token: &api::Secret,
        lifetime: SignedDuration,
    ) -> Result<Outgoing> {
        let link = self.link_with("revert-email", token)?;
        let days = lifetime.as_hours() / 24;
        let letter = Letter {
            worth_sending: lifetime,
            values: vec![
                ("address", address.as_str().to_owned()),
                ("days", days.to_string()),
            ],
            ..Letter::to(user, |texts| &texts.email_changed, link)
        };
        self.outgoing(letter).await
    }

    /// The mail with the link that sets a new password after a change of the address was taken back.
    pub(crate) async fn email_reverted_mail(
        &self,
        user: &User,
        token: &api::Secret,
    ) -> Result<Outgoing> {
        let link = self.link_with("reset-password", token)?;
        let letter = Letter {
            worth_sending: LINK_LIFETIME,
            ..Letter::to(user, |texts| &texts.email_reverted, link)
        };
        self.outgoing(letter).await
    }

    /// The mail that tells of a new password.
    pub(crate) async fn password_changed_mail(
        &self,
        user: &User,
        origin: &Origin,
    ) -> Result<Outgoing> {
        let page = "forgot-password";
        self.notice(user, |texts| &texts.password_changed, page, origin)
            .await
    }

    /// The mail that tells of a sign-in by something new.
    pub(crate) async fn new_device_mail(&self, user: &User, origin: &Origin) -> Result<Outgoing> {
        self.notice(user, |texts| &texts.new_device, "forgot-password", origin)
            .await
    }

    /// The mail that tells of a sign-in from an area where the person never was.
    pub(crate) async fn new_area_mail(&self, user: &User, origin: &Origin) -> Result<Outgoing> {
        self.notice(user, |texts| &texts.new_area, "forgot-password", origin)
            .await
    }

    /// The mail that tells of a sign-in after many wrong tries.
    pub(crate) async fn sign_in_after_failures_mail(
        &self,
        user: &User,
        failed: u32,
        origin: &Origin,
    ) -> Result<Outgoing> {
        let link = self.link("forgot-password")?;
        let letter = Letter::to(user, |texts| &texts.sign_in_after_failures, link);
        let mut values = self.circumstances(user, origin);
        values.push(("count", failed.to_string()));
        self.outgoing(letter.with(values)).await
    }

    /// The mail that tells of many wrong tries.
    pub(crate) async fn many_attempts_mail(&self, user: &User, count: u32) -> Result<Outgoing> {
        let link = self.link("forgot-password")?;
        let letter = Letter::to(user, |texts| &texts.many_attempts, link);
        self.outgoing(letter.with(vec![("count", count.to_string())]))
            .await
    }

    /// The mail that tells of a new authenticator app.
    pub(crate) async fn authenticator_added_mail(
        &self,
        user: &User,
        origin: &Origin,
    ) -> Result<Outgoing> {
        self.notice(user, |texts| &texts.authenticator_added, "me", origin)
            .await
    }

    /// The mail that tells that codes are not asked for any more.
    pub(crate) async fn authenticator_removed_mail(
        &self,
        user: &User,
        origin: &Origin,
    ) -> Result<Outgoing> {
        let page = "forgot-password";
        self.notice(user, |texts| &texts.authenticator_removed, page, origin)
            .await
    }

    /// The mail that tells of a new passkey.
    pub(crate) async fn passkey_added_mail(
        &self,
        user: &User,
        name: &str,
        origin: &Origin,
    ) -> Result<Outgoing> {
        self.passkey_notice(user, |texts| &texts.passkey_added, "me", name, origin)
            .await
    }

    /// The mail that tells that a passkey is gone.
    pub(crate) async fn passkey_removed_mail(
        &self,
        user: &User,
        name: &str,
        origin: &Origin,
    ) -> Result<Outgoing> {
        let page = "forgot-password";
        self.passkey_notice(user, |texts| &texts.passkey_removed, page, name, origin)
            .await
    }

    /// The mail that tells of new recovery codes.
    pub(crate) async fn recovery_codes_renewed_mail(
        &self,
        user: &User,
        origin: &Origin,
    ) -> Result<Outgoing> {
        let page = "forgot-password";
        self.notice(user, |texts| &texts.recovery_codes_renewed, page, origin)
            .await
    }

    /// The mail that tells that nothing but the password guards the account any more.
    pub(crate) async fn factors_reset_mail(
        &self,
        user: &User,
        origin: &Origin,
    ) -> Result<Outgoing> {
        self.notice(user, |texts| &texts.factors_reset, "me", origin)
            .await
    }

    /// The mail to somebody in whose name others are asked to let them start over.
    pub(crate) async fn factor_lost_mail(&self, user: &User, origin: &Origin) -> Result<Outgoing> {
        let page = "forgot-password";
        self.notice(user, |texts| &texts.factor_lost, page, origin)
            .await
    }

    /// The mail to somebody who can let a member of their tenant start over.
    pub(crate) async fn factor_lost_by_mail(
        &self,
        approver: &User,
        member: &User,
        tenant: &Tenant,
    ) -> Result<Outgoing> {
        let link = self.link("settings/members")?;
        let letter = Letter::to(approver, |texts| &texts.factor_lost_by, link);
        let values = vec![
            ("member", member.name.clone()),
            ("address", member.email.as_str().to_owned()),
            ("tenant", tenant.name.clone()),
        ];
        self.outgoing(letter.with(values)).await
    }

    /// The mail that tells that there is no account any more. There is nothing to follow: the template has no link.
    pub(crate) async fn account_deleted_mail(
        &self,
        user: &User,
        origin: &Origin,
    ) -> Result<Outgoing> {
        self.notice(user, |texts| &texts.account_deleted, "", origin)
            .await
    }

    /// The mail for somebody whose refresh token was copied.
    pub(crate) async fn sign_in_ended_mail(&self, user: &User) -> Result<Outgoing> {
        let link = self.link("sign-in")?;
        let letter = Letter::to(user, |texts| &texts.sign_in_ended, link);
        self.outgoing(letter).await
    }

    /// Sends an owed mail right now, if that is possible; else it stays owed.
    pub(crate) async fn send(&self, outgoing: &Outgoing) {
        let Outgoing { owed, mail } = outgoing;
        self.outbox.send_inline(owed.id, mail).await;
    }

    async fn passkey_notice(
        &self,
        user: &User,
        template: fn(&Catalogue) -> &Template,
        page: &str,
        name: &str,
        origin: &Origin,
    ) -> Result<Outgoing> {
        let letter = Letter::to(user, template, self.link(page)?);
        let mut values = self.circumstances(user, origin);
        values.push(("passkey", name.to_owned()));
        self.outgoing(letter.with(values)).await
    }

    /// A mail that tells when, by what and from where something was done.
    async fn notice(
        &self,
        user: &User,
        template: fn(&Catalogue) -> &Template,
        page: &str,
        origin: &Origin,
    ) -> Result<Outgoing> {
        let letter = Letter::to(user, template, self.link(page)?);
        let letter = letter.with(self.circumstances(user, origin));
        self.outgoing(letter).await
    }

    /// When, by what and from where something is done: `{time}`, `{device}`, `{network}`.
    fn circumstances(&self, user: &User, origin: &Origin) -> Vec<(&'static str, String)> {
        let zone = TimeZone::get(user.time_zone.as_str()).unwrap_or(TimeZone::UTC);
        let time = self.clock.now().to_zoned(zone);
        let unknown = || "–".to_owned();
        vec![
            ("time", time.strftime("%Y-%m-%d %H:%M (%Q)").to_string()),
            ("device", origin.device.clone().unwrap_or_else(unknown)),
            ("network", origin.network.clone().unwrap_or_else(unknown)),
        ]
    }

    fn link(&self, page: &str) -> Result<Url> {
        self.public_url
            .join(page)
            .map_err(|error| Error::internal("a link cannot be made", error))
    }

    fn link_with(&self, page: &str, token: &api::Secret) -> Result<Url> {
        let mut link = self.link(page)?;
        link.query_pairs_mut().append_pair("token", token.expose());
        Ok(link)
    }

    async fn outgoing(&self, letter: Letter<'_>) -> Result<Outgoing> {
        let texts = catalogue(letter.locale).ok_or_else(|| {
            Error::internal("a mail cannot be written", "the catalogue is not readable")
        })?;
        let mail = letter.written((letter.template)(texts));
        let useless_from = after(self.clock.now(), letter.worth_sending);
        let owed = self.outbox.owe(&mail, useless_from).await?;
        Ok(Outgoing { owed, mail })
    }
}

impl<'a> Letter<'a> {
    fn to(user: &'a User, template: fn(&Catalogue) -> &Template, link: Url) -> Self {
        Self {
            to: &user.email,
            name: &user.name,
            locale: &user.locale,
            template,
            link,
            values: Vec::new(),
            worth_sending: WORTH_SENDING,
        }
    }

    fn to_unknown(to: &'a EmailAddress, template: fn(&Catalogue) -> &Template, link: Url) -> Self {
        Self {
            to,
            name: "",
            locale: LOCALE,
            template,
            link,
            values: Vec::new(),
            worth_sending: LINK_LIFETIME,
        }
    }

    fn with(self, values: Vec<(&'static str, String)>) -> Self {
        Self { values, ..self }
    }

    fn written(&self, template: &Template) -> Mail {
        let mut values = vec![
            ("name", self.name.to_owned()),
            ("link", self.link.to_string()),
            // A mail with a link is worth sending as long as the link works.
            ("minutes", self.worth_sending.as_mins().to_string()),
        ];
        values.extend(self.values.iter().cloned());
        let values: Vec<(&str, &str)> = values
            .iter()
            .map(|(name, value)| (*name, value.as_str()))
            .collect();
        template.mail(self.to.as_str(), &values)
    }
}

fn after(now: Timestamp, duration: SignedDuration) -> Timestamp {
    now.saturating_add(duration).unwrap_or(now)
}
