//! Codes that take the place of a second factor that was lost: each works once.

use domain::Random;
use store::SecretHash;
use zeroize::Zeroizing;

/// How many a person gets.
pub(crate) const COUNT: usize = 10;
/// Characters of a code, of five random bits each: 80 bits, which nobody guesses.
const LENGTH: usize = 16;
/// Characters between two dashes.
const GROUP: usize = 4;
/// Without characters that look alike (Crockford's base32).
const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

/// A code. Wiped when dropped.
pub(crate) struct RecoveryCode(Zeroizing<String>);

impl RecoveryCode {
    /// A new one.
    pub(crate) fn generate(random: &dyn Random) -> Self {
        let mut bytes = Zeroizing::new([0_u8; LENGTH]);
        random.fill(&mut *bytes);
        let characters = bytes
            .iter()
            .filter_map(|byte| ALPHABET.get(usize::from(byte & 31)));
        Self(Zeroizing::new(
            characters.copied().map(char::from).collect(),
        ))
    }

    /// As people type it; `None` where it is no such code.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let code: String = text
            .chars()
            .filter(|character| !matches!(character, '-' | ' '))
            .map(|character| character.to_ascii_lowercase())
            .collect();
        let is_code = code.len() == LENGTH && code.bytes().all(|byte| ALPHABET.contains(&byte));
        is_code.then(|| Self(Zeroizing::new(code)))
    }

    /// As people keep it: `xxxx-xxxx-xxxx-xxxx`.
    pub(crate) fn text(&self) -> String {
        let mut text = String::with_capacity(LENGTH + LENGTH / GROUP);
        for (place, character) in self.0.chars().enumerate() {
            if place > 0 && place % GROUP == 0 {
                text.push('-');
            }
            text.push(character);
        }
        text
    }

    /// What the table knows of it.
    pub(crate) fn hash(&self) -> SecretHash {
        SecretHash::of(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn id_20_code_is_read_as_people_type_it() {
        let code = RecoveryCode::generate(&cloud::clock::SystemRandom);
        let text = code.text();

        assert_eq!(text.len(), 19);
        for typed in [text.clone(), text.to_uppercase(), text.replace('-', " ")] {
            assert_eq!(RecoveryCode::parse(&typed).unwrap().hash(), code.hash());
        }
        for other in ["", "123456", &text[1..], "uuuu-uuuu-uuuu-uuuu"] {
            assert!(RecoveryCode::parse(other).is_none(), "{other}");
        }
    }
}
