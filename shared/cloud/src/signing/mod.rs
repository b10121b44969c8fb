//! Signatures of the product itself, by a key that never leaves the key service.

use std::fmt;

use async_trait::async_trait;
use domain::Result;

mod kms;
mod software;

pub use kms::KmsSigner;
pub use software::SoftwareSigner;

/// Signs with one P-256 key.
#[async_trait]
pub trait Signer: fmt::Debug + Send + Sync {
    /// ECDSA with SHA-256 over the message, as DER.
    async fn sign(&self, message: &[u8]) -> Result<Vec<u8>>;

    /// The public key as DER (`SubjectPublicKeyInfo`).
    async fn public_key(&self) -> Result<Vec<u8>>;
}
