//! Challenges that passkeys sign. Each is good for one try, for one purpose, within minutes; browsers get the challenge,
//! everything else about it stays here, under its hash.

use domain::Result;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::attribute::{instant, millis, text, value};
use crate::condition::{Condition, Write};
use crate::item::{Item, encode};
use crate::key::{Key, SecretHash};
use crate::scope::SystemTable;
use crate::table::Written;

/// What a challenge is signed for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CeremonyPurpose {
    /// To add a passkey.
    AddPasskey,
    /// To sign in.
    SignIn,
    /// To prove again who one is.
    Reauthenticate,
}

/// A challenge that was sent to a browser.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ceremony {
    /// The hash of the challenge.
    pub challenge: SecretHash,
    /// What it is signed for.
    pub purpose: CeremonyPurpose,
    /// The name of the sign-in that asked for it, which alone can use it; nobody's before a sign-in.
    pub sign_in: Option<String>,
    /// Until when it works.
    pub expires_at: Timestamp,
}

#[derive(Debug, Serialize, Deserialize)]
struct CeremonyItem {
    #[serde(skip)]
    key: Key,
    purpose: CeremonyPurpose,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    by: Option<String>,
    #[serde(with = "millis")]
    until: Timestamp,
    exp: i64,
}

impl Item for CeremonyItem {
    const TYPE: &'static str = "ceremony";

    fn key(&self) -> Key {
        self.key.clone()
    }
}

impl SystemTable<'_> {
    /// Remembers a challenge.
    pub async fn begin_ceremony(&self, ceremony: &Ceremony) -> Result<()> {
        let item = CeremonyItem {
            key: Key::ceremony(&ceremony.challenge),
            purpose: ceremony.purpose,
            by: ceremony.sign_in.clone(),
            until: ceremony.expires_at,
            exp: ceremony.expires_at.as_second(),
        };
        self.table
            .write(Write::put(item.key(), encode(&item)?))
            .await?;
        Ok(())
    }

    /// Forgets a challenge that somebody comes back with, whatever becomes of them. Whether it was one of this purpose
    /// and this sign-in, not too old and not used before.
    pub async fn end_ceremony(
        &self,
        challenge: &SecretHash,
        purpose: CeremonyPurpose,
        sign_in: Option<&str>,
        now: Timestamp,
    ) -> Result<bool> {
        let is_theirs = match sign_in {
            Some(name) => Condition::Equals("by", text(name)),
            None => Condition::Absent("by"),
        };
        let is_good = Condition::All(vec![
            Condition::Equals("purpose", value(&purpose)?),
            is_theirs,
            Condition::Above("until", instant(now)),
        ]);
        let write = Write::delete(Key::ceremony(challenge)).when(is_good);
        Ok(matches!(
            self.table.write(write).await?,
            Written::Applied(_)
        ))
    }
}
