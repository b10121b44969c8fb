//! The store of bytes: of media and of exports. Bytes travel between the browser and the store directly, by signed addresses.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::Range;
use std::str::FromStr;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use domain::export::Volume;
use domain::{ExportId, ImportId, MediaId, Result, TenantId};
use serde::Serialize;
use url::Url;

mod s3;

pub use s3::S3Objects;

/// Where bytes are: made of ids only, so nothing that a person typed reaches it.
///
/// Uploads and what is kept of them have different places: an address to upload to works for a while, and must never
/// reach bytes that were looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ObjectKey {
    tenant: TenantId,
    place: Place,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Place {
    Upload(MediaId),
    /// A volume of an export that is to be imported, by its number from 1.
    ImportUpload(ImportId, u32),
    Media(MediaId),
    Volume {
        export: ExportId,
        number: u32,
        /// The beginning of the bytes' SHA-256: what one writer stored is never replaced by other bytes.
        mark: u64,
    },
}

impl ObjectKey {
    /// What the keys of uploads begin with; the store forgets them after a day.
    pub const UPLOADS: &str = "uploads/";
    /// What the keys of exports begin with; the store forgets them after eight days.
    pub const EXPORTS: &str = "exports/";

    /// Where the bytes are that were looked at.
    pub const fn new(tenant: TenantId, media: MediaId) -> Self {
        let place = Place::Media(media);
        Self { tenant, place }
    }

    /// Where bytes are uploaded to.
    pub const fn upload(tenant: TenantId, media: MediaId) -> Self {
        let place = Place::Upload(media);
        Self { tenant, place }
    }

    /// Where the volume with this number, from 1, of an import is uploaded to.
    pub const fn import_upload(tenant: TenantId, import: ImportId, number: u32) -> Self {
        let place = Place::ImportUpload(import, number);
        Self { tenant, place }
    }

    /// Where a volume of an export is. `None` where the SHA-256 is none.
    pub fn volume(tenant: TenantId, export: ExportId, volume: &Volume) -> Option<Self> {
        let mark = volume.sha256.get(..16)?;
        let place = Place::Volume {
            export,
            number: volume.number,
            mark: u64::from_str_radix(mark, 16).ok()?,
        };
        Some(Self { tenant, place })
    }
}

impl fmt::Display for ObjectKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let tenant = self.tenant;
        match self.place {
            Place::Upload(media) => write!(f, "{}{tenant}/{media}", Self::UPLOADS),
            Place::ImportUpload(import, number) => {
                write!(f, "{}{tenant}/{import}/{number:06}.zip", Self::UPLOADS)
            }
            Place::Media(media) => write!(f, "{tenant}/{media}"),
            Place::Volume {
                export,
                number,
                mark,
            } => write!(
                f,
                "{}{tenant}/{export}/{number:06}-{mark:016x}.zip",
                Self::EXPORTS
            ),
        }
    }
}

/// The text is not an object's key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not an object key: it is not made of ids as ours are")]
pub struct InvalidObjectKey;

impl FromStr for ObjectKey {
    type Err = InvalidObjectKey;

    fn from_str(text: &str) -> std::result::Result<Self, InvalidObjectKey> {
        let key = parsed(text).ok_or(InvalidObjectKey)?;
        // One object has one name.
        let is_canonical = key.to_string() == text;
        is_canonical.then_some(key).ok_or(InvalidObjectKey)
    }
}

fn parsed(text: &str) -> Option<ObjectKey> {
    if let Some(rest) = text.strip_prefix(ObjectKey::EXPORTS) {
        let (tenant, rest) = rest.split_once('/')?;
        let (export, file) = rest.split_once('/')?;
        let (number, mark) = file.strip_suffix(".zip")?.split_once('-')?;
        let place = Place::Volume {
            export: export.parse().ok()?,
            number: number.parse().ok()?,
            mark: u64::from_str_radix(mark, 16).ok()?,
        };
        let tenant = tenant.parse().ok()?;
        return Some(ObjectKey { tenant, place });
    }
    let upload = text.strip_prefix(ObjectKey::UPLOADS);
    let (tenant, rest) = upload.unwrap_or(text).split_once('/')?;
    let place = match (upload, rest.split_once('/')) {
        (Some(_), Some((import, file))) => {
            let number = file.strip_suffix(".zip")?.parse().ok()?;
            Place::ImportUpload(import.parse().ok()?, number)
        }
        (Some(_), None) => Place::Upload(rest.parse().ok()?),
        (None, _) => Place::Media(rest.parse().ok()?),
    };
    let tenant = tenant.parse().ok()?;
    Some(ObjectKey { tenant, place })
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

/// Keeps bytes.
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
