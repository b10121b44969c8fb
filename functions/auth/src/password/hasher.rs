//! How passwords are kept.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher as _, PasswordVerifier as _};
use argon2::{Algorithm, Argon2, Params, Version};
use domain::{Error, Random, Result};
use zeroize::Zeroizing;

use super::Password;

const LANES: u32 = 1;
const SALT: usize = 16;

/// What whoever computes a hash pays.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HashCost {
    /// Memory in KiB.
    pub memory: u32,
    /// How often it is gone through.
    pub passes: u32,
}

impl HashCost {
    /// What the product's hashes cost (OWASP Password Storage Cheat Sheet, 2024).
    pub const OF_TODAY: Self = Self {
        memory: 19 * 1024,
        passes: 2,
    };
    /// Next to nothing: for tests that sign in a thousand times.
    pub const OF_TESTS: Self = Self {
        memory: 8,
        passes: 1,
    };
}

/// Whether a password is the one of a hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// It is.
    Right {
        /// The hash was made with weaker parameters than today's.
        is_outdated: bool,
    },
    /// It is not.
    Wrong,
}

/// Hashes passwords by Argon2id. Counts its runs, so that a test sees that each branch pays the same.
#[derive(Debug)]
pub struct Hasher {
    cost: HashCost,
    runs: AtomicU64,
}

impl Default for Hasher {
    fn default() -> Self {
        Self::costing(HashCost::OF_TODAY)
    }
}

impl Hasher {
    /// One whose hashes cost this.
    pub fn costing(cost: HashCost) -> Self {
        Self {
            cost,
            runs: AtomicU64::new(0),
        }
    }

    /// How many hashes were computed so far.
    pub fn runs(&self) -> u64 {
        self.runs.load(Ordering::Relaxed)
    }

    /// The hash of a password, as a PHC string.
    pub(crate) async fn hash(
        self: &Arc<Self>,
        password: &Password,
        random: &dyn Random,
    ) -> Result<Zeroizing<String>> {
        let mut salt = [0_u8; SALT];
        random.fill(&mut salt);
        let (password, cost) = (password.clone(), self.cost);
        self.run(move || {
            let hash = argon2(cost)?.hash_password_with_salt(password.as_bytes(), &salt);
            let hash: PasswordHash = hash.map_err(failed)?;
            Ok(Zeroizing::new(hash.to_string()))
        })
        .await
    }

    /// Compares a password with a hash.
    pub(crate) async fn verify(
        self: &Arc<Self>,
        password: &Password,
        phc: Zeroizing<String>,
    ) -> Result<Verdict> {
        let (password, cost) = (password.clone(), self.cost);
        self.run(move || {
            let hash = PasswordHash::new(&phc)
                .map_err(|error| Error::corrupt("password hash", error.to_string()))?;
            match argon2(cost)?.verify_password(password.as_bytes(), &hash) {
                Ok(()) => Ok(Verdict::Right {
                    is_outdated: is_outdated(&hash, cost),
                }),
                Err(argon2::password_hash::Error::PasswordInvalid) => Ok(Verdict::Wrong),
                Err(error) => Err(Error::corrupt("password hash", error.to_string())),
            }
        })
        .await
    }

    /// Computes a hash in vain: an unknown address costs as much as a known one.
    pub(crate) async fn pretend(
        self: &Arc<Self>,
        password: &Password,
        random: &dyn Random,
    ) -> Result<()> {
        self.hash(password, random).await.map(drop)
    }

    /// A hash takes a tenth of a second: other requests of the process go on meanwhile.
    async fn run<T: Send + 'static>(
        self: &Arc<Self>,
        work: impl FnOnce() -> Result<T> + Send + 'static,
    ) -> Result<T> {
        self.runs.fetch_add(1, Ordering::Relaxed);
        tokio::task::spawn_blocking(work)
            .await
            .map_err(|error| Error::internal("a password cannot be hashed", error))?
    }
}

fn argon2(HashCost { memory, passes }: HashCost) -> Result<Argon2<'static>> {
    let params = Params::new(memory, passes, LANES, None)
        .map_err(|error| Error::internal("the hash parameters are not valid", error.to_string()))?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

fn is_outdated(hash: &PasswordHash, cost: HashCost) -> bool {
    Params::try_from(hash).map_or(true, |params| {
        params.m_cost() < cost.memory || params.t_cost() < cost.passes
    })
}

fn failed(error: argon2::password_hash::Error) -> Error {
    Error::internal("a password cannot be hashed", error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn id_06_hashes_are_as_strong_as_owasp_asks_for_unless_a_test_says_otherwise() {
        let of_today = Hasher::default().cost;

        assert!(
            of_today.memory >= 19 * 1024 && of_today.passes >= 2,
            "{of_today:?}"
        );
    }

    #[tokio::test]
    async fn id_03_passwords_differ_past_72_bytes() {
        let hasher = Arc::new(Hasher::default());
        let random = cloud::clock::SystemRandom;
        let common = "x".repeat(72);
        let first = Password::typed(&format!("{common}a"));
        let second = Password::typed(&format!("{common}b"));

        let hash = hasher.hash(&first, &random).await.unwrap();

        let right = hasher.verify(&first, hash.clone()).await.unwrap();
        assert_eq!(right, Verdict::Right { is_outdated: false });
        assert_eq!(hasher.verify(&second, hash).await.unwrap(), Verdict::Wrong);
        assert_eq!(hasher.runs(), 3);
    }

    #[tokio::test]
    async fn id_06_hash_with_weaker_parameters_is_reported() {
        let hasher = Arc::new(Hasher::default());
        let weak = Argon2::new(
            Algorithm::Argon2id,
            Version::V0x13,
            Params::new(8 * 1024, 1, 1, None).unwrap(),
        );
        let hash: PasswordHash = weak
            .hash_password_with_salt(b"correct horse battery", &[7; SALT])
            .unwrap();

        let verdict = hasher
            .verify(
                &Password::typed("correct horse battery"),
                Zeroizing::new(hash.to_string()),
            )
            .await
            .unwrap();

        assert_eq!(verdict, Verdict::Right { is_outdated: true });
    }
}
