//! Uploads that nobody completed, and exports of the past. The bucket of a deployment forgets them by rules; here a timer
//! does.

use std::io;
use std::path::Path;
use std::time::{Duration, SystemTime};

use cloud::objects::ObjectKey;

use super::DiskObjects;

/// What is forgotten after which time, as in `infra/data.yaml`.
const KEPT: [(&str, Duration); 2] = [
    (ObjectKey::UPLOADS, Duration::from_hours(24)),
    (ObjectKey::EXPORTS, Duration::from_hours(8 * 24)),
];

impl DiskObjects {
    /// Removes the uploads, also those that broke off, that are older than a day, and exports older than eight.
    pub(crate) async fn forget_old_objects(&self) -> io::Result<()> {
        let now = SystemTime::from(self.clock.now());
        let folder = self.folder.clone();
        let removed = tokio::task::spawn_blocking(move || {
            KEPT.into_iter().try_for_each(|(name, kept)| {
                let before = now.checked_sub(kept);
                before.map_or(Ok(()), |before| remove_older(&folder.join(name), before))
            })
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
