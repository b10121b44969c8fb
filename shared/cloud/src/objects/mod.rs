//! The store of media bytes. Bytes travel between the browser and the store directly, by signed addresses.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::Range;
use std::str::FromStr;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use domain::{MediaId, Result, TenantId};
use serde::Serialize;
use url::Url;

mod s3;

pub use s3::S3Objects;

/// Where a medium's bytes are: made of ids only, so nothing that a person typed reaches it.
///
/// Uploads and what is kept of them have different places: an address to upload to works for a while, and must never
/// reach bytes that were looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ObjectKey {
    tenant: TenantId,
    media: MediaId,
    is_upload: bool,
}

impl ObjectKey {
    /// What the keys of uploads begin with; the store forgets them after a day.
    pub const UPLOADS: &str = "uploads/";

    /// Where the bytes are that were looked at.
    pub const fn new(tenant: TenantId, media: MediaId) -> Self {
        Self {
            tenant,
            media,
            is_upload: false,
        }
    }

    /// Where bytes are uploaded to.
    pub const fn upload(tenant: TenantId, media: MediaId) -> Self {
        Self {
            tenant,
            media,
            is_upload: true,
        }
    }
}

impl fmt::Display for ObjectKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let folder = if self.is_upload { Self::UPLOADS } else { "" };
        write!(f, "{folder}{}/{}", self.tenant, self.media)
    }
}

/// The text is not an object's key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not an object key: expected a tenant id, a slash and a media id")]
pub struct InvalidObjectKey;

impl FromStr for ObjectKey {
    type Err = InvalidObjectKey;

    fn from_str(text: &str) -> std::result::Result<Self, InvalidObjectKey> {
        let upload = text.strip_prefix(Self::UPLOADS);
        let (tenant, media) = upload
            .unwrap_or(text)
            .split_once('/')
            .ok_or(InvalidObjectKey)?;
        Ok(Self {
            tenant: tenant.parse().map_err(|_| InvalidObjectKey)?,
            media: media.parse().map_err(|_| InvalidObjectKey)?,
            is_upload: upload.is_some(),
        })
    }
}

/// What may be uploaded: exactly this type and exactly this many bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UploadTerms {
    /// The content type.
    pub content_type: String,
    /// Size in bytes.
    pub bytes: u64,
    /// How long the address works.
    pub lifetime: Duration,
}

/// How to upload: one request with this method, address and headers, and the bytes as its body.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SignedUpload {
    /// Always `PUT`.
    pub method: &'static str,
    /// The signed address: whoever has it can upload until it expires.
    pub url: Url,
    /// Headers that must be sent as they are; the content length is the client's to send.
    pub headers: BTreeMap<String, String>,
}

/// What the store knows about an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ObjectHead {
    /// Size in bytes.
    pub bytes: u64,
    /// The content type that it was uploaded with.
    pub content_type: String,
}

/// Keeps media bytes.
#[async_trait]
pub trait ObjectStore: fmt::Debug + Send + Sync {
    /// A signed address for one upload within `terms`.
    async fn presign_upload(&self, key: ObjectKey, terms: &UploadTerms) -> Result<SignedUpload>;

    /// A signed address from which the bytes can be read for `lifetime`.
    async fn presign_read(&self, key: ObjectKey, lifetime: Duration) -> Result<Url>;

    /// What is stored; `None` where nothing is.
    async fn head(&self, key: ObjectKey) -> Result<Option<ObjectHead>>;

    /// The bytes in `range`, cut at the object's end; `None` where nothing is stored.
    async fn get_range(&self, key: ObjectKey, range: Range<u64>) -> Result<Option<Bytes>>;

    /// All bytes; `None` where nothing is stored. Fails with [`domain::Error::TooLarge`] where there are more than
    /// `most`, without reading them.
    async fn get(&self, key: ObjectKey, most: u64) -> Result<Option<Bytes>>;

    /// Stores all bytes at once, in the place of what is there.
    async fn put(&self, key: ObjectKey, content_type: &str, bytes: Bytes) -> Result<()>;

    /// Removes the bytes; that there are none is no error.
    async fn delete(&self, key: ObjectKey) -> Result<()>;
}

#[cfg(test)]
mod tests;
