//! Stolen passwords, and what people make of them when one has to be longer.

use aws_lc_rs::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};

use super::common::{REMAINDER_MIN, hard_to_guess};
use super::repetition::unit;

/// How many the list has.
const ENTRIES: usize = 100_000;
/// How many bytes of each hash.
const PREFIX: usize = 4;
/// The first bytes of a SHA-1.
pub(super) type Prefix = [u8; PREFIX];
/// The first bytes of the SHA-1 of each, sorted, as the ranges of Pwned Passwords are asked for; made by the script beside
/// it. So no password is in here, a look costs no more than one hash, and one in 43,000 others is taken for one of them.
static PREFIXES: &[u8; ENTRIES * PREFIX] = include_bytes!("../../stolen_passwords/prefixes.bin");

/// Whether a text is on the list, or made of what is: one entry again and again, with signs around it or a few digits and
/// signs behind it; or two entries in a row. From three words on it is a passphrase, and each word may be on the list.
/// Nobody's capitals matter: a text in lower case finds more.
pub(super) fn is_stolen(text: &str) -> bool {
    let whole = bare(unit(bare(text)));
    let stem = bare(unit(bare(without_tail(text))));
    [text, whole, stem].into_iter().any(is_listed) || is_two_listed(whole)
}

fn is_two_listed(text: &str) -> bool {
    text.char_indices().skip(1).any(|(at, _)| {
        text.split_at_checked(at)
            .is_some_and(|(first, second)| is_listed(bare(first)) && is_listed(bare(second)))
    })
}

fn is_listed(text: &str) -> bool {
    has(prefix_of(text))
}

/// Whether the list has something whose hash begins so.
pub(super) fn has(prefix: Prefix) -> bool {
    let (prefixes, _) = PREFIXES.as_chunks::<PREFIX>();
    prefixes.binary_search(&prefix).is_ok()
}

/// How the hash of a text begins.
pub(super) fn prefix_of(text: &str) -> Prefix {
    let hash = digest(&SHA1_FOR_LEGACY_USE_ONLY, text.as_bytes());
    // A SHA-1 has twenty bytes.
    hash.as_ref().first_chunk().copied().unwrap_or_default()
}

/// A text without the signs and spaces around it.
pub(super) fn bare(text: &str) -> &str {
    text.trim_matches(|character: char| !character.is_alphanumeric())
}

/// A text without the digits and signs at its end, if they are few enough to be guessed.
fn without_tail(text: &str) -> &str {
    let stem = text.trim_end_matches(|character: char| !character.is_alphabetic());
    let tail = text.get(stem.len()..).unwrap_or_default();
    if hard_to_guess(tail) < REMAINDER_MIN {
        stem
    } else {
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Words that are on the list, each of them.
    const WORDS: &str = "elephant battery staple correct horse window silver river garden candle \
        mountain pencil rocket forest summer winter yellow orange guitar piano \
        doctor teacher planet galaxy turtle rabbit tiger monkey dragon castle \
        bridge market coffee butter cheese pepper thunder lightning diamond crystal";

    #[test]
    fn id_04_list_of_stolen_passwords_is_sorted_and_of_its_size() {
        let (prefixes, rest) = PREFIXES.as_chunks::<PREFIX>();

        assert_eq!((prefixes.len(), rest.len()), (100_000, 0));
        assert!(prefixes.is_sorted_by(|one, next| one < next));
    }

    #[test]
    fn id_04_list_of_stolen_passwords_has_what_it_should() {
        // By hand: the first bytes that `printf password | sha1sum` and the like print.
        let (prefixes, _) = PREFIXES.as_chunks::<PREFIX>();
        for prefix in [[0x5b, 0xaa, 0x61, 0xe4], [0x7c, 0x4a, 0x8d, 0x09]] {
            assert!(prefixes.contains(&prefix), "{prefix:x?}");
        }
        for text in [
            "123456",
            "password",
            "qwerty",
            "dragon",
            "trustno1",
            // Long ones, however rare; the line of the last ends as on Windows.
            "congratulations",
            "perasperaadastra",
            "Hd764nW5d7E1vb1",
            "testertorsten1111",
        ] {
            assert!(is_listed(text), "{text:?}");
        }
        for text in [
            "",
            "analytical loom",
            "correct horse battery staple",
            "password\r",
            "hd764nw5d7e1vb1",
        ] {
            assert!(!is_listed(text), "{text:?}");
        }
    }

    #[test]
    fn id_04_stolen_password_made_longer_is_found() {
        for text in [
            "elephant elephant elephant",
            "elephantelephantelep",
            "(elephant, elephant)",
            "elephant!!!!!!!!!!!!!",
            "elephant2026!?",
            "elephant-12-34",
            "elephantelephant99",
            "123456elephant",
            "elephant0123456789",
            "elephantgiraffe",
            "elephant & giraffe",
            "…elephant…",
            "🐘elephant🐘",
        ] {
            assert!(is_stolen(text), "{text:?}");
        }
    }

    #[test]
    fn id_04_stolen_password_beside_what_nobody_guesses_is_not_found() {
        for text in [
            "elephant830174629518374",
            "elephant-8301-7462",
            "elephant x9k2mq7w",
            "elephant weaves algebra",
        ] {
            assert!(!is_stolen(text), "{text:?}");
        }
    }

    #[test]
    fn id_04_passphrase_of_words_that_are_stolen_each_is_good() {
        let known: Vec<&str> = WORDS.split_whitespace().collect();
        for word in &known {
            assert!(is_listed(word), "{word}");
        }
        let word = |at: usize| known[at % known.len()];
        for at in 0..known.len() {
            for (second, third, fourth) in [(1, 2, 3), (7, 19, 31), (13, 5, 27), (39, 38, 37)] {
                let words = [0, second, third, fourth].map(|step| word(at + step));
                for between in ["", " ", "-", "1"] {
                    let four = words.join(between);
                    assert!(!is_stolen(&four), "{four:?}");
                    assert!(!is_stolen(&format!("{four}1!")), "{four:?}");
                }
                let three = words[..3].join(" ");
                assert!(!is_stolen(&three), "{three:?}");
            }
        }
    }
}
