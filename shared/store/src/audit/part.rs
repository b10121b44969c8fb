//! Reading an audit log together with what proves it.

use domain::Result;

use super::chain::AuditRecord;
use super::checkpoint::Witness;
use crate::scope::TenantTable;

/// Some sealed events of a chain, oldest first, and what proves them.
#[derive(Clone, Debug)]
pub struct AuditPart {
    /// The events.
    pub records: Vec<AuditRecord>,
    /// The owner's parts of the checkpoints over ends among these events. Where there is no event any more: of the newest
    /// one that has seen some all the same, which were cut off.
    pub witnesses: Vec<Witness>,
    /// The place of the last event, for the next call; `None` at the end of the chain.
    pub next: Option<u64>,
}

impl TenantTable<'_> {
    /// Sealed events after place `after` of the tenant's chain, of up to `blocks` blocks, with what proves them.
    pub async fn audit_part(&self, after: u64, blocks: i32) -> Result<AuditPart> {
        loop {
            let page = self.audit_after(after, blocks).await?;
            let witnesses = match page.next {
                Some(last) => self.audit_witnesses(after, last).await?,
                // There is one an hour of what was cut off, more than an answer holds, and the newest says it all.
                None => self
                    .newest_audit_witness(after)
                    .await?
                    .into_iter()
                    .collect(),
            };
            // What is sealed, and seen by a checkpoint, after the events were read is not missing: they are read again.
            let is_whole = page.next.is_some() || witnesses.is_empty();
            if is_whole || self.audit_after(after, 1).await?.next.is_none() {
                return Ok(AuditPart {
                    records: page.records,
                    witnesses,
                    next: page.next,
                });
            }
        }
    }
}
