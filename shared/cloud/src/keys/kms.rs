//! AWS KMS.

use async_trait::async_trait;
use aws_sdk_kms::Client;
use aws_sdk_kms::operation::decrypt::DecryptError;
use aws_sdk_kms::primitives::Blob;
use aws_sdk_kms::types::DataKeySpec;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use domain::{Error, KeyRefusal, Result, WrappingKey};
use zeroize::Zeroizing;

use super::{DataKey, KeyContext, KeyService, PlainKey};
use crate::aws::{dependency_error, is_transient};

const NAME: &str = "the key service";

/// Keys wrapped by one KMS key of the product, or by those of tenants.
#[derive(Clone, Debug)]
pub struct KmsKeys {
    client: Client,
    /// The product's.
    key_id: Option<String>,
}

impl KmsKeys {
    /// Wraps with the key whose id or ARN is `key_id`, where a tenant has none of its own.
    pub fn new(client: Client, key_id: impl Into<String>) -> Self {
        Self {
            client,
            key_id: Some(key_id.into()),
        }
    }

    /// Wraps with tenants' own keys only, for a function that has no use for the product's.
    pub fn of_tenants(client: Client) -> Self {
        Self {
            client,
            key_id: None,
        }
    }

    fn key_id<'a>(&'a self, under: &'a WrappingKey) -> Result<&'a str> {
        match under {
            WrappingKey::Own(arn) => Ok(arn.as_str()),
            WrappingKey::Product => self.key_id.as_deref().ok_or_else(|| {
                Error::internal(
                    "a key cannot be used",
                    "this function has no key of its own",
                )
            }),
        }
    }
}

#[async_trait]
impl KeyService for KmsKeys {
    async fn generate_data_key(
        &self,
        under: &WrappingKey,
        context: &KeyContext,
    ) -> Result<DataKey> {
        let mut call = self
            .client
            .generate_data_key()
            .key_id(self.key_id(under)?)
            .key_spec(DataKeySpec::Aes256);
        for (name, value) in context.pairs() {
            call = call.encryption_context(name, value);
        }
        let answer = call.send().await.map_err(|error| failure(under, error))?;
        Ok(DataKey {
            plain: plain_key(answer.plaintext)?,
            wrapped: answer
                .ciphertext_blob
                .map(Blob::into_inner)
                .ok_or_else(incomplete)?,
        })
    }

    async fn decrypt(
        &self,
        under: &WrappingKey,
        wrapped: &[u8],
        context: &KeyContext,
    ) -> Result<PlainKey> {
        let mut call = self
            .client
            .decrypt()
            .key_id(self.key_id(under)?)
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
                failure(under, error)
            }
        })?;
        plain_key(answer.plaintext)
    }
}

/// The product's error for a failed call. What is wrong with a tenant's own key is for the tenant to repair.
fn failure<E>(under: &WrappingKey, error: SdkError<E, HttpResponse>) -> Error
where
    E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
{
    let code = error.as_service_error().and_then(E::code);
    let refusal = under.own().and(code).and_then(refusal);
    match refusal {
        Some(refusal) if !is_transient(&error) => Error::OwnKeyRefused {
            refusal,
            cause: Some(error.into()),
        },
        _ => dependency_error(NAME, error),
    }
}

fn refusal(code: &str) -> Option<KeyRefusal> {
    Some(match code {
        "NotFoundException" | "InvalidArnException" => KeyRefusal::NotFound,
        "AccessDeniedException" => KeyRefusal::AccessDenied,
        "DisabledException" | "KMSInvalidStateException" => KeyRefusal::Disabled,
        "InvalidKeyUsageException" | "UnsupportedOperationException" => KeyRefusal::WrongUsage,
        _ => return None,
    })
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
