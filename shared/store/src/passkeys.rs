//! Passkeys of people: a public key each, whose private part never leaves what they sign with.

use domain::{PasskeyId, Result, UserId};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::attribute::{base64_bytes, instant, millis, number, optional_millis, text, value};
use crate::condition::{Action, Condition, Write};
use crate::item::{Item, decode, encode};
use crate::key::{Key, SecretHash};
use crate::scope::SystemTable;
use crate::second_factors::{FactorChange, FactorChanged};
use crate::table::{Query, Range, Written};
use crate::transaction::Transacted;
use crate::user_events::UserAct;
use crate::users::StoredUser;

/// A passkey.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Passkey {
    /// What we call it.
    pub id: PasskeyId,
    /// Whose it is.
    pub user: UserId,
    /// What its authenticator calls it.
    pub credential: Vec<u8>,
    /// The public key (a COSE key, RFC 9052).
    pub public_key: Vec<u8>,
    /// Signatures that it had made when it was last used; always zero where it does not count.
    pub sign_count: u32,
    /// Whether it may be copied to other devices of the person. Never changes.
    pub is_backup_eligible: bool,
    /// Whether it was copied when it was last used.
    pub is_backed_up: bool,
    /// How browsers reach it, as they said themselves.
    pub transports: Vec<String>,
    /// What the person calls it.
    pub name: String,
    /// Since when it exists.
    pub created_at: Timestamp,
    /// When it was last used.
    pub last_used_at: Option<Timestamp>,
}

/// A signature of a passkey that was found to be good.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PasskeyUse {
    /// Whose.
    pub user: UserId,
    /// By which.
    pub passkey: PasskeyId,
    /// Signatures that it has made now.
    pub sign_count: u32,
    /// Whether it is copied now.
    pub is_backed_up: bool,
    /// When.
    pub at: Timestamp,
}

#[derive(Debug, Serialize, Deserialize)]
struct PasskeyItem {
    id: PasskeyId,
    user: UserId,
    #[serde(with = "base64_bytes")]
    cred: Vec<u8>,
    #[serde(with = "base64_bytes")]
    pubkey: Vec<u8>,
    cnt: u32,
    be: bool,
    bs: bool,
    trans: Vec<String>,
    name: String,
    #[serde(with = "millis")]
    ca: Timestamp,
    #[serde(
        default,
        with = "optional_millis",
        skip_serializing_if = "Option::is_none"
    )]
    used: Option<Timestamp>,
}

impl Item for PasskeyItem {
    const TYPE: &'static str = "passkey";

    fn key(&self) -> Key {
        Key::passkey(self.user, self.id)
    }
}

impl From<&Passkey> for PasskeyItem {
    fn from(passkey: &Passkey) -> Self {
        Self {
            id: passkey.id,
            user: passkey.user,
            cred: passkey.credential.clone(),
            pubkey: passkey.public_key.clone(),
            cnt: passkey.sign_count,
            be: passkey.is_backup_eligible,
            bs: passkey.is_backed_up,
            trans: passkey.transports.clone(),
            name: passkey.name.clone(),
            ca: passkey.created_at,
            used: passkey.last_used_at,
        }
    }
}

impl From<PasskeyItem> for Passkey {
    fn from(item: PasskeyItem) -> Self {
        Self {
            id: item.id,
            user: item.user,
            credential: item.cred,
            public_key: item.pubkey,
            sign_count: item.cnt,
            is_backup_eligible: item.be,
            is_backed_up: item.bs,
            transports: item.trans,
            name: item.name,
            created_at: item.ca,
            last_used_at: item.used,
        }
    }
}

impl PasskeyUse {
    /// The write that notes it: while the passkey is there, and its count was lower, so that of a passkey and its copy
    /// one is found out. A passkey that does not count stays at zero.
    pub(crate) fn write(&self) -> Result<Write> {
        let count = number(self.sign_count);
        let is_next = match self.sign_count {
            0 => Condition::Equals("cnt", count.clone()),
            _ => Condition::Below("cnt", count.clone()),
        };
        let actions = vec![
            Action::Set("cnt", count),
            Action::Set("bs", value(&self.is_backed_up)?),
            Action::Set("used", instant(self.at)),
        ];
        Ok(Write::update(Key::passkey(self.user, self.passkey), actions).when(is_next))
    }
}

impl SystemTable<'_> {
    /// A person's passkeys, the oldest first.
    pub async fn passkeys(&self, user: UserId) -> Result<Vec<Passkey>> {
        let of_user = Query::of_table(Key::user(user).pk, Range::Prefix(Key::PASSKEYS.to_owned()));
        let items = self.table.query_all(&of_user).await?;
        items
            .into_iter()
            .map(|attributes| Ok(decode::<PasskeyItem>(attributes)?.into()))
            .collect()
    }

    /// Adds a passkey, with new recovery codes where `codes` has some, and ends all other sign-ins: they were begun
    /// without it.
    pub async fn add_passkey(
        &self,
        passkey: &Passkey,
        codes: Option<&[SecretHash]>,
        change: FactorChange<'_>,
    ) -> Result<FactorChanged> {
        let item = PasskeyItem::from(passkey);
        let put = Write::put(item.key(), encode(&item)?).when(Condition::item_absent());
        self.add_factor(passkey.user, put, codes, change).await
    }

    /// Removes a passkey of somebody who was `seen` with their second factors counted, with all recovery codes where
    /// `codes` is empty, and ends all other sign-ins.
    pub async fn remove_passkey(
        &self,
        seen: &StoredUser,
        passkey: PasskeyId,
        codes: Option<&[SecretHash]>,
        change: FactorChange<'_>,
    ) -> Result<FactorChanged> {
        let key = Key::passkey(seen.user.id, passkey);
        let delete = Write::delete(key).when(Condition::item_exists());
        self.remove_factor(seen, delete, codes, change).await
    }

    /// Calls a passkey something else. Whether it was there.
    pub async fn rename_passkey(
        &self,
        user: UserId,
        passkey: PasskeyId,
        name: &str,
        act: &UserAct,
    ) -> Result<bool> {
        let actions = vec![Action::Set("name", text(name))];
        let rename = Write::update(Key::passkey(user, passkey), actions);
        let writes = vec![
            rename.when(Condition::item_exists()),
            self.user_event_write(user, act)?,
        ];
        let transacted = self.table.transact(writes).await?;
        Ok(matches!(transacted, Transacted::Done))
    }

    /// Notes a use of a passkey. Whether it could be used.
    pub async fn use_passkey(&self, used: &PasskeyUse) -> Result<bool> {
        let written = self.table.write(used.write()?).await?;
        Ok(matches!(written, Written::Applied(_)))
    }
}
