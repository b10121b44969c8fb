//! The chain: `h(n) = SHA-256(h(n-1) ‖ canonical JSON of event n)`, with `h(0)` of 32 zero bytes.

use std::fmt;
use std::str::FromStr;

use aws_lc_rs::digest;
use domain::event::{Actor, Owner, Subject};
use domain::user::Origin;
use domain::{Error, EventId, OperationId, Result};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::events::EventItem;

/// Version of the form of an event in the chain.
const VERSION: u32 = 1;

/// A link of a chain.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ChainHash([u8; digest::SHA256_OUTPUT_LEN]);

/// The text is not a hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a hash has 64 hexadecimal digits in lower case")]
pub struct InvalidHash;

/// An event as the chain seals it. Its canonical form is what is hashed, so a member is never added, renamed or left
/// out without another [`v`](Self::v).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AuditEvent {
    /// Version of this form.
    pub v: u32,
    /// Its place in the chain, from 1.
    pub seq: u64,
    /// Its id.
    pub id: EventId,
    /// Whose chain it is in.
    pub owner: Owner,
    /// When it happened.
    pub at: Timestamp,
    /// What happened: `post.scheduled`, …
    pub kind: String,
    /// Who did it.
    pub actor: Actor,
    /// What it is about.
    pub subject: Subject,
    /// From where, where that is remembered.
    pub origin: Option<Origin>,
    /// What is worth knowing.
    pub detail: Value,
    /// The conditional write that it belongs to.
    pub operation: OperationId,
}

/// A sealed event with its link.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AuditRecord {
    /// What happened.
    pub event: AuditEvent,
    /// The link before it.
    pub prev: ChainHash,
    /// Its own link.
    pub hash: ChainHash,
}

impl ChainHash {
    /// The link before the first event.
    pub const GENESIS: Self = Self([0; digest::SHA256_OUTPUT_LEN]);

    /// The link of an event in its canonical form that follows this one.
    #[must_use]
    pub fn followed_by(self, canonical_event: &str) -> Self {
        let mut context = digest::Context::new(&digest::SHA256);
        context.update(&self.0);
        context.update(canonical_event.as_bytes());
        Self::of_digest(&context.finish())
    }

    pub(super) fn of_digest(digest: &digest::Digest) -> Self {
        let mut bytes = [0; digest::SHA256_OUTPUT_LEN];
        for (byte, digested) in bytes.iter_mut().zip(digest.as_ref()) {
            *byte = *digested;
        }
        Self(bytes)
    }

    pub(super) fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Display for ChainHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for ChainHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for ChainHash {
    type Err = InvalidHash;

    fn from_str(text: &str) -> std::result::Result<Self, InvalidHash> {
        let is_hash = text.len() == 2 * digest::SHA256_OUTPUT_LEN
            && text
                .bytes()
                .all(|digit| matches!(digit, b'0'..=b'9' | b'a'..=b'f'));
        if !is_hash {
            return Err(InvalidHash);
        }
        let mut bytes = [0; digest::SHA256_OUTPUT_LEN];
        for (byte, start) in bytes.iter_mut().zip((0..text.len()).step_by(2)) {
            let digits = text
                .get(start..start.saturating_add(2))
                .ok_or(InvalidHash)?;
            *byte = u8::from_str_radix(digits, 16).map_err(|_| InvalidHash)?;
        }
        Ok(Self(bytes))
    }
}

impl TryFrom<String> for ChainHash {
    type Error = InvalidHash;

    fn try_from(text: String) -> std::result::Result<Self, InvalidHash> {
        text.parse()
    }
}

impl From<ChainHash> for String {
    fn from(hash: ChainHash) -> Self {
        hash.to_string()
    }
}

impl AuditEvent {
    /// The event as place `seq` of its owner's chain.
    pub(crate) fn new(item: &EventItem, seq: u64) -> Self {
        Self {
            v: VERSION,
            seq,
            id: item.id,
            owner: item.owner(),
            at: item.at,
            kind: item.kind.clone(),
            actor: item.actor.clone(),
            subject: item.subject,
            origin: item.origin.clone(),
            detail: item.detail.clone(),
            operation: item.operation,
        }
    }

    /// What is hashed.
    pub fn canonical(&self) -> Result<String> {
        let value = serde_json::to_value(self)
            .map_err(|error| Error::internal("an event cannot be written", error))?;
        Ok(canonical_json(&value))
    }
}

/// JSON in the canonical form of RFC 8785: members sorted by the UTF-16 units of their names, no white space, the
/// shortest escapes. Numbers of ours are whole and below 2^53, which that form writes as they are; a fraction would be
/// written as `serde_json` does, which is as unique but not always what JavaScript writes.
pub fn canonical_json(value: &Value) -> String {
    let mut text = String::new();
    write_canonical(value, &mut text);
    text
}

fn write_canonical(value: &Value, text: &mut String) {
    match value {
        Value::Array(items) => {
            text.push('[');
            for (place, item) in items.iter().enumerate() {
                if place > 0 {
                    text.push(',');
                }
                write_canonical(item, text);
            }
            text.push(']');
        }
        Value::Object(members) => {
            let mut members: Vec<_> = members.iter().collect();
            members.sort_by(|(left, _), (right, _)| left.encode_utf16().cmp(right.encode_utf16()));
            text.push('{');
            for (place, (name, member)) in members.into_iter().enumerate() {
                if place > 0 {
                    text.push(',');
                }
                write_canonical(&Value::from(name.as_str()), text);
                text.push(':');
                write_canonical(member, text);
            }
            text.push('}');
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {
            text.push_str(&value.to_string());
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// The sorting example of RFC 8785, 3.2.3, and its escapes, 3.2.2.2.
    #[test]
    fn canonical_json_has_the_form_of_rfc_8785() {
        let value = json!({
            "\u{20ac}": "Euro Sign", "\r": "Carriage Return", "\u{fb33}": "Hebrew Letter Dalet With Dagesh",
            "1": "One", "\u{1f600}": "Emoji: Grinning Face", "\u{80}": "Control", "\u{f6}": "Latin Small Letter O With Diaeresis",
        });
        assert_eq!(
            canonical_json(&value),
            "{\"\\r\":\"Carriage Return\",\"1\":\"One\",\"\u{80}\":\"Control\",\"\u{f6}\":\"Latin Small Letter O With Diaeresis\",\"\u{20ac}\":\"Euro Sign\",\"\u{1f600}\":\"Emoji: Grinning Face\",\"\u{fb33}\":\"Hebrew Letter Dalet With Dagesh\"}"
        );
        let text = json!("\u{20ac}$\u{f}\nA'B\"\\\\\"/");
        assert_eq!(
            canonical_json(&text),
            "\"\u{20ac}$\\u000f\\nA'B\\\"\\\\\\\\\\\"/\""
        );
        let nested =
            json!({ "b": [1, null, true, { "d": -5, "c": 9_007_199_254_740_991_i64 }], "a": [] });
        assert_eq!(
            canonical_json(&nested),
            r#"{"a":[],"b":[1,null,true,{"c":9007199254740991,"d":-5}]}"#
        );
    }

    /// Computed with Python: hashlib.sha256(bytes(32) + b'{"a":1}').
    #[test]
    fn link_of_an_event_is_the_hash_of_the_link_before_and_its_canonical_form() {
        let first = ChainHash::GENESIS.followed_by(r#"{"a":1}"#);

        assert_eq!(first.to_string(), FIRST);
        assert_eq!(FIRST.parse(), Ok(first));
        assert_ne!(first.followed_by(r#"{"a":1}"#), first);
    }

    const FIRST: &str = "b06a229070741292512e8760f470dd7a4c46ccfdf253df781d88dabe58c1ccb1";

    #[test]
    fn hash_in_another_form_is_refused() {
        for text in ["", "00", &"0".repeat(63), &"A".repeat(64), &"g".repeat(64)] {
            assert_eq!(text.parse::<ChainHash>(), Err(InvalidHash), "{text}");
        }
    }
}
