//! The forms in which a secret may get out.

use std::collections::BTreeSet;

use base64::Engine as _;
use base64::alphabet::{Alphabet, STANDARD, URL_SAFE};
use base64::engine::{GeneralPurpose, general_purpose::NO_PAD};

/// Shorter texts are found by chance.
const SHORTEST: usize = 10;

/// Texts of which at least one is in every text that holds the secret: as it is, escaped, in hex, and in base64 wherever
/// in the encoded bytes it begins.
pub(crate) fn forms(secret: &[u8]) -> BTreeSet<String> {
    let mut forms = BTreeSet::new();
    if let Ok(text) = str::from_utf8(secret) {
        forms.insert(text.to_owned());
        forms.insert(escaped(text));
        forms.insert(percent_encoded(text));
    }
    let hex = hex::encode(secret);
    forms.insert(hex.to_uppercase());
    forms.insert(hex);
    for alphabet in [STANDARD, URL_SAFE] {
        forms.extend((0..3).map(|offset| in_base64(&alphabet, secret, offset)));
    }
    for form in &forms {
        assert!(form.len() >= SHORTEST, "too short to be told from chance");
    }
    forms
}

/// The characters that bytes in front of the secret and behind it do not change.
fn in_base64(alphabet: &Alphabet, secret: &[u8], offset: usize) -> String {
    let engine = GeneralPurpose::new(alphabet, NO_PAD);
    let bytes = [vec![0; offset].as_slice(), secret].concat();
    let text = engine.encode(&bytes);
    let begin = (offset * 8).div_ceil(6);
    let end = bytes.len() * 8 / 6;
    text[begin..end].to_owned()
}

fn escaped(text: &str) -> String {
    let quoted = serde_json::to_string(text).unwrap();
    quoted[1..quoted.len() - 1].to_owned()
}

fn percent_encoded(text: &str) -> String {
    let encode = |byte: u8| match byte {
        b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
            char::from(byte).to_string()
        }
        _ => format!("%{byte:02X}"),
    };
    text.bytes().map(encode).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "correct \"horse\" battery";

    #[track_caller]
    fn is_found(text: &str) {
        let found = forms(SECRET.as_bytes());
        assert!(found.iter().any(|form| text.contains(form)), "{text}");
    }

    #[test]
    fn secret_is_found_in_every_encoding_at_every_offset() {
        for before in 0..6 {
            let bytes = format!("{}{SECRET}{}", "<".repeat(before), ">".repeat(before));
            is_found(&bytes);
            is_found(&serde_json::to_string(&bytes).unwrap());
            is_found(&hex::encode(&bytes));
            for alphabet in [STANDARD, URL_SAFE] {
                is_found(&GeneralPurpose::new(&alphabet, NO_PAD).encode(&bytes));
            }
        }
        is_found("?token=correct%20%22horse%22%20battery&x");
    }

    #[test]
    fn other_texts_are_not_found() {
        let found = forms(SECRET.as_bytes());
        let other = "correct 'horse' battery, Y29ycmVjdCAnaG9yc2UnIGJhdHRlcnk";

        assert!(found.iter().all(|form| !other.contains(form)));
    }
}
