//! The keys of the product itself: those that sign access tokens, the one that authenticates cursors, and the one under
//! which API keys are hashed.

use std::fmt;

use domain::event::{EventKind, Subject};
use domain::tenant::ROOT_TENANT;
use domain::{Error, Result};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::attribute::{base64_bytes, millis, number, value};
use crate::condition::{Action, Condition, Write};
use crate::events::Act;
use crate::item::{Item, decode, encode};
use crate::key::Key;
use crate::scope::SystemTable;
use crate::table::Written;
use crate::transaction::Transacted;

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
/// Tries to retire keys while rotations get in between, which are rare.
const TRIES: usize = 5;

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

/// What became of the keys that sign access tokens, by their thumbprints.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RetiredSigningKeys {
    /// They sign nothing any more, and no token of theirs is accepted.
    pub retired: Vec<String>,
    /// They were made later, and go on. Where there is none, whoever signs next makes one.
    pub kept: Vec<String>,
}

impl Keyring {
    /// The key that signs at a time: the newest that everybody has heard of. `None` once all were retired.
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
        let write = replacement(seen, &signing)?;
        Ok(matches!(
            self.table.write(write).await?,
            Written::Applied(_)
        ))
    }

    /// Takes the signing keys away that were made before a time, because somebody else may have them: nobody signs with
    /// them who reads the keys after this, and nobody accepts their tokens. An event of the platform's tenant says so.
    /// May be repeated: keys that were made since stay.
    pub async fn retire_signing_keys(
        &self,
        made_before: Timestamp,
        act: &Act,
    ) -> Result<RetiredSigningKeys> {
        for _ in 0..TRIES {
            let Some(keyring) = self.keyring().await? else {
                return Err(Error::NotFound {
                    kind: "signing key",
                });
            };
            let (retired, kept): (Vec<_>, Vec<_>) = keyring
                .signing
                .iter()
                .cloned()
                .partition(|key| key.created_at < made_before);
            let outcome = RetiredSigningKeys {
                retired: thumbprints(&retired),
                kept: thumbprints(&kept),
            };
            if retired.is_empty() {
                return Ok(outcome);
            }
            let detail = json!({ "made_before": made_before, "key_ids": outcome.retired });
            let subject = Subject::Tenant(ROOT_TENANT);
            let platform = self.platform();
            let event = platform.event_write(act, EventKind::SigningKeyRetired, subject, detail)?;
            let writes = vec![replacement(&keyring, &kept)?, event];
            if matches!(self.table.transact(writes).await?, Transacted::Done) {
                return Ok(outcome);
            }
        }
        Err(Error::StaleVersion)
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

/// The write that puts other signing keys in the place of those that were seen.
fn replacement(seen: &Keyring, signing: &[SigningKey]) -> Result<Write> {
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
    Ok(Write::update(Key::keyring(), actions).when(condition))
}

fn thumbprints(keys: &[SigningKey]) -> Vec<String> {
    keys.iter().map(|key| key.kid.clone()).collect()
}
