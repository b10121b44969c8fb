//! The object store of the local run: files on disk behind signed addresses of this host.

use std::io::SeekFrom;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use aws_lc_rs::hmac;
use bytes::Bytes;
use cloud::objects::{ObjectHead, ObjectKey, ObjectStore, SignedUpload, UploadTerms};
use domain::{Clock, Error, Result};
use tokio::fs::{self, File};
use tokio::io::{AsyncReadExt as _, AsyncSeekExt as _};
use url::Url;

mod expiry;
mod routes;
mod signature;

pub(crate) use routes::router;

use signature::Signed;

use crate::keys::KeyFile;

const NAME: &str = "the object store";

/// Objects as files. Clones share the folder.
#[derive(Clone, Debug)]
pub(crate) struct DiskObjects {
    folder: PathBuf,
    base: Url,
    key: hmac::Key,
    clock: Arc<dyn Clock>,
}

impl DiskObjects {
    /// Objects in `folder`, served under `/local/objects` of the host at `base`.
    pub(crate) fn open(
        folder: &Path,
        base: Url,
        keys: &KeyFile,
        clock: Arc<dyn Clock>,
    ) -> std::io::Result<Self> {
        std::fs::create_dir_all(folder)?;
        Ok(Self {
            folder: folder.to_owned(),
            base,
            key: keys.signing_key("object addresses"),
            clock,
        })
    }

    /// The file with an object's bytes: it exists if and only if the object does.
    fn file(&self, key: ObjectKey) -> PathBuf {
        self.folder.join(key.to_string())
    }

    /// The file beside it with the content type.
    fn type_file(&self, key: ObjectKey) -> PathBuf {
        self.file(key).with_extension("type")
    }

    fn address(&self, signed: &Signed) -> Result<Url> {
        let mut url = self
            .base
            .join(&format!("/local/objects/{}", signed.key))
            .map_err(|error| Error::internal("an address cannot be signed", error))?;
        url.set_query(Some(&signed.to_query(&self.key)));
        Ok(url)
    }

    fn expiry(&self, lifetime: Duration) -> i64 {
        let now = self.clock.now();
        now.saturating_add(lifetime).unwrap_or(now).as_second()
    }
}

#[async_trait]
impl ObjectStore for DiskObjects {
    async fn presign_upload(&self, key: ObjectKey, terms: &UploadTerms) -> Result<SignedUpload> {
        let signed = Signed {
            key,
            expires: self.expiry(terms.lifetime),
            upload: Some((terms.content_type.clone(), terms.bytes)),
        };
        let content_type = ("content-type".to_owned(), terms.content_type.clone());
        Ok(SignedUpload {
            method: "PUT",
            url: self.address(&signed)?,
            headers: [content_type].into(),
        })
    }

    async fn presign_read(&self, key: ObjectKey, lifetime: Duration) -> Result<Url> {
        self.address(&Signed {
            key,
            expires: self.expiry(lifetime),
            upload: None,
        })
    }

    async fn head(&self, key: ObjectKey) -> Result<Option<ObjectHead>> {
        let Some(file) = found(fs::metadata(self.file(key)).await)? else {
            return Ok(None);
        };
        let content_type = found(fs::read_to_string(self.type_file(key)).await)?;
        Ok(Some(ObjectHead {
            bytes: file.len(),
            content_type: content_type.unwrap_or_default(),
        }))
    }

    async fn get_range(&self, key: ObjectKey, range: Range<u64>) -> Result<Option<Bytes>> {
        let Some(mut file) = found(File::open(self.file(key)).await)? else {
            return Ok(None);
        };
        let read = async {
            file.seek(SeekFrom::Start(range.start)).await?;
            let length = range.end.saturating_sub(range.start);
            let mut bytes = Vec::new();
            file.take(length).read_to_end(&mut bytes).await?;
            Ok(bytes)
        };
        let bytes = read.await.map_err(unavailable)?;
        Ok(Some(bytes.into()))
    }

    async fn get(&self, key: ObjectKey, most: u64) -> Result<Option<Bytes>> {
        match self.head(key).await? {
            Some(head) if head.bytes > most => Err(Error::TooLarge { limit: most }),
            Some(head) => self.get_range(key, 0..head.bytes).await,
            None => Ok(None),
        }
    }

    async fn put(&self, key: ObjectKey, content_type: &str, bytes: Bytes) -> Result<()> {
        let size = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        let body = axum::body::Body::from(bytes).into_data_stream();
        self.store(key, content_type, size, body).await
    }

    async fn delete(&self, key: ObjectKey) -> Result<()> {
        found(fs::remove_file(self.file(key)).await)?;
        found(fs::remove_file(self.type_file(key)).await)?;
        Ok(())
    }
}

fn found<T>(result: std::io::Result<T>) -> Result<Option<T>> {
    match result {
        Ok(found) => Ok(Some(found)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(unavailable(error)),
    }
}

fn unavailable(error: std::io::Error) -> Error {
    Error::unavailable(NAME, error)
}

#[cfg(test)]
mod tests;
