//! AWS S3.

use std::ops::Range;
use std::time::Duration;

use async_trait::async_trait;
use aws_sdk_s3::Client;
use aws_sdk_s3::error::SdkError;
use aws_sdk_s3::presigning::PresigningConfig;
use bytes::Bytes;
use domain::{Error, Result};
use url::Url;

use super::{ObjectHead, ObjectKey, ObjectStore, SignedUpload, UploadTerms};
use crate::aws::dependency_error;

const NAME: &str = "the object store";
/// Headers that HTTP clients set by themselves; browsers refuse to take them from a script.
const SET_BY_CLIENT: [&str; 2] = ["host", "content-length"];

/// One S3 bucket.
#[derive(Clone, Debug)]
pub struct S3Objects {
    client: Client,
    bucket: String,
}

impl S3Objects {
    /// The bucket with this name.
    pub fn new(client: Client, bucket: impl Into<String>) -> Self {
        Self {
            client,
            bucket: bucket.into(),
        }
    }
}

#[async_trait]
impl ObjectStore for S3Objects {
    /// Type and length are signed headers: the store refuses any other.
    async fn presign_upload(&self, key: ObjectKey, terms: &UploadTerms) -> Result<SignedUpload> {
        let length = i64::try_from(terms.bytes).map_err(|error| unsignable(error.into()))?;
        let request = self
            .client
            .put_object()
            .bucket(&self.bucket)
            .key(key.to_string())
            .content_type(&terms.content_type)
            .content_length(length)
            .presigned(lifetime(terms.lifetime)?)
            .await
            .map_err(|error| unsignable(error.into()))?;
        let headers = request
            .headers()
            .filter(|(name, _)| !SET_BY_CLIENT.contains(&name.to_ascii_lowercase().as_str()))
            .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
            .collect();
        Ok(SignedUpload {
            method: "PUT",
            url: address(request.uri())?,
            headers,
        })
    }

    async fn presign_read(&self, key: ObjectKey, time: Duration) -> Result<Url> {
        let request = self
            .client
            .get_object()
            .bucket(&self.bucket)
            .key(key.to_string())
            .presigned(lifetime(time)?)
            .await
            .map_err(|error| unsignable(error.into()))?;
        address(request.uri())
    }

    async fn head(&self, key: ObjectKey) -> Result<Option<ObjectHead>> {
        let call = self
            .client
            .head_object()
            .bucket(&self.bucket)
            .key(key.to_string());
        let Some(answer) = found(call.send().await)? else {
            return Ok(None);
        };
        Ok(Some(ObjectHead {
            bytes: length(answer.content_length()),
            content_type: answer.content_type().unwrap_or_default().to_owned(),
        }))
    }

    async fn get_range(&self, key: ObjectKey, range: Range<u64>) -> Result<Option<Bytes>> {
        if range.is_empty() {
            return Ok(self.head(key).await?.map(|_| Bytes::new()));
        }
        let call = self
            .client
            .get_object()
            .bucket(&self.bucket)
            .key(key.to_string())
            .range(format!("bytes={}-{}", range.start, range.end - 1));
        let answer = match call.send().await {
            // The range begins past the object's end.
            Err(error) if status(&error) == Some(416) => return Ok(Some(Bytes::new())),
            answer => found(answer)?,
        };
        match answer {
            Some(answer) => body(answer.body).await.map(Some),
            None => Ok(None),
        }
    }

    async fn get(&self, key: ObjectKey, most: u64) -> Result<Option<Bytes>> {
        let call = self
            .client
            .get_object()
            .bucket(&self.bucket)
            .key(key.to_string());
        let Some(answer) = found(call.send().await)? else {
            return Ok(None);
        };
        if length(answer.content_length()) > most {
            return Err(Error::TooLarge { limit: most });
        }
        body(answer.body).await.map(Some)
    }

    async fn put(&self, key: ObjectKey, content_type: &str, bytes: Bytes) -> Result<()> {
        self.client
            .put_object()
            .bucket(&self.bucket)
            .key(key.to_string())
            .content_type(content_type)
            .body(bytes.into())
            .send()
            .await
            .map_err(|error| dependency_error(NAME, error))?;
        Ok(())
    }

    async fn delete(&self, key: ObjectKey) -> Result<()> {
        let call = self
            .client
            .delete_object()
            .bucket(&self.bucket)
            .key(key.to_string());
        found(call.send().await).map(|_| ())
    }
}

fn found<T, E>(answer: std::result::Result<T, SdkError<E>>) -> Result<Option<T>>
where
    E: aws_smithy_types::error::metadata::ProvideErrorMetadata
        + std::error::Error
        + Send
        + Sync
        + 'static,
{
    match answer {
        Ok(answer) => Ok(Some(answer)),
        Err(error) if status(&error) == Some(404) => Ok(None),
        Err(error) => Err(dependency_error(NAME, error)),
    }
}

fn status<E>(error: &SdkError<E>) -> Option<u16> {
    error
        .raw_response()
        .map(|response| response.status().as_u16())
}

async fn body(stream: aws_sdk_s3::primitives::ByteStream) -> Result<Bytes> {
    let bytes = stream
        .collect()
        .await
        .map_err(|error| Error::unavailable(NAME, error))?;
    Ok(bytes.into_bytes())
}

fn length(content_length: Option<i64>) -> u64 {
    content_length
        .and_then(|length| u64::try_from(length).ok())
        .unwrap_or(0)
}

fn lifetime(time: Duration) -> Result<PresigningConfig> {
    PresigningConfig::expires_in(time).map_err(|error| unsignable(error.into()))
}

fn address(uri: &str) -> Result<Url> {
    uri.parse()
        .map_err(|error: url::ParseError| unsignable(error.into()))
}

fn unsignable(cause: domain::error::Cause) -> Error {
    Error::internal("an address cannot be signed", cause)
}
