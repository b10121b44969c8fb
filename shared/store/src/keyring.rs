//! The keys of the product itself: those that sign access tokens, the one that authenticates cursors, and the one under
//! which API keys are hashed.

use std::fmt;

use domain::{Error, Result};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::attribute::{base64_bytes, millis, number, value};
use crate::condition::{Action, Condition, Write};
use crate::item::{Item, decode, encode};
use crate::key::Key;
use crate::scope::SystemTable;
use crate::table::Written;

/// A P-256 key that signs access tokens.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SigningKey {
    /// Its thumbprint (RFC 7638).
    pub kid: String,
    /// The public point's first coordinate, base64url.
    pub x: String,
    /// The public point's second coordinate, base64url.
    pub y: String,
    /// The private key (PKCS #8), sealed.
    #[serde(with = "base64_bytes")]
    pub sealed: Vec<u8>,
    /// Since when it exists.
    #[serde(with = "millis")]
    pub created_at: Timestamp,
}

/// A key signs for this long.
const IN_USE: SignedDuration = SignedDuration::from_hours(30 * 24);
/// A key is published for this long before it signs: twice as long as anybody keeps what was published before.
const ANNOUNCED: SignedDuration = SignedDuration::from_mins(10);
/// So long after its successor was published a key is dropped: it signed for [`ANNOUNCED`] more, and its last tokens
/// work for five minutes and what clocks differ.
const DROPPED: SignedDuration = SignedDuration::from_mins(20);

/// All keys of the product.
#[derive(Clone, PartialEq, Eq)]
pub struct Keyring {
    /// The keys whose tokens are accepted, in the order in which they sign.
    pub signing: Vec<SigningKey>,
    /// Authenticates cursors. It is not sealed: whoever reads the table gains nothing by it, since a cursor only says
    /// where in the caller's own tenant a list goes on.
    pub cursor_key: Vec<u8>,
    /// API keys are hashed under it, so that a hash that gets out by itself, in an export or a log, matches nothing that
    /// somebody else could try. `None` until the first start of the version that has API keys.
    pub hash_key: Option<Vec<u8>>,
    /// Counts the changes.
    pub version: u64,
}

impl Keyring {
    /// The key that signs at a time: the newest that everybody has heard of.
    pub fn signer_at(&self, now: Timestamp) -> Option<&SigningKey> {
        let mut newest_first = self.signing.iter().rev();
        newest_first
            .find(|key| now.duration_since(key.created_at) >= ANNOUNCED)
            .or_else(|| self.signing.first())
    }

    /// Whether it is time for a new key.
    pub fn needs_key_at(&self, now: Timestamp) -> bool {
        let newest = self.signing.last();
        newest.is_none_or(|key| now.duration_since(key.created_at) >= IN_USE)
    }

    /// The keys without those whose tokens have all ended.
    pub fn wanted_at(&self, now: Timestamp) -> Vec<SigningKey> {
        let is_over = |successor: &SigningKey| now.duration_since(successor.created_at) >= DROPPED;
        let kept_from = self.signing.iter().rposition(is_over).unwrap_or_default();
        self.signing.iter().skip(kept_from).cloned().collect()
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SigningKey({})", self.kid)
    }
}

impl fmt::Debug for Keyring {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Keyring({:?})", self.signing)
    }
}

#[derive(Serialize, Deserialize)]
struct KeyringItem {
    signing: Vec<SigningKey>,
    #[serde(with = "base64_bytes")]
    cursor: Vec<u8>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    hash: Option<Base64Bytes>,
    /// Absent before the first rotation.
    #[serde(default)]
    ver: u64,
}

#[derive(Serialize, Deserialize)]
#[serde(transparent)]
struct Base64Bytes(#[serde(with = "base64_bytes")] Vec<u8>);

impl Item for KeyringItem {
    const TYPE: &'static str = "keyring";

    fn key(&self) -> Key {
        Key::keyring()
    }
}

impl From<KeyringItem> for Keyring {
    fn from(item: KeyringItem) -> Self {
        Self {
            signing: item.signing,
            cursor_key: item.cursor,
            hash_key: item.hash.map(|Base64Bytes(key)| key),
            version: item.ver,
        }
    }
}

impl From<Keyring> for KeyringItem {
    fn from(keyring: Keyring) -> Self {
        Self {
            signing: keyring.signing,
            cursor: keyring.cursor_key,
            hash: keyring.hash_key.map(Base64Bytes),
            ver: keyring.version,
        }
    }
}

impl SystemTable<'_> {
    /// The keys; `None` before the first start of a deployment.
    pub async fn keyring(&self) -> Result<Option<Keyring>> {
        let item: Option<KeyringItem> = self.table.get(&Key::keyring()).await?;
        Ok(item.map(Keyring::from))
    }

    /// Puts other signing keys in the place of those that were seen. Whether they were still those.
    pub async fn replace_signing_keys(
        &self,
        seen: &Keyring,
        signing: Vec<SigningKey>,
    ) -> Result<bool> {
        let as_seen = Condition::Equals("ver", number(seen.version));
        let is_first = Condition::Absent("ver");
        let condition = match seen.version {
            0 => Condition::Any(vec![as_seen, is_first]),
            _ => as_seen,
        };
        let actions = vec![
            Action::Set("signing", value(&signing)?),
            Action::Set("ver", number(seen.version.saturating_add(1))),
        ];
        let write = Write::update(Key::keyring(), actions).when(condition);
        Ok(matches!(
            self.table.write(write).await?,
            Written::Applied(_)
        ))
    }

    /// Stores the keys unless there are some; answers with those that are stored afterwards.
    pub async fn create_keyring(&self, keyring: Keyring) -> Result<Keyring> {
        let item = KeyringItem::from(keyring);
        let write = Write::put(item.key(), encode(&item)?).when(Condition::item_absent());
        match self.table.write(write).await? {
            Written::Applied(_) => Ok(item.into()),
            Written::Refused(Some(theirs)) => decode::<KeyringItem>(theirs).map(Keyring::from),
            Written::Refused(None) => Err(Error::internal(
                "the keys are neither there nor absent",
                "the refusal had no item",
            )),
        }
    }

    /// Stores the keys of an earlier version with a key for hashes, unless they have one by now.
    pub async fn add_hash_key(&self, keyring: Keyring) -> Result<()> {
        let item = KeyringItem::from(keyring);
        let none_yet = Condition::All(vec![Condition::item_exists(), Condition::Absent("hash")]);
        let write = Write::put(item.key(), encode(&item)?).when(none_yet);
        // A twin of this start was faster.
        let (Written::Applied(_) | Written::Refused(_)) = self.table.write(write).await?;
        Ok(())
    }
}
