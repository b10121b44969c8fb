//! Exports and imports that somebody must work on.

use domain::export::Volume;
use domain::{Error, ExportId, ImportId, Result};
use jiff::Timestamp;

use crate::attribute::{Attributes, text_of};
use crate::exports::volume_in;
use crate::imports::uploads_in;
use crate::key::{Key, exports_partition, time_text};
use crate::schema::{BY_ATTENTION, PK, SK};
use crate::scope::{SystemTable, TenantScope, TenantTable};
use crate::shard::TRANSFERS_PARTITION;
use crate::table::{Query, Range};

/// Transfers that one look takes up.
const WAITING_MAX: i32 = 100;
/// Items that one step of an erasure takes up: an import has up to a thousand files.
const ERASED_AT_ONCE: i32 = 10;

/// What somebody must work on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Transfer {
    /// An export.
    Export(ExportId),
    /// An import.
    Import(ImportId),
}

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
        let query = Query::of_table(partition, Range::All).limit(ERASED_AT_ONCE);
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

impl SystemTable<'_> {
    /// What somebody must work on now, what waits longest first: each step puts a transfer to the end, and one that failed
    /// has to wait. The index lags, so whoever works on something reads it.
    pub async fn waiting_transfers(&self, now: Timestamp) -> Result<Vec<(TenantScope, Transfer)>> {
        let partition = TRANSFERS_PARTITION.to_owned();
        // `~` sorts after `#` and everything in an id.
        let due = Range::Below(format!("{}~", time_text(now)));
        let query = Query::of_index(BY_ATTENTION, partition, due).limit(WAITING_MAX);
        let page = self.table.query(&query, None).await?;
        let transfers = page.items.iter().map(|entry| {
            transfer(entry).ok_or_else(|| Error::corrupt("index entry", "it names no transfer"))
        });
        transfers.collect()
    }
}

fn transfer(entry: &Attributes) -> Option<(TenantScope, Transfer)> {
    let tenant = text_of(entry, "ten")?.parse().ok()?;
    let id = text_of(entry, "id")?;
    let transfer = match text_of(entry, "kind")? {
        "export" => Transfer::Export(id.parse().ok()?),
        "import" => Transfer::Import(id.parse().ok()?),
        _ => return None,
    };
    Some((TenantScope::of_own_item(tenant), transfer))
}
