//! Texts that say the same again and again.

use std::iter::zip;

/// What a text repeats, at least twice and perhaps not to its end the last time; a text that repeats nothing is its own.
pub(super) fn unit(text: &str) -> &str {
    let bytes = text.as_bytes();
    let is_repeated =
        |length: &usize| zip(bytes.iter().skip(*length), bytes).all(|(one, other)| one == other);
    // Where a text begins anew, a character does.
    (1..=bytes.len() / 2)
        .find(is_repeated)
        .and_then(|length| text.get(..length))
        .unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unit_of_a_repetition_is_what_is_repeated() {
        for (text, expected) in [
            ("", ""),
            ("a", "a"),
            ("aa", "a"),
            ("aaaaa", "a"),
            ("abab", "ab"),
            ("ababa", "ab"),
            ("aba", "aba"),
            ("aabaab", "aab"),
            ("abcdef", "abcdef"),
            ("letmein letmein letmein", "letmein "),
            ("üüü", "ü"),
            ("🔑🗝🔑🗝🔑", "🔑🗝"),
            // Both begin with the same three bytes of four.
            ("🔑🔒", "🔑🔒"),
        ] {
            assert_eq!(unit(text), expected, "{text:?}");
        }
    }
}
