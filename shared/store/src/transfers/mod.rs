//! Exports and imports: how far each is, and which of them somebody must work on.

mod erase;
mod exports;
mod head;
mod imports;
#[cfg(test)]
mod tests;
mod turn;
mod volumes;

use domain::{ExportId, ImportId, Result};
use jiff::Timestamp;

use crate::attribute::{Attributes, text_of};
use crate::key::time_text;
use crate::schema::BY_ATTENTION;
use crate::scope::{SystemTable, TenantScope};
use crate::shard::TRANSFERS_PARTITION;
use crate::table::{Query, Range};

pub use erase::{TransferFile, TransfersToErase};
pub use exports::ExportAdvance;
pub use imports::ImportBegun;
pub use turn::ImportTurn;

/// Transfers that one look takes up.
const WAITING_MAX: i32 = 100;

/// What somebody must work on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Transfer {
    /// An export.
    Export(ExportId),
    /// An import.
    Import(ImportId),
}

impl SystemTable<'_> {
    /// What somebody must work on now, what waits longest first: each step puts a transfer to the end, and one that failed
    /// has to wait. The index lags, so whoever works on something reads it. An entry of a kind that only newer code knows is
    /// left to it.
    pub async fn waiting_transfers(&self, now: Timestamp) -> Result<Vec<(TenantScope, Transfer)>> {
        let partition = TRANSFERS_PARTITION.to_owned();
        // `~` sorts after `#` and everything in an id.
        let due = Range::Below(format!("{}~", time_text(now)));
        let query = Query::of_index(BY_ATTENTION, partition, due).limit(WAITING_MAX);
        let page = self.table.query(&query, None).await?;
        let known = page.items.iter().filter_map(|entry| {
            let transfer = transfer(entry);
            if transfer.is_none() {
                tracing::error!("an entry among exports and imports is neither");
            }
            transfer
        });
        Ok(known.collect())
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
