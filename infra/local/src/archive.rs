//! The archive of the local run: files that are written once.

use std::fs::{self, OpenOptions, Permissions};
use std::io::{ErrorKind, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use async_trait::async_trait;
use bytes::Bytes;
use cloud::archive::Archive;
use domain::{Error, Result};

/// Nobody writes to what is kept.
const READ_ONLY: u32 = 0o400;

/// A folder of documents.
#[derive(Clone, Debug)]
pub(crate) struct DiskArchive {
    folder: PathBuf,
}

impl DiskArchive {
    /// Opens the folder, or makes it.
    pub(crate) fn open(folder: &Path) -> std::io::Result<Self> {
        fs::create_dir_all(folder)?;
        Ok(Self {
            folder: folder.to_owned(),
        })
    }

    fn keep_blocking(&self, name: &str, bytes: &[u8]) -> std::io::Result<()> {
        let path = self.folder.join(name);
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent)?;
        }
        let mut file = OpenOptions::new().create_new(true).write(true).open(path)?;
        file.write_all(bytes)?;
        file.set_permissions(Permissions::from_mode(READ_ONLY))?;
        file.sync_all()
    }
}

#[async_trait]
impl Archive for DiskArchive {
    async fn keep(&self, name: &str, _content_type: &str, bytes: Bytes) -> Result<()> {
        let (archive, name) = (self.clone(), name.to_owned());
        let kept = tokio::task::spawn_blocking(move || archive.keep_blocking(&name, &bytes)).await;
        match kept {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) if error.kind() == ErrorKind::AlreadyExists => Err(Error::conflict(
                "already_kept",
                "the archive has something under this name",
            )),
            Ok(Err(error)) => Err(Error::unavailable("the archive", error)),
            Err(error) => Err(Error::internal("the archive failed", error)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn document_that_is_kept_is_never_overwritten() {
        let folder = tempfile::tempdir().unwrap();
        let archive = DiskArchive::open(folder.path()).unwrap();
        let keep = |text: &'static str| archive.keep("a/b.json", "application/json", text.into());
        keep("first").await.unwrap();

        let refusal = keep("second").await.unwrap_err();

        assert!(matches!(refusal, Error::Conflict { .. }));
        let path = folder.path().join("a/b.json");
        assert_eq!(fs::read_to_string(&path).unwrap(), "first");
        let mode = fs::metadata(path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, READ_ONLY);
    }
}
