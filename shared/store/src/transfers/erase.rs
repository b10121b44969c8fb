//! Erasing exports and imports: their files first, then what names them.

use domain::export::Volume;
use domain::{Error, ExportId, ImportId, Result};

use super::imports::uploads_in;
use super::volumes::volume_in;
use crate::attribute::text_of;
use crate::key::{Key, exports_partition};
use crate::schema::{PK, SK};
use crate::scope::TenantTable;
use crate::table::{Query, Range};

/// Items that one step of an erasure takes up: an import has up to a thousand files.
const AT_ONCE: i32 = 10;

/// A file that is stored for an export or an import.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TransferFile {
    /// A volume of an export.
    Volume(ExportId, Volume),
    /// A file of an import, by its number from 1: uploaded, perhaps.
    Upload(ImportId, u32),
}

/// Items of exports and imports, with the files that they name.
#[derive(Clone, Debug, Default)]
pub struct TransfersToErase {
    /// The files, which must go first.
    pub files: Vec<TransferFile>,
    items: Vec<Key>,
}

impl TransfersToErase {
    /// Whether nothing is left.
    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }
}

impl TenantTable<'_> {
    /// Some exports and imports whose files may still be there. They are gone by [`Self::erase_transfers`], after their files.
    pub async fn transfers_to_erase(&self) -> Result<TransfersToErase> {
        let partition = exports_partition(self.scope.tenant());
        let query = Query::of_table(partition, Range::All).limit(AT_ONCE);
        let page = self.table.query(&query, None).await?;
        let mut found = TransfersToErase::default();
        for item in &page.items {
            let (Some(pk), Some(sk)) = (text_of(item, PK), text_of(item, SK)) else {
                return Err(Error::corrupt("transfer", "it has no key"));
            };
            found.items.push(Key {
                pk: pk.to_owned(),
                sk: sk.to_owned(),
            });
            if let Some((export, volume)) = volume_in(item)? {
                found.files.push(TransferFile::Volume(export, volume));
            }
            if let Some((import, files)) = uploads_in(item)? {
                let uploads = (1..=files).map(|number| TransferFile::Upload(import, number));
                found.files.extend(uploads);
            }
        }
        Ok(found)
    }

    /// Removes exports and imports whose files are gone.
    pub async fn erase_transfers(&self, erased: TransfersToErase) -> Result<()> {
        self.table.batch_delete(erased.items).await
    }
}
