//! Random secrets that callers keep and we know by their hash.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::Random;
use store::SecretHash;

/// Bytes of a secret: nobody guesses one.
const BYTES: usize = 32;
/// Characters of its text.
const TEXT_LENGTH: usize = 43;

/// A secret of 256 random bits, as base64url text. `Debug` does not show it.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// A new secret.
    pub fn generate(random: &dyn Random) -> Self {
        let mut bytes = [0_u8; BYTES];
        random.fill(&mut bytes);
        Self(URL_SAFE_NO_PAD.encode(bytes))
    }

    /// `None` unless it is of the form that [`Self::generate`] makes.
    pub fn parse(text: &str) -> Option<Self> {
        if text.len() != TEXT_LENGTH {
            return None;
        }
        URL_SAFE_NO_PAD
            .decode(text)
            .is_ok_and(|bytes| bytes.len() == BYTES)
            .then(|| Self(text.to_owned()))
    }

    /// The secret itself, for the caller.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// What the table knows of it.
    pub fn hash(&self) -> SecretHash {
        SecretHash::of(&self.0)
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}
