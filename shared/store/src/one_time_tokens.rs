//! One-time tokens that mails carry: only their hashes are stored, and a used one stays known until it is forgotten.

use domain::{Error, Result, UserId};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::attribute::{instant, millis, optional_millis};
use crate::condition::{Action, Condition, Write};
use crate::item::{Item, encode};
use crate::key::{Key, SecretHash};
use crate::owed_mails::OwedMail;
use crate::scope::SystemTable;
use crate::transaction::Transacted;
use crate::users;

/// How long a used or expired token is told apart from one that never was.
const REMEMBERED: SignedDuration = SignedDuration::from_hours(7 * 24);

/// What a token is good for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TokenPurpose {
    /// Proves an address.
    VerifyEmail,
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
    /// The password of the registration that it belongs to.
    pub password_version: u64,
    /// Until when it works.
    pub expires_at: Timestamp,
}

#[derive(Debug, Serialize, Deserialize)]
struct TokenItem {
    #[serde(skip)]
    key: Key,
    purpose: TokenPurpose,
    user: UserId,
    pwv: u64,
    #[serde(with = "millis")]
    until: Timestamp,
    #[serde(
        default,
        with = "optional_millis",
        skip_serializing_if = "Option::is_none"
    )]
    used: Option<Timestamp>,
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
        let item = TokenItem {
            key: Key::one_time_token(&self.secret),
            purpose: self.purpose,
            user: self.user,
            pwv: self.password_version,
            until: self.expires_at,
            used: None,
            exp: self
                .expires_at
                .saturating_add(REMEMBERED)
                .unwrap_or(self.expires_at)
                .as_second(),
        };
        Ok(Write::put(item.key(), encode(&item)?).when(Condition::item_absent()))
    }
}

impl SystemTable<'_> {
    /// Stores a token and the mail that carries it.
    pub async fn send_token(&self, token: &NewToken, mail: &OwedMail) -> Result<()> {
        let writes = vec![token.write()?, mail.write(self.table)?];
        match self.table.transact(writes).await? {
            Transacted::Done => Ok(()),
            Transacted::Refused(_) => Err(Error::internal(
                "a one-time token cannot be stored",
                "a token or a mail with its id exists",
            )),
        }
    }

    /// Uses a token that proves an address, once. Unknown and foreign ones are [`Error::NotFound`], used, old and
    /// replaced ones [`Error::Gone`].
    pub async fn verify_email(&self, secret: &SecretHash, now: Timestamp) -> Result<UserId> {
        let key = Key::one_time_token(secret);
        let token: Option<TokenItem> = self.table.get(&key).await?;
        let token = token
            .filter(|token| token.purpose == TokenPurpose::VerifyEmail)
            .ok_or(Error::NotFound { kind: "token" })?;
        if token.used.is_some() {
            return Err(used());
        }
        if token.until <= now {
            return Err(expired());
        }
        let writes = vec![
            Write::update(key, vec![Action::Set("used", instant(now))]).when(Condition::All(vec![
                Condition::item_exists(),
                Condition::Absent("used"),
            ])),
            users::verified(token.user, token.pwv)?,
        ];
        match self.table.transact(writes).await? {
            Transacted::Done => Ok(token.user),
            Transacted::Refused(writes) if writes.iter().any(|write| write.index == 0) => {
                Err(used())
            }
            Transacted::Refused(_) => Err(expired()),
        }
    }
}

fn used() -> Error {
    Error::Gone {
        code: "token_used",
        detail: "the link was used already: sign in, or ask for a new link",
    }
}

fn expired() -> Error {
    Error::Gone {
        code: "token_expired",
        detail: "the link is too old: ask for a new one",
    }
}
