//! AWS S3: a bucket with Object Lock, whose default retention holds for every object.

use async_trait::async_trait;
use aws_sdk_s3::Client;
use aws_sdk_s3::error::ProvideErrorMetadata as _;
use aws_sdk_s3::operation::get_object::GetObjectError;
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

    async fn read(&self, name: &str) -> Result<Option<Bytes>> {
        let call = self.client.get_object().bucket(&self.bucket).key(name);
        let answer = match call.send().await {
            Ok(answer) => answer,
            Err(error) if error.as_service_error().is_some_and(is_absent) => return Ok(None),
            Err(error) => return Err(dependency_error(NAME, error)),
        };
        let bytes = answer.body.collect().await;
        let bytes = bytes.map_err(|error| Error::unavailable(NAME, error))?;
        Ok(Some(bytes.into_bytes()))
    }

    async fn names(&self, folder: &str) -> Result<Vec<String>> {
        let call = self.client.list_objects_v2();
        let call = call.bucket(&self.bucket).prefix(folder);
        let mut pages = call.into_paginator().send();
        let mut names = Vec::new();
        while let Some(page) = pages.next().await {
            let page = page.map_err(|error| dependency_error(NAME, error))?;
            let objects = page.contents.unwrap_or_default().into_iter();
            names.extend(objects.filter_map(|object| object.key));
        }
        Ok(names)
    }
}

/// The bucket's names may be listed, so S3 says of what is missing that it is.
fn is_absent(error: &GetObjectError) -> bool {
    matches!(error, GetObjectError::NoSuchKey(_))
}
