//! One-time tokens that mails carry: only their hashes are stored, and a used one stays known until it is forgotten.

use domain::email::EmailAddress;
use domain::{Error, Result, UserId};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::attribute::{instant, millis, optional_millis};
use crate::condition::{Action, Condition, Write};
use crate::credentials::Credential;
use crate::devices::Device;
use crate::item::{Item, encode};
use crate::key::{Key, SecretHash};
use crate::owed_mails::OwedMail;
use crate::scope::SystemTable;
use crate::transaction::{RefusedWrite, Transacted};
use crate::user_events::UserAct;
use crate::users::{self, StoredUser};

/// How long a used or expired token is told apart from one that never was.
const REMEMBERED: SignedDuration = SignedDuration::from_hours(7 * 24);

/// What a token is good for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TokenPurpose {
    /// Proves an address.
    VerifyEmail,
    /// Sets a new password.
    ResetPassword,
    /// Lets a browser in.
    AdmitBrowser,
    /// Proves a new address of somebody who has another one.
    ChangeEmail,
    /// Brings the old address back.
    RevertEmail,
    /// Removes second factors that were lost, or stops that.
    ResetSecondFactor,
}

/// A token to be stored.
#[derive(Clone, Debug)]
pub struct NewToken {
    /// The hash of its secret.
    pub secret: SecretHash,
    /// What it is good for.
    pub purpose: TokenPurpose,
    /// Whose it is.
    pub user: UserId,
    /// The address that it was sent to: it is worth nothing once the person has another one.
    pub address: EmailAddress,
    /// The password that the person has: it is worth nothing once they have another one.
    pub password_version: u64,
    /// Until when it works.
    pub expires_at: Timestamp,
}

/// A token that can be used.
#[derive(Clone, Debug)]
pub struct Token {
    /// The hash of its secret.
    pub secret: SecretHash,
    /// Whose it is.
    pub user: UserId,
    /// The address that it was sent to.
    pub address: Option<EmailAddress>,
    /// The password that the person had.
    pub password_version: u64,
    /// Until when it works.
    pub until: Timestamp,
    /// The sign-in that alone outlives the use of the token, as [`Credential::sign_in`] knows it; `None` where all do.
    pub ends_all_but: Option<String>,
}

#[derive(Debug, Serialize, Deserialize)]
struct TokenItem {
    #[serde(skip)]
    key: Key,
    purpose: TokenPurpose,
    user: UserId,
    /// Absent in tokens of the version before.
    #[serde(default)]
    mail: Option<EmailAddress>,
    pwv: u64,
    #[serde(with = "millis")]
    until: Timestamp,
    #[serde(
        default,
        with = "optional_millis",
        skip_serializing_if = "Option::is_none"
    )]
    used: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    ends_all_but: Option<String>,
    exp: i64,
}

impl Item for TokenItem {
    const TYPE: &'static str = "one_time_token";

    fn key(&self) -> Key {
        self.key.clone()
    }
}

impl NewToken {
    pub(crate) fn write(&self) -> Result<Write> {
        self.write_ending(None)
    }

    /// The same for one whose use ends all sign-ins but `kept`.
    fn write_ending(&self, kept: Option<&Credential>) -> Result<Write> {
        let item = TokenItem {
            key: Key::one_time_token(&self.secret),
            purpose: self.purpose,
            user: self.user,
            mail: Some(self.address.clone()),
            pwv: self.password_version,
            until: self.expires_at,
            used: None,
            ends_all_but: kept.map(Credential::sign_in),
            exp: self
                .expires_at
                .saturating_add(REMEMBERED)
                .unwrap_or(self.expires_at)
                .as_second(),
        };
        Ok(Write::put(item.key(), encode(&item)?).when(Condition::item_absent()))
    }
}

impl Token {
    /// Whether the person still has the password and the address that it was sent for; [`Error::Gone`] where not.
    pub fn check(&self, person: &StoredUser) -> Result<()> {
        let is_theirs = self.user == person.user.id
            && self.password_version == person.password.version
            && self
                .address
                .as_ref()
                .is_none_or(|address| *address == person.user.email);
        if is_theirs { Ok(()) } else { Err(expired()) }
    }

    /// The same as if it had been sent for the password that the person has, and to their address as it is spelled now;
    /// [`Error::Gone`] where that is another one.
    pub(crate) fn renewed(&self, person: &StoredUser) -> Result<Self> {
        let present = &person.user.email;
        let renewed = Self {
            address: Some(present.clone()),
            password_version: person.password.version,
            ..self.clone()
        };
        match &self.address {
            Some(address) if address.normalized() != present.normalized() => Err(expired()),
            Some(_) | None => Ok(renewed),
        }
    }

    /// The write that uses it, once.
    pub(crate) fn used_at(&self, now: Timestamp) -> Write {
        let key = Key::one_time_token(&self.secret);
        let actions = vec![Action::Set("used", instant(now))];
        Write::update(key, actions).when(unused())
    }

    /// The check that nobody used it.
    pub(crate) fn is_unused(&self) -> Write {
        Write::check(Key::one_time_token(&self.secret), unused())
    }
}

impl SystemTable<'_> {
    /// Stores a token and the mail that carries it.
    pub async fn send_token(&self, token: &NewToken, mail: &OwedMail, act: &UserAct) -> Result<()> {
        self.store_token(token, None, mail, act).await
    }

    /// The same for a token whose use ends all sign-ins of its person but `kept`.
    pub async fn send_ending_token(
        &self,
        token: &NewToken,
        kept: &Credential,
        mail: &OwedMail,
        act: &UserAct,
    ) -> Result<()> {
        self.store_token(token, Some(kept), mail, act).await
    }

    async fn store_token(
        &self,
        token: &NewToken,
        kept: Option<&Credential>,
        mail: &OwedMail,
        act: &UserAct,
    ) -> Result<()> {
        let writes = vec![
            token.write_ending(kept)?,
            mail.write(self.table)?,
            self.user_event_write(token.user, act)?,
        ];
        match self.table.transact(writes).await? {
            Transacted::Done => Ok(()),
            Transacted::Refused(_) => Err(Error::internal(
                "a one-time token cannot be stored",
                "a token or a mail with its id exists",
            )),
        }
    }

    /// A token that can be used for `purpose`. Unknown ones and those for something else are [`Error::NotFound`], used
    /// and old ones [`Error::Gone`], and so are those of somebody whose account ended.
    pub async fn token(
        &self,
        secret: &SecretHash,
        purpose: TokenPurpose,
        now: Timestamp,
    ) -> Result<Token> {
        let token: Option<TokenItem> = self.table.get(&Key::one_time_token(secret)).await?;
        let token = token
            .filter(|token| token.purpose == purpose)
            .ok_or(Error::NotFound { kind: "token" })?;
        if token.used.is_some() {
            return Err(used());
        }
        if token.until <= now {
            return Err(expired());
        }
        if self.has_departed(token.user).await? {
            return Err(expired());
        }
        Ok(Token {
            secret: secret.clone(),
            user: token.user,
            address: token.mail,
            password_version: token.pwv,
            until: token.until,
            ends_all_but: token.ends_all_but,
        })
    }

    /// Uses a token that proves an address, once, at a place; fails as [`Self::token`] does, replaced ones are
    /// [`Error::Gone`].
    pub async fn verify_email(
        &self,
        token: &Token,
        place: Option<&Device>,
        act: &UserAct,
    ) -> Result<()> {
        let mut writes = vec![
            token.used_at(act.at),
            users::verified(token)?,
            self.user_event_write(token.user, act)?,
        ];
        writes.extend(place.map(Device::write).transpose()?);
        match self.table.transact(writes).await? {
            Transacted::Done => Ok(()),
            Transacted::Refused(writes) => Err(gone(&writes)),
        }
    }
}

/// Why a transaction that begins with the use of a token was refused.
pub(crate) fn gone(refused: &[RefusedWrite]) -> Error {
    if refused.iter().any(|write| write.index == 0) {
        used()
    } else {
        expired()
    }
}

fn unused() -> Condition {
    Condition::All(vec![Condition::item_exists(), Condition::Absent("used")])
}

pub(crate) fn used() -> Error {
    Error::Gone {
        code: "token_used",
        detail: "the link was used already: sign in, or ask for a new link",
    }
}

pub(crate) fn expired() -> Error {
    Error::Gone {
        code: "token_expired",
        detail: "the link is too old: ask for a new one",
    }
}
