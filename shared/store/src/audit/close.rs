//! The end of the log of a tenant that is erased: nothing is sealed into it any more.

use domain::Result;
use domain::event::Owner;
use jiff::{SignedDuration, Timestamp};

use super::block::{BlockItem, End};
use crate::condition::{Condition, Write};
use crate::item::{Item, encode};
use crate::scope::TenantTable;
use crate::table::Written;

/// How long the place of the next block is kept. A sealer that has read the end of the log has written its block within a
/// minute, or never.
const KEPT: SignedDuration = SignedDuration::from_hours(24);

impl TenantTable<'_> {
    /// Puts something in the place of the next block, so that whoever is about to write that block finds it taken: what
    /// is removed from the log after this does not come back. May be repeated.
    pub(crate) async fn close_audit_log(&self, now: Timestamp) -> Result<()> {
        let owner = Owner::Tenant(self.scope.tenant());
        let until = now.saturating_add(KEPT).unwrap_or(now).as_second();
        loop {
            let last = self.table.last_block(owner).await?;
            if last.as_ref().is_some_and(|block| block.closed.is_some()) {
                return Ok(());
            }
            let end = last.map_or(End::EMPTY, |block| block.end());
            let closing = BlockItem::closing(owner, end, now, until);
            let write = Write::put(closing.key(), encode(&closing)?);
            // Refused where a sealer was quicker: the log has another end.
            if let Written::Applied(_) = self
                .table
                .write(write.when(Condition::item_absent()))
                .await?
            {
                return Ok(());
            }
        }
    }

    /// The place that is kept where the log is closed.
    pub(crate) async fn audit_log_closed_at(&self) -> Result<Option<u64>> {
        let owner = Owner::Tenant(self.scope.tenant());
        let last = self.table.last_block(owner).await?;
        Ok(last
            .filter(|block| block.closed.is_some())
            .map(|block| block.first))
    }
}
