//! The folder that holds everything, and the lock that keeps a second process out of it.

use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::io::Write as _;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, anyhow};

/// The data folder, held by this process alone until it is dropped.
#[derive(Debug)]
pub(crate) struct DataFolder {
    path: PathBuf,
    _lock: File,
}

impl DataFolder {
    /// Makes the folder if it is not there, and takes its lock. The system gives the lock back however the process ends.
    pub(crate) fn open(path: &Path) -> Result<Self> {
        let shown = path.display();
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(path)
            .with_context(|| {
                format!("the data folder {shown} cannot be made: set M1A_DATA_DIR to a folder that you can write to")
            })?;
        let lock = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .mode(0o600)
            .open(path.join("lock"))
            .with_context(|| {
                format!("the data folder {shown} cannot be written to: set M1A_DATA_DIR to one that you can write to")
            })?;
        match lock.try_lock() {
            Ok(()) => Ok(Self {
                path: path.to_owned(),
                _lock: lock,
            }),
            Err(TryLockError::WouldBlock) => Err(anyhow!(
                "another M1Autoposter uses the data folder {shown}: stop it first, or set M1A_DATA_DIR to another folder"
            )),
            Err(TryLockError::Error(error)) => {
                Err(error).with_context(|| format!("the data folder {shown} cannot be locked"))
            }
        }
    }

    /// The path of something in the folder.
    pub(crate) fn join(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }
}

/// Writes a file that only its owner can read, all or nothing, and durably: into a new file beside it, which then takes
/// its name.
pub(crate) fn write_durably(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let beside = path.with_extension("new");
    let mut file = OpenOptions::new()
        .create(true)
        .truncate(true)
        .write(true)
        .mode(0o600)
        .open(&beside)?;
    file.write_all(bytes)?;
    rename_durably(&file, &beside, path)
}

/// Gives a written file its final name, durably.
pub(crate) fn rename_durably(file: &File, from: &Path, to: &Path) -> std::io::Result<()> {
    file.sync_all()?;
    fs::rename(from, to)?;
    match to.parent() {
        Some(folder) => File::open(folder)?.sync_all(),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folder_in_use_by_another_is_refused() {
        let temporary = tempfile::tempdir().unwrap();
        let path = temporary.path().join("state");
        let first = DataFolder::open(&path).unwrap();

        let refusal = DataFolder::open(&path).unwrap_err().to_string();
        drop(first);

        assert!(refusal.contains("another M1Autoposter uses"), "{refusal}");
        assert!(DataFolder::open(&path).is_ok());
    }

    #[test]
    fn folder_below_a_file_is_refused_with_what_to_do() {
        let temporary = tempfile::tempdir().unwrap();
        let file = temporary.path().join("file");
        fs::write(&file, "").unwrap();

        let refusal = DataFolder::open(&file.join("state")).unwrap_err();

        assert!(refusal.to_string().contains("set M1A_DATA_DIR"));
    }
}
