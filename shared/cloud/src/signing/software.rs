//! A key in this process, where there is no key service.

use async_trait::async_trait;
use aws_lc_rs::agreement::{ECDH_P256, PrivateKey};
use aws_lc_rs::encoding::{AsDer as _, PublicKeyX509Der};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair as _};
use domain::{Error, Result};

use super::Signer;

/// Signs with a P-256 key that is given as its private number.
#[derive(Debug)]
pub struct SoftwareSigner(EcdsaKeyPair);

impl SoftwareSigner {
    /// The key with this private number, which practically every 32 random bytes are.
    pub fn new(private_key: &[u8; 32]) -> Result<Self> {
        let private = PrivateKey::from_private_key(&ECDH_P256, private_key)
            .map_err(|error| Error::internal("a signing key cannot be used", error))?;
        let public = private
            .compute_public_key()
            .map_err(|error| Error::internal("a signing key cannot be used", error))?;
        EcdsaKeyPair::from_private_key_and_public_key(
            &ECDSA_P256_SHA256_ASN1_SIGNING,
            private_key,
            public.as_ref(),
        )
        .map(Self)
        .map_err(|error| Error::internal("a signing key cannot be used", error))
    }

    /// The public key as DER (`SubjectPublicKeyInfo`).
    pub fn public_key_der(&self) -> Result<Vec<u8>> {
        let der: PublicKeyX509Der<'_> = self
            .0
            .public_key()
            .as_der()
            .map_err(|error| Error::internal("a public key cannot be written", error))?;
        Ok(der.as_ref().to_vec())
    }
}

#[async_trait]
impl Signer for SoftwareSigner {
    async fn sign(&self, message: &[u8]) -> Result<Vec<u8>> {
        let signature = self.0.sign(&SystemRandom::new(), message);
        let signature = signature.map_err(|error| Error::internal("signing failed", error))?;
        Ok(signature.as_ref().to_vec())
    }

    async fn public_key(&self) -> Result<Vec<u8>> {
        self.public_key_der()
    }
}
