//! Passwords: which are accepted, and how they are kept.

mod common;
mod date;
#[cfg(test)]
mod estimator;
mod hasher;
mod keyboard;
mod known;
mod parts;
mod repetition;
mod series;
mod spelling;
mod stolen;
mod words;

use std::fmt;

use cloud::envelope::{Binding, Purpose};
use domain::tenant::ROOT_TENANT;
use domain::{FieldError, UserId};
use icu_normalizer::ComposingNormalizerBorrowed;
use zeroize::Zeroizing;

pub(crate) use hasher::Verdict;
pub use hasher::{HashCost, Hasher};
pub(crate) use words::Words;

/// Fewest characters (NIST SP 800-63B-4, 3.1.1.2, for a password that can be the only factor). Length is what counts;
/// no kinds of characters are demanded.
pub(crate) const LENGTH_MIN: usize = 15;
/// Most characters.
pub(crate) const LENGTH_MAX: usize = 256;

/// A password as typed, in NFC: the same for every keyboard. Wiped when dropped, never shown.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Password(Zeroizing<String>);

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(…)")
    }
}

impl Password {
    /// Any text: for signing in, where rules of today must not lock out a password of yesterday.
    pub(crate) fn typed(text: &str) -> Self {
        let normalized = ComposingNormalizerBorrowed::new_nfc().normalize(text);
        Self(Zeroizing::new(normalized.into_owned()))
    }

    /// Its bytes, for whoever hashes them.
    pub(crate) fn as_bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }

    /// A password that somebody of these words may choose, as `pointer` of the request has it.
    pub(crate) fn chosen(
        text: &str,
        pointer: &str,
        words: Words<'_>,
    ) -> std::result::Result<Self, FieldError> {
        let password = Self::typed(text);
        let length = password.0.chars().count();
        let refused = |code, message: &str| Err(FieldError::new(pointer, code, message));
        if length < LENGTH_MIN {
            return refused(
                "too_short",
                "use at least 15 characters, such as four random words",
            );
        }
        if length > LENGTH_MAX {
            return refused("too_long", "use at most 256 characters");
        }
        let lower = Zeroizing::new(password.0.to_lowercase());
        if common::is_common(&lower, words) {
            return refused(
                "too_common",
                "choose a password that is harder to guess: it is mostly common words, your name, your address or your workspace",
            );
        }
        let others = words.taken_out_of(&lower);
        let is_stolen = [&*password.0, &*lower, &*others]
            .into_iter()
            .any(|text| stolen::is_stolen(text));
        if is_stolen {
            return refused(
                "stolen",
                "choose another password: this one is on lists of stolen passwords, or is one or two of them made longer",
            );
        }
        let has_own = others.len() < lower.len();
        if parts::are_few(&password.0, &words.each()) || (has_own && parts::is_one(&others)) {
            return refused(
                "too_simple",
                "use three words or more that do not belong together: this is one or two words, names, dates or rows of keys, however they are spelled",
            );
        }
        Ok(password)
    }
}

/// Where a password hash is sealed.
pub(crate) fn binding(user: UserId, version: u64) -> Binding {
    Binding::new(ROOT_TENANT, user, Purpose::PasswordHash, version)
}

#[cfg(test)]
mod tests {
    use domain::email::EmailAddress;
    use testkit::implements;

    use super::*;
    use crate::recovery_code::RecoveryCode;
    use crate::totp::Seed;

    fn refusal(text: &str) -> Option<&'static str> {
        let address: EmailAddress = "ada.lovelace@analytical.example".parse().unwrap();
        let words = Words {
            address: Some(&address),
            name: "Augusta King",
            workspaces: &["Analytical Engines".to_owned()],
        };
        Password::chosen(text, "/password", words)
            .err()
            .map(|error| error.code)
    }

    #[test]
    fn password_code_and_seed_are_neither_serialized_nor_displayed() {
        assert!(!implements!(Password, serde::Serialize) && !implements!(Password, fmt::Display));
        assert!(!implements!(RecoveryCode, serde::Serialize));
        assert!(!implements!(RecoveryCode, fmt::Display));
        assert!(!implements!(Seed, serde::Serialize) && !implements!(Seed, fmt::Display));
    }

    #[test]
    fn id_03_password_of_any_characters_is_accepted() {
        let at_most = "seven looms weave flowers, 1843; ".repeat(8)[..256].to_owned();
        let of_two_bytes = "äöüßéèêñåøçþðłžšč".repeat(15);
        for text in [
            // As few as may be, and as many.
            "a9f3k2m8x7q1z5w",
            "wind loom river",
            "correct horse battery staple correct horse battery staple corre7",
            at_most.as_str(),
            of_two_bytes.as_str(),
            // Of one kind only: nothing is demanded.
            "correcthorsebattery",
            "CORRECT HORSE BATTERY",
            "correct horse battery staple",
            "830174629518374659201",
            "!\"#$%&/()=?*+~<>|{}[]",
            // White space anywhere, and nothing else.
            "  leading and trailing  ",
            "\tcorrect horse battery",
            "tab\tand\nline are fine",
            "correct\u{a0}horse\u{2003}battery",
            // Other scripts, in each of which a word is long enough.
            "pässwörter sind schön",
            "Ünïcödé ïs wélcömé",
            "мой пароль очень длинный",
            "ο κωδικός μου είναι μακρύς",
            "כלי האריגה של עדה",
            "نول آدا ينسج الزهور",
            "日本語のパスワードです、とても長い",
            "织布机编织花朵就像分析机编织代数",
            "베틀은 꽃을 짜고 기계는 대수를 짠다",
            "อัดลอฟเลซทอผ้าดอกไม้",
            "अदा का करघा फूल बुनता है",
            // Outside of the first plane, joined, and with marks.
            "🔑🗝️🔒🔓🛡️⚔️🧿🪬🧲🧯🚪🧱",
            "👩‍👩‍👧‍👦 family of the loom",
            "𝔠𝔬𝔯𝔯𝔢𝔠𝔱 𝔥𝔬𝔯𝔰𝔢 𝔟𝔞𝔱𝔱𝔢𝔯𝔶",
            "z̷a̷l̷g̷o̷ w̷e̷a̷v̷e̷s̷ l̷o̷o̷m̷s̷",
            // What is code elsewhere.
            "'; DROP TABLE looms; --",
            "<script>weave(algebra)</script>",
            "${loom} {algebra} %s%n",
        ] {
            assert_eq!(refusal(text), None, "{text:?}");
        }
    }

    #[test]
    fn id_03_password_of_a_wrong_length_is_refused() {
        let too_long = "0123456789abcdefghijklmnopqrstuv".repeat(8) + "x";
        assert_eq!(refusal(""), Some("too_short"));
        assert_eq!(refusal("a9f3k2m8x7q1z5"), Some("too_short"));
        assert_eq!(refusal(&too_long), Some("too_long"));
    }

    #[test]
    fn id_04_password_that_is_easy_to_guess_is_refused() {
        for text in [
            "passwordpassword",
            "Password12345678!",
            "PasswordPassword1!",
            "123456789012345",
            "1234567890987654321",
            "aaaaaaaaaaaaaaaa",
            "abababababababab",
            "qwertyuiopasdfgh",
            "qwertyuiop123456",
            "1q2w3e4r5t6y7u8i9o",
            "iloveyouiloveyou",
            "letmein letmein letmein",
            "Welcome2026Summer!",
            "Ada.Lovelace.1815",
            "ada.lovelace@analytical.example",
            "augusta-king-1815",
            "M1Autoposter12345",
            "Analytical123456789",
            "AnalyticalEngines",
            "engines-engines-2026",
            // Long ones of lists that were stolen.
            "qwertyuiopasdfghjkl",
            "1qaz2wsx3edc4rfv",
            "passwordpassword123",
            "password!!!!!!!!!!!!!",
            "12345678901234567890",
            // No words, but no longer than what is repeated.
            "xq7kxq7kxq7kxq7k",
            "f9k2mqF9K2MQf9k2mq",
        ] {
            assert_eq!(refusal(text), Some("too_common"), "{text:?}");
        }
    }

    #[test]
    fn id_04_each_common_word_is_refused_however_often_it_is_said() {
        let words = common::COMMON
            .lines()
            .map(str::trim)
            .filter(|word| !word.is_empty());
        let mut tried = 0;
        for word in words {
            let mut often = String::new();
            while often.chars().count() < LENGTH_MIN {
                often += word;
            }
            for text in [often.to_uppercase(), format!("{often}!"), often] {
                assert_eq!(refusal(&text), Some("too_common"), "{text:?}");
                tried += 1;
            }
        }
        assert!(tried > 700, "{tried}");
    }

    #[test]
    fn id_04_stolen_password_is_refused_as_typed_in_capitals_and_beside_own_words() {
        for text in [
            "Hd764nW5d7E1vb1",
            "PerAsperaAdAstra",
            "CONGRATULATIONS",
            "Analytical-Crocodile-1843",
            "crocodile (king augusta)",
            "M1Autoposter Crocodile",
        ] {
            assert_eq!(refusal(text), Some("stolen"), "{text:?}");
        }
        assert_eq!(refusal("Analytical-Crocodile-Loom"), None);
    }

    #[test]
    fn id_03_password_in_two_unicode_forms_is_the_same() {
        assert_eq!(
            Password::typed("u\u{308}ber lange"),
            Password::typed("\u{fc}ber lange")
        );
        assert_ne!(Password::typed("x "), Password::typed("x"));
    }
}
