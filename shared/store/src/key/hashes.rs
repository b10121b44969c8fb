//! Hashes that stand in keys: of secrets, of texts that people wrote, of what an id is derived from.

use std::fmt::Write as _;

use aws_lc_rs::{constant_time, digest, hmac};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// The hash of a secret: what is stored instead of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SecretHash(pub(super) String);

impl SecretHash {
    /// SHA-256 of the secret. Enough for secrets of 128 random bits and more, which nobody can guess.
    pub fn of(secret: &str) -> Self {
        Self(hash(&[secret]))
    }

    /// HMAC-SHA-256 of the secret and what else is to be bound to it, under a key of the product.
    pub fn keyed(key: &[u8], parts: &[&str]) -> Self {
        let mut context = hmac::Context::with_key(&hmac::Key::new(hmac::HMAC_SHA256, key));
        for part in parts {
            context.update(&length(part));
            context.update(part.as_bytes());
        }
        Self(hexadecimal(context.sign().as_ref()))
    }

    /// Whether both are the same, in a time that does not tell where they differ.
    pub(crate) fn is(&self, other: &Self) -> bool {
        constant_time::verify_slices_are_equal(self.0.as_bytes(), other.0.as_bytes()).is_ok()
    }

    /// Its first 128 bits: enough to tell it from others.
    pub fn beginning(&self) -> &str {
        self.0.get(..32).unwrap_or(&self.0)
    }
}

/// An id that is derived from these parts.
pub(crate) fn uuid_of(parts: &[&str]) -> Uuid {
    let text = hash(parts);
    Uuid::from_u128(
        text.get(..32)
            .and_then(|half| u128::from_str_radix(half, 16).ok())
            .unwrap_or_default(),
    )
}

/// SHA-256 over the parts with their lengths, hexadecimal: no two lists of parts give the same bytes.
pub(crate) fn hash(parts: &[&str]) -> String {
    let mut context = digest::Context::new(&digest::SHA256);
    for part in parts {
        context.update(&length(part));
        context.update(part.as_bytes());
    }
    hexadecimal(context.finish().as_ref())
}

/// SHA-256 of bytes, hexadecimal.
pub(crate) fn hash_of_bytes(bytes: &[u8]) -> String {
    hexadecimal(digest::digest(&digest::SHA256, bytes).as_ref())
}

fn length(part: &str) -> [u8; 8] {
    u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes()
}

fn hexadecimal(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(2 * bytes.len());
    for byte in bytes {
        // Writing into a text cannot fail.
        let _ = write!(text, "{byte:02x}");
    }
    text
}
