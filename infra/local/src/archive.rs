//! The archive of the local run: files that are written once.

use std::ffi::OsStr;
use std::fs::{self, OpenOptions, Permissions};
use std::io::{ErrorKind, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use async_trait::async_trait;
use bytes::Bytes;
use cloud::archive::Archive;
use domain::{Error, Result};
use tokio::task::{JoinError, spawn_blocking};

/// Nobody writes to what is kept.
const READ_ONLY: u32 = 0o400;
/// How a file is called that is being written.
const PART: &str = "part";

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

    /// Takes the name once everything is written: whoever dies in between has kept nothing.
    fn keep_blocking(&self, name: &str, bytes: &[u8]) -> std::io::Result<()> {
        let path = self.folder.join(name);
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent)?;
        }
        let part = path.with_extension(PART);
        forget(&part)?;
        let mut file = OpenOptions::new()
            .create_new(true)
            .write(true)
            .open(&part)?;
        file.write_all(bytes)?;
        file.set_permissions(Permissions::from_mode(READ_ONLY))?;
        file.sync_all()?;
        let kept = fs::hard_link(&part, path);
        forget(&part)?;
        kept
    }

    fn read_blocking(&self, name: &str) -> std::io::Result<Option<Bytes>> {
        match fs::read(self.folder.join(name)) {
            Ok(bytes) => Ok(Some(bytes.into())),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn names_blocking(&self, folder: &str) -> std::io::Result<Vec<String>> {
        let entries = match fs::read_dir(self.folder.join(folder)) {
            Ok(entries) => entries,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(error),
        };
        let mut names = Vec::new();
        for entry in entries {
            let path = entry?.path();
            let name = path.file_name().and_then(OsStr::to_str);
            if path.extension() != Some(OsStr::new(PART)) {
                names.extend(name.map(|name| format!("{folder}{name}")));
            }
        }
        names.sort();
        Ok(names)
    }
}

/// Removes what somebody left who died.
fn forget(part: &Path) -> std::io::Result<()> {
    match fs::remove_file(part) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
        Ok(()) | Err(_) => Ok(()),
    }
}

fn answered<T>(call: std::result::Result<std::io::Result<T>, JoinError>) -> Result<T> {
    match call {
        Ok(Ok(answer)) => Ok(answer),
        Ok(Err(error)) if error.kind() == ErrorKind::AlreadyExists => Err(Error::conflict(
            "already_kept",
            "the archive has something under this name",
        )),
        Ok(Err(error)) => Err(Error::unavailable("the archive", error)),
        Err(error) => Err(Error::internal("the archive failed", error)),
    }
}

#[async_trait]
impl Archive for DiskArchive {
    async fn keep(&self, name: &str, _content_type: &str, bytes: Bytes) -> Result<()> {
        let (archive, name) = (self.clone(), name.to_owned());
        answered(spawn_blocking(move || archive.keep_blocking(&name, &bytes)).await)
    }

    async fn read(&self, name: &str) -> Result<Option<Bytes>> {
        let (archive, name) = (self.clone(), name.to_owned());
        answered(spawn_blocking(move || archive.read_blocking(&name)).await)
    }

    async fn names(&self, folder: &str) -> Result<Vec<String>> {
        let (archive, folder) = (self.clone(), folder.to_owned());
        answered(spawn_blocking(move || archive.names_blocking(&folder)).await)
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

    #[tokio::test]
    async fn document_whose_writer_died_is_kept_by_the_next_one() {
        let folder = tempfile::tempdir().unwrap();
        let archive = DiskArchive::open(folder.path()).unwrap();
        fs::create_dir(folder.path().join("a")).unwrap();
        let left = folder.path().join("a/b.part");
        fs::write(&left, "fir").unwrap();
        fs::set_permissions(&left, Permissions::from_mode(READ_ONLY)).unwrap();
        assert_eq!(archive.read("a/b.json").await.unwrap(), None);
        assert_eq!(archive.names("a/").await.unwrap(), [] as [String; 0]);

        let kept = archive.keep("a/b.json", "application/json", "second".into());
        kept.await.unwrap();

        let read = archive.read("a/b.json").await.unwrap();
        assert_eq!(read.as_deref(), Some(&b"second"[..]));
        assert_eq!(archive.names("a/").await.unwrap(), ["a/b.json"]);
        assert_eq!(archive.names("b/").await.unwrap(), [] as [String; 0]);
        assert!(!left.exists());
    }
}
