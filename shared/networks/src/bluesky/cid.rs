//! Content hashes of records: what a server computes when it stores one (atproto.com/specs/data-model). With them the
//! posts of a thread can name each other before any of them exists, so that one write makes them all.

use std::cmp::Ordering;

use aws_lc_rs::digest;
use serde_json::{Map, Value};

/// The only member of an object that stands for a link to bytes.
const LINK: &str = "$link";
const ALPHABET: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";
/// The prefix of base32 in lower case (multibase).
const BASE32: char = 'b';
/// CID version 1, codec DAG-CBOR, SHA-256 of 32 bytes.
const RECORD_PREFIX: [u8; 4] = [0x01, 0x71, 0x12, 0x20];

/// The hash of a record; `None` where it holds what no record may: a fraction, or a link that is none.
pub(crate) fn of_record(record: &Value) -> Option<String> {
    let mut bytes = Vec::new();
    encode(record, &mut bytes)?;
    let hash = digest::digest(&digest::SHA256, &bytes);
    Some(base32(&[&RECORD_PREFIX, hash.as_ref()].concat()))
}

/// DAG-CBOR: one spelling for each value.
fn encode(value: &Value, out: &mut Vec<u8>) -> Option<()> {
    match value {
        Value::Null => out.push(0xf6),
        Value::Bool(false) => out.push(0xf4),
        Value::Bool(true) => out.push(0xf5),
        Value::Number(number) => match (number.as_u64(), number.as_i64()) {
            (Some(number), _) => head(0, number, out),
            (None, Some(number)) => head(1, number.unsigned_abs().checked_sub(1)?, out),
            (None, None) => return None,
        },
        Value::String(text) => string(text, out),
        Value::Array(items) => {
            head(4, length(items.len()), out);
            for item in items {
                encode(item, out)?;
            }
        }
        Value::Object(members) => match members.get(LINK) {
            Some(cid) if members.len() == 1 => link(cid.as_str()?, out)?,
            Some(_) => return None,
            None => object(members, out)?,
        },
    }
    Some(())
}

/// Tag 42, and a byte string that begins with zero.
fn link(cid: &str, out: &mut Vec<u8>) -> Option<()> {
    let cid = un_base32(cid)?;
    head(6, 42, out);
    head(2, length(cid.len() + 1), out);
    out.push(0);
    out.extend(cid);
    Some(())
}

fn object(members: &Map<String, Value>, out: &mut Vec<u8>) -> Option<()> {
    let mut members: Vec<_> = members.iter().collect();
    members.sort_by(|(one, _), (other, _)| shorter_first(one, other));
    head(5, length(members.len()), out);
    for (name, value) in members {
        string(name, out);
        encode(value, out)?;
    }
    Some(())
}

fn shorter_first(one: &str, other: &str) -> Ordering {
    (one.len(), one).cmp(&(other.len(), other))
}

fn string(text: &str, out: &mut Vec<u8>) {
    head(3, length(text.len()), out);
    out.extend(text.as_bytes());
}

/// A major type with its argument, as short as it goes.
fn head(major: u8, argument: u64, out: &mut Vec<u8>) {
    let major = major << 5;
    let bytes = argument.to_be_bytes();
    let (form, width) = match argument {
        0..=23 => {
            let [.., low] = bytes;
            out.push(major | low);
            return;
        }
        24..=0xff => (24, 1),
        0x100..=0xffff => (25, 2),
        0x1_0000..=0xffff_ffff => (26, 4),
        _ => (27, 8),
    };
    out.push(major | form);
    out.extend(bytes.iter().skip(bytes.len() - width));
}

fn length(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}

fn base32(bytes: &[u8]) -> String {
    let mut text = String::from(BASE32);
    for chunk in bytes.chunks(5) {
        let bits = chunk
            .iter()
            .fold(0_u64, |bits, byte| bits << 8 | u64::from(*byte));
        let bits = bits << (8 * (5 - chunk.len()));
        let digits = (chunk.len() * 8).div_ceil(5);
        text.extend((0..digits).map(|place| {
            let digit = usize::try_from(bits >> (35 - 5 * place) & 0x1f).unwrap_or(0);
            char::from(ALPHABET.get(digit).copied().unwrap_or(b'a'))
        }));
    }
    text
}

fn un_base32(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    let (mut bits, mut count) = (0_u32, 0);
    for symbol in text.strip_prefix(BASE32)?.bytes() {
        let digit = ALPHABET.iter().position(|known| *known == symbol)?;
        bits = bits << 5 | u32::try_from(digit).ok()?;
        count += 5;
        if count >= 8 {
            count -= 8;
            bytes.push(u8::try_from(bits >> count & 0xff).ok()?);
            bits &= (1 << count) - 1;
        }
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn encoded(value: &Value) -> Option<String> {
        let mut bytes = Vec::new();
        encode(value, &mut bytes)?;
        Some(hex::encode(bytes))
    }

    #[test]
    fn value_has_one_spelling() {
        for (value, hex) in [
            (json!(null), "f6"),
            (json!([true, false]), "82f5f4"),
            (json!(23), "17"),
            (json!(24), "1818"),
            (json!(256), "190100"),
            (json!(65_536), "1a00010000"),
            (json!(4_294_967_296_u64), "1b0000000100000000"),
            (json!(-1), "20"),
            (json!(-500), "3901f3"),
            (json!("ü"), "62c3bc"),
            // Shorter names first, whatever the alphabet says.
            (json!({"aa": 1, "b": 2, "a": 3}), "a361610361620262616101"),
            // Tag 42 and a byte string that begins with zero: `aebagba` is 01 02 03 04.
            (json!({"$link": "baebagba"}), "d82a450001020304"),
        ] {
            assert_eq!(encoded(&value).as_deref(), Some(hex), "{value}");
        }
    }

    #[test]
    fn value_that_no_record_may_hold_has_no_hash() {
        for value in [
            json!(1.5),
            json!({"$link": 1}),
            json!({"$link": "Qm0"}),
            json!({"$link": "bafy", "more": 1}),
        ] {
            assert_eq!(of_record(&value), None, "{value}");
        }
    }

    /// The published hash of the empty object.
    #[test]
    fn record_has_the_hash_that_everybody_computes() {
        assert_eq!(
            of_record(&json!({})).as_deref(),
            Some("bafyreigbtj4x7ip5legnfznufuopl4sg4knzc2cof6duas4b3q2fy6swua")
        );
    }

    proptest! {
        #[test]
        fn base32_of_any_bytes_can_be_read_back(bytes: Vec<u8>) {
            prop_assert_eq!(un_base32(&base32(&bytes)), Some(bytes));
        }
    }
}
