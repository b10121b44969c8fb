//! AWS KMS.

use async_trait::async_trait;
use aws_sdk_kms::Client;
use aws_sdk_kms::operation::decrypt::DecryptError;
use aws_sdk_kms::primitives::Blob;
use aws_sdk_kms::types::DataKeySpec;
use domain::{Error, Result};
use zeroize::Zeroizing;

use super::{DataKey, KeyContext, KeyService, PlainKey};
use crate::aws::{dependency_error, is_transient};

const NAME: &str = "the key service";

/// Keys wrapped by one KMS key.
#[derive(Clone, Debug)]
pub struct KmsKeys {
    client: Client,
    key_id: String,
}

impl KmsKeys {
    /// Wraps with the key whose id or ARN is `key_id`.
    pub fn new(client: Client, key_id: impl Into<String>) -> Self {
        Self {
            client,
            key_id: key_id.into(),
        }
    }
}

#[async_trait]
impl KeyService for KmsKeys {
    async fn generate_data_key(&self, context: &KeyContext) -> Result<DataKey> {
        let mut call = self
            .client
            .generate_data_key()
            .key_id(&self.key_id)
            .key_spec(DataKeySpec::Aes256);
        for (name, value) in context.pairs() {
            call = call.encryption_context(name, value);
        }
        let answer = call
            .send()
            .await
            .map_err(|error| dependency_error(NAME, error))?;
        Ok(DataKey {
            plain: plain_key(answer.plaintext)?,
            wrapped: answer
                .ciphertext_blob
                .map(Blob::into_inner)
                .ok_or_else(incomplete)?,
        })
    }

    async fn decrypt(&self, wrapped: &[u8], context: &KeyContext) -> Result<PlainKey> {
        let mut call = self
            .client
            .decrypt()
            .key_id(&self.key_id)
            .ciphertext_blob(Blob::new(wrapped));
        for (name, value) in context.pairs() {
            call = call.encryption_context(name, value);
        }
        let answer = call.send().await.map_err(|error| {
            let refused = error.as_service_error().is_some_and(|error| {
                matches!(
                    error,
                    DecryptError::InvalidCiphertextException(_)
                        | DecryptError::IncorrectKeyException(_)
                )
            });
            if refused && !is_transient(&error) {
                Error::corrupt("tenant key", error)
            } else {
                dependency_error(NAME, error)
            }
        })?;
        plain_key(answer.plaintext)
    }
}

fn plain_key(plaintext: Option<Blob>) -> Result<PlainKey> {
    let bytes = Zeroizing::new(plaintext.ok_or_else(incomplete)?.into_inner());
    PlainKey::from_slice(&bytes).ok_or_else(incomplete)
}

fn incomplete() -> Error {
    Error::internal(
        "the key service's answer is incomplete",
        "no key of 32 bytes",
    )
}
