//! An authenticator app: an own reading of RFC 6238.

use aws_lc_rs::hmac;
use domain::Clock as _;
use testkit::TestClock;

const ALPHABET: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/// The app.
#[derive(Debug)]
pub struct Phone {
    /// What both sides know.
    pub seed: Vec<u8>,
}

impl Phone {
    /// The app that was told this secret.
    ///
    /// # Panics
    /// Where it is no text in base32.
    #[must_use]
    pub fn told(secret: &str) -> Self {
        let (mut seed, mut bits, mut count) = (Vec::new(), 0_u32, 0);
        for character in secret.chars() {
            let digit = ALPHABET.find(character).unwrap();
            bits = bits << 5 | u32::try_from(digit).unwrap();
            count += 5;
            if count >= 8 {
                count -= 8;
                seed.push(u8::try_from(bits >> count & 0xff).unwrap());
            }
        }
        Self { seed }
    }

    /// What it shows now.
    #[must_use]
    pub fn code(&self, clock: &TestClock) -> String {
        let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, &self.seed);
        let step = clock.now().as_second() / 30;
        let tag = hmac::sign(&key, &step.to_be_bytes());
        let tag = tag.as_ref();
        let at = usize::from(tag[19] & 15);
        let number = u32::from_be_bytes(tag[at..at + 4].try_into().unwrap()) & 0x7fff_ffff;
        format!("{:06}", number % 1_000_000)
    }
}
