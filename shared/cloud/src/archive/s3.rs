//! AWS S3: a bucket with Object Lock, whose default retention holds for every object.

use async_trait::async_trait;
use aws_sdk_s3::Client;
use aws_sdk_s3::error::ProvideErrorMetadata as _;
use aws_sdk_s3::types::ChecksumAlgorithm;
use bytes::Bytes;
use domain::{Error, Result};

use super::Archive;
use crate::aws::dependency_error;

const NAME: &str = "the archive";

/// One S3 bucket with Object Lock.
#[derive(Clone, Debug)]
pub struct S3Archive {
    client: Client,
    bucket: String,
}

impl S3Archive {
    /// The bucket with this name.
    pub fn new(client: Client, bucket: impl Into<String>) -> Self {
        Self {
            client,
            bucket: bucket.into(),
        }
    }
}

#[async_trait]
impl Archive for S3Archive {
    async fn keep(&self, name: &str, content_type: &str, bytes: Bytes) -> Result<()> {
        let answer = self
            .client
            .put_object()
            .bucket(&self.bucket)
            .key(name)
            .content_type(content_type)
            // A bucket with Object Lock takes nothing without one.
            .checksum_algorithm(ChecksumAlgorithm::Sha256)
            .if_none_match("*")
            .body(bytes.into())
            .send()
            .await;
        match answer {
            Ok(_) => Ok(()),
            Err(error) if error.code() == Some("PreconditionFailed") => Err(Error::conflict(
                "already_kept",
                "the archive has something under this name",
            )),
            Err(error) => Err(dependency_error(NAME, error)),
        }
    }
}
