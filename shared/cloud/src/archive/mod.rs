//! A store that keeps what it is given: nothing in it can be changed, and nothing removed before its time.

use std::fmt;

use async_trait::async_trait;
use bytes::Bytes;
use domain::Result;

mod s3;

pub use s3::S3Archive;

/// Keeps documents.
#[async_trait]
pub trait Archive: fmt::Debug + Send + Sync {
    /// Keeps a document under a name that was never used, such as `checkpoints/2026-12-01T09:00:00Z.json`. A name that
    /// is taken is refused as [`domain::Error::Conflict`], and what is kept there stays.
    async fn keep(&self, name: &str, content_type: &str, bytes: Bytes) -> Result<()>;

    /// What is kept under a name; `None` where nothing is.
    async fn read(&self, name: &str) -> Result<Option<Bytes>>;

    /// All names below a folder, which ends with `/`, such as `erasures/`; in their order.
    async fn names(&self, folder: &str) -> Result<Vec<String>>;
}
