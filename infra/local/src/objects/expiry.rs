//! Uploads that nobody completed. The bucket of a deployment forgets them by a rule; here a timer does.

use std::io;
use std::path::Path;
use std::time::{Duration, SystemTime};

use cloud::objects::ObjectKey;

use super::DiskObjects;

/// As in `infra/data.yaml`.
const KEPT: Duration = Duration::from_hours(24);

impl DiskObjects {
    /// Removes the uploads, also those that broke off, that are older than a day.
    pub(crate) async fn forget_old_uploads(&self) -> io::Result<()> {
        let uploads = self.folder.join(ObjectKey::UPLOADS);
        let before = SystemTime::from(self.clock.now()).checked_sub(KEPT);
        let removed = tokio::task::spawn_blocking(move || {
            before.map_or(Ok(()), |before| remove_older(&uploads, before))
        });
        removed.await.map_err(io::Error::other)?
    }
}

fn remove_older(folder: &Path, before: SystemTime) -> io::Result<()> {
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error),
    };
    for entry in entries {
        let entry = entry?;
        let found = entry.metadata()?;
        if found.is_dir() {
            remove_older(&entry.path(), before)?;
        } else if found.modified()? < before {
            std::fs::remove_file(entry.path())?;
        }
    }
    Ok(())
}
