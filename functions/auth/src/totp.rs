//! Time-based one-time passwords (RFC 6238) with the parameters that every authenticator app knows: HMAC-SHA-1, 30
//! seconds, six digits.

use aws_lc_rs::hmac;
use domain::Random;
use jiff::Timestamp;
use subtle::ConstantTimeEq as _;
use zeroize::Zeroizing;

/// Bytes of a seed: as many as the hash has (RFC 4226, 4, R6).
const SEED: usize = 20;
/// Seconds of a step.
const STEP: i64 = 30;
/// Digits of a code.
const DIGITS: usize = 6;
/// Clocks of people may be a step away.
const TOLERANCE: u64 = 1;

/// What the app and we share. Wiped when dropped, never shown.
pub(crate) struct Seed(Zeroizing<Vec<u8>>);

impl Seed {
    /// A new one.
    pub(crate) fn generate(random: &dyn Random) -> Self {
        let mut bytes = Zeroizing::new(vec![0_u8; SEED]);
        random.fill(&mut bytes);
        Self(bytes)
    }

    /// One that was kept.
    pub(crate) fn from_bytes(bytes: Zeroizing<Vec<u8>>) -> Self {
        Self(bytes)
    }

    /// To be kept.
    pub(crate) fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// As the app takes it: base32 (RFC 4648) without padding.
    pub(crate) fn text(&self) -> String {
        const ALPHABET: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
        let bits = self
            .0
            .iter()
            .flat_map(|byte| (0..8).rev().map(move |bit| byte >> bit & 1));
        let bits: Vec<u8> = bits.collect();
        bits.chunks(5)
            .filter_map(|chunk| {
                let index = chunk.iter().fold(0_u8, |index, bit| index << 1 | bit);
                let padding = 5_usize.saturating_sub(chunk.len());
                ALPHABET.get(usize::from(index << padding)).copied()
            })
            .map(char::from)
            .collect()
    }

    /// The step whose code this is, of those around now; the newest where two have the same.
    pub(crate) fn step_of(&self, code: &str, now: Timestamp) -> Option<u64> {
        let present = u64::try_from(now.as_second().div_euclid(STEP)).ok()?;
        let first = present.saturating_sub(TOLERANCE);
        let mut found = None;
        for step in first..=present.saturating_add(TOLERANCE) {
            if bool::from(self.code(step).as_bytes().ct_eq(code.as_bytes())) {
                found = Some(step);
            }
        }
        found
    }

    /// The code of a step (RFC 4226, 5.3).
    fn code(&self, step: u64) -> String {
        let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, &self.0);
        let tag = hmac::sign(&key, &step.to_be_bytes());
        let tag = tag.as_ref();
        let offset = usize::from(tag.last().copied().unwrap_or_default() & 0x0f);
        let four = tag.get(offset..).and_then(<[u8]>::first_chunk::<4>);
        let number = u32::from_be_bytes(four.copied().unwrap_or_default()) & 0x7fff_ffff;
        format!("{:0DIGITS$}", number % 1_000_000)
    }
}

/// Whether a text has the form of a code; apps show it with a space in the middle.
pub(crate) fn digits(text: &str) -> Option<String> {
    let code: String = text.chars().filter(|character| *character != ' ').collect();
    let is_code = code.len() == DIGITS && code.bytes().all(|byte| byte.is_ascii_digit());
    is_code.then_some(code)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seed() -> Seed {
        Seed(Zeroizing::new(b"12345678901234567890".to_vec()))
    }

    #[test]
    fn codes_are_those_of_the_standard() {
        // RFC 6238, appendix B, with six of the eight digits.
        for (second, code) in [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_111_111_111, "050471"),
            (1_234_567_890, "005924"),
            (2_000_000_000, "279037"),
            (20_000_000_000, "353130"),
        ] {
            assert_eq!(seed().code(second / 30), code, "{second}");
        }
    }

    #[test]
    fn seed_is_written_as_apps_read_it() {
        assert_eq!(seed().text(), "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ");
    }

    #[test]
    fn code_is_good_for_one_step_before_and_after() {
        let at = |second| Timestamp::from_second(second).unwrap();

        for (second, expected) in [
            (0, None),
            (30, Some(2)),
            (89, Some(2)),
            (119, Some(2)),
            (120, None),
        ] {
            assert_eq!(
                seed().step_of(&seed().code(2), at(second)),
                expected,
                "{second}"
            );
        }
    }

    #[test]
    fn code_is_read_as_people_type_it() {
        assert_eq!(digits("123 456").as_deref(), Some("123456"));
        for text in ["", "12345", "1234567", "12345a", "１２３４５６"] {
            assert_eq!(digits(text), None, "{text}");
        }
    }
}
