//! The wrapped keys of tenants, and how they are found: the seam between the envelope and the table, neither of which
//! knows the other. And when one key takes the place of another.

use std::fmt::Debug;
use std::future::Future;
use std::pin::Pin;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::delivery::UnreadableMessage;
use crate::error::Result;
use crate::id::TenantId;
use crate::message;
use crate::wrapping_key::WrappingKey;

/// A key seals for a year; then another takes its place.
const IN_USE: SignedDuration = SignedDuration::from_hours(365 * 24);
/// How long an instance uses an opened key without asking for it again: a disabled one stops working within this time.
pub const OPENED_KEY_LIFETIME: SignedDuration = SignedDuration::from_mins(5);
/// How long a network's consent page waits for its person. What is sealed for it is never sealed anew, so the key that
/// sealed it must outlive it.
pub const CONSENT_LIFETIME: SignedDuration = SignedDuration::from_mins(10);
/// Longer than any work that is under way, and than clocks differ.
const UNDER_WAY: SignedDuration = SignedDuration::from_mins(1);
/// From one look at keys of which one takes another's place to the next: whatever is sealed under the older one until
/// then, and whatever somebody has just read, is old by then.
pub const LOOKS_APART: SignedDuration = OPENED_KEY_LIFETIME.saturating_add(UNDER_WAY);
/// So long after another key was made something may still have to be opened by the one before: of whoever opened that
/// one last, a consent page from the end of that time, at its own end.
const KEY_OVERLAP: SignedDuration = LOOKS_APART.saturating_add(CONSENT_LIFETIME);

/// A tenant's key as it is stored: only the key service can open it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WrappedTenantKey {
    /// Counts from 1; each rotation is one higher. Every sealed record names the version it was sealed under.
    pub version: u32,
    /// The ciphertext that the key service made.
    pub wrapped: Vec<u8>,
    /// When.
    pub made_at: Timestamp,
    /// Under which key: the one that opens it.
    pub wrapped_by: WrappingKey,
}

impl WrappedTenantKey {
    /// When another key is to take its place.
    pub fn rotation_due(&self) -> Timestamp {
        self.made_at
            .saturating_add(IN_USE)
            .unwrap_or(Timestamp::MAX)
    }

    /// From when on nobody works with the key before it any more, and nothing waits that only that one opens.
    pub fn settled_from(&self) -> Timestamp {
        self.made_at
            .saturating_add(KEY_OVERLAP)
            .unwrap_or(Timestamp::MAX)
    }
}

/// A message of the publishing queue: somebody is to look after the keys of a tenant. Only a hint, as every message is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum KeyMessage {
    /// The tenant's key is to be rotated, or what it sealed is still to be sealed anew.
    RotateKey {
        /// Whose.
        tenant: TenantId,
    },
}

impl KeyMessage {
    /// The text for the queue.
    pub fn to_text(self) -> String {
        message::to_text(self)
    }

    /// The message in a text of the queue.
    pub fn from_text(text: &str) -> std::result::Result<Self, UnreadableMessage> {
        message::from_text(text)
    }
}

/// What a [`TenantKeySource`] answers with.
pub type KeyFuture<'a, T> = Pin<Box<dyn Future<Output = Result<T>> + Send + 'a>>;

/// Stores the wrapped keys of tenants.
pub trait TenantKeySource: Debug + Send + Sync {
    /// The tenant's key with the highest version; `None` before its first secret and after it was shredded.
    fn current(&self, tenant: TenantId) -> KeyFuture<'_, Option<WrappedTenantKey>>;

    /// The tenant's key of one version, read consistently.
    fn version(&self, tenant: TenantId, version: u32) -> KeyFuture<'_, Option<WrappedTenantKey>>;

    /// Stores `key` unless the tenant has one of that version, atomically; answers with the key that is stored
    /// afterwards, which is another's if somebody else was first. Fails with [`crate::Error::Unavailable`] where another
    /// wrapping key was named for the tenant meanwhile.
    fn create(&self, tenant: TenantId, key: WrappedTenantKey) -> KeyFuture<'_, WrappedTenantKey>;

    /// What wraps the tenant's next key.
    fn wrapping_key(&self, tenant: TenantId) -> KeyFuture<'_, WrappingKey>;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn key_message_is_read_as_it_was_written_by_this_version_and_its_neighbours() {
        let tenant = "ten_00000000000000000000000001".parse().unwrap();
        let message = KeyMessage::RotateKey { tenant };
        let text = message.to_text();
        assert_eq!(
            text,
            r#"{"v":1,"kind":"rotate_key","tenant":"ten_00000000000000000000000001"}"#
        );

        assert_eq!(KeyMessage::from_text(&text).unwrap(), message);
        let next = text.replace(r#""v":1"#, r#""v":2,"more":true"#);
        assert_eq!(KeyMessage::from_text(&next).unwrap(), message);
        let later = text.replace(r#""v":1"#, r#""v":3"#);
        assert!(matches!(
            KeyMessage::from_text(&later),
            Err(UnreadableMessage::Version(3))
        ));
    }
}
