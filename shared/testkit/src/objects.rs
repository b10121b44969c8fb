//! Objects in memory.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use cloud::objects::{ObjectHead, ObjectKey, ObjectStore, SignedUpload, UploadTerms};
use domain::{Error, Result};
use url::Url;

/// Keeps objects. Its addresses lead nowhere: a test puts bytes itself.
#[derive(Debug, Default)]
pub struct MemoryObjects(Mutex<HashMap<ObjectKey, (String, Bytes)>>);

impl MemoryObjects {
    /// Without objects.
    pub fn new() -> Arc<Self> {
        Arc::default()
    }

    /// What an upload by the signed address does.
    pub fn upload(&self, key: ObjectKey, content_type: &str, bytes: impl Into<Bytes>) {
        self.0
            .lock()
            .expect("no panic while locked")
            .insert(key, (content_type.to_owned(), bytes.into()));
    }

    /// How many objects there are.
    pub fn count(&self) -> usize {
        self.0.lock().expect("no panic while locked").len()
    }

    /// What every object holds, with its key and its content type.
    pub fn all(&self) -> Vec<(ObjectKey, String, Bytes)> {
        let objects = self.0.lock().expect("no panic while locked");
        let all = objects
            .iter()
            .map(|(key, (kind, bytes))| (*key, kind.clone(), bytes.clone()));
        all.collect()
    }

    fn address(key: ObjectKey) -> Url {
        format!("https://objects.test/{key}")
            .parse()
            .expect("an address")
    }

    fn bytes(&self, key: ObjectKey) -> Option<Bytes> {
        self.0
            .lock()
            .expect("no panic while locked")
            .get(&key)
            .map(|(_, bytes)| bytes.clone())
    }
}

#[async_trait]
impl ObjectStore for MemoryObjects {
    async fn presign_upload(&self, key: ObjectKey, terms: &UploadTerms) -> Result<SignedUpload> {
        let headers = [("content-type".to_owned(), terms.content_type.clone())].into();
        Ok(SignedUpload {
            method: "PUT",
            url: Self::address(key),
            headers,
        })
    }

    async fn presign_read(&self, key: ObjectKey, _lifetime: Duration) -> Result<Url> {
        Ok(Self::address(key))
    }

    async fn head(&self, key: ObjectKey) -> Result<Option<ObjectHead>> {
        Ok(self
            .0
            .lock()
            .expect("no panic while locked")
            .get(&key)
            .map(|(content_type, bytes)| ObjectHead {
                bytes: u64::try_from(bytes.len()).expect("a length"),
                content_type: content_type.clone(),
            }))
    }

    async fn get_range(&self, key: ObjectKey, range: Range<u64>) -> Result<Option<Bytes>> {
        Ok(self.bytes(key).map(|bytes| {
            let cut = |place: u64| {
                usize::try_from(place)
                    .unwrap_or(usize::MAX)
                    .min(bytes.len())
            };
            bytes.slice(cut(range.start)..cut(range.end))
        }))
    }

    async fn get(&self, key: ObjectKey, most: u64) -> Result<Option<Bytes>> {
        match self.bytes(key) {
            Some(bytes) if u64::try_from(bytes.len()).is_ok_and(|length| length > most) => {
                Err(Error::TooLarge { limit: most })
            }
            found => Ok(found),
        }
    }

    async fn put(&self, key: ObjectKey, content_type: &str, bytes: Bytes) -> Result<()> {
        self.upload(key, content_type, bytes);
        Ok(())
    }

    async fn delete(&self, key: ObjectKey) -> Result<()> {
        self.0.lock().expect("no panic while locked").remove(&key);
        Ok(())
    }
}
