//! AWS KMS.

use async_trait::async_trait;
use aws_lc_rs::digest;
use aws_sdk_kms::Client;
use aws_sdk_kms::primitives::Blob;
use aws_sdk_kms::types::{MessageType, SigningAlgorithmSpec};
use domain::{Error, Result};

use super::Signer;
use crate::aws::dependency_error;

const NAME: &str = "the key service";

/// Signs with one KMS key of the type `ECC_NIST_P256`.
#[derive(Clone, Debug)]
pub struct KmsSigner {
    client: Client,
    key_id: String,
}

impl KmsSigner {
    /// Signs with the key whose id or ARN is `key_id`.
    pub fn new(client: Client, key_id: impl Into<String>) -> Self {
        Self {
            client,
            key_id: key_id.into(),
        }
    }
}

#[async_trait]
impl Signer for KmsSigner {
    async fn sign(&self, message: &[u8]) -> Result<Vec<u8>> {
        // The service takes messages of up to 4 KB, digests of messages of any length.
        let digest = digest::digest(&digest::SHA256, message);
        let answer = self
            .client
            .sign()
            .key_id(&self.key_id)
            .message(Blob::new(digest.as_ref()))
            .message_type(MessageType::Digest)
            .signing_algorithm(SigningAlgorithmSpec::EcdsaSha256)
            .send()
            .await
            .map_err(|error| dependency_error(NAME, error))?;
        answer
            .signature
            .map(Blob::into_inner)
            .ok_or_else(|| incomplete("no signature"))
    }

    async fn public_key(&self) -> Result<Vec<u8>> {
        let answer = self
            .client
            .get_public_key()
            .key_id(&self.key_id)
            .send()
            .await
            .map_err(|error| dependency_error(NAME, error))?;
        answer
            .public_key
            .map(Blob::into_inner)
            .ok_or_else(|| incomplete("no public key"))
    }
}

fn incomplete(what: &'static str) -> Error {
    Error::internal("the key service's answer is incomplete", what)
}
