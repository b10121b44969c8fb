//! Reading an audit log.

use domain::event::Owner;
use domain::{Result, UserId};

use super::block::BlockItem;
use super::chain::AuditRecord;
use crate::item::decode;
use crate::key::{audit_partition, sequence_text};
use crate::scope::{SystemTable, TenantTable};
use crate::table::{Query, Range, Table};

/// Some sealed events of a chain.
#[derive(Clone, Debug)]
pub struct AuditPage {
    /// The events, in the order that was asked for.
    pub records: Vec<AuditRecord>,
    /// The place of the last event that was looked at, where there are more; for the next call.
    pub next: Option<u64>,
}

impl TenantTable<'_> {
    /// Sealed events before place `before` of the tenant's chain, newest first, of up to `blocks` blocks.
    pub async fn audit_before(&self, before: Option<u64>, blocks: i32) -> Result<AuditPage> {
        let owner = Owner::Tenant(self.scope.tenant());
        self.table.audit_before(owner, before, blocks).await
    }

    /// Sealed events after place `after` of the tenant's chain, oldest first, of up to `blocks` blocks.
    pub async fn audit_after(&self, after: u64, blocks: i32) -> Result<AuditPage> {
        let owner = Owner::Tenant(self.scope.tenant());
        self.table.audit_after(owner, after, blocks).await
    }
}

impl SystemTable<'_> {
    /// Sealed events before place `before` of a person's own chain, newest first, of up to `blocks` blocks.
    pub async fn audit_of_user(
        &self,
        user: UserId,
        before: Option<u64>,
        blocks: i32,
    ) -> Result<AuditPage> {
        let owner = Owner::User(user);
        self.table.audit_before(owner, before, blocks).await
    }
}

impl Table {
    async fn audit_before(
        &self,
        owner: Owner,
        before: Option<u64>,
        blocks: i32,
    ) -> Result<AuditPage> {
        // `:` follows the digits: other items of the partition come after the blocks.
        let end = before.map_or_else(|| ":".to_owned(), sequence_text);
        let query = Query::of_table(audit_partition(owner), Range::Below(end));
        let page = self.query(&query.descending().limit(blocks), None).await?;
        let mut records = Vec::new();
        for block in page.items {
            let block: BlockItem = decode(block)?;
            records.extend(block.records()?.into_iter().rev());
        }
        if let Some(before) = before {
            records.retain(|record| record.event.seq < before);
        }
        let last = records.last().map(|record| record.event.seq);
        Ok(AuditPage {
            next: last.filter(|seq| *seq > 1),
            records,
        })
    }

    async fn audit_after(&self, owner: Owner, after: u64, blocks: i32) -> Result<AuditPage> {
        let wanted = sequence_text(after.saturating_add(1));
        // The block that holds the first wanted event begins at it or before.
        let before = Range::Below(format!("{wanted}:"));
        let query = Query::of_table(audit_partition(owner), before).descending();
        let first = self.query(&query.limit(1), None).await?.items;
        let mut items = first;
        if blocks > 1 {
            let range = Range::Between(format!("{wanted}:"), ":".to_owned());
            let query = Query::of_table(audit_partition(owner), range);
            let rest = self.query(&query.limit(blocks - 1), None).await?;
            items.extend(rest.items);
        }
        let mut records = Vec::new();
        for block in items {
            let block: BlockItem = decode(block)?;
            records.extend(block.records()?);
        }
        records.retain(|record| record.event.seq > after);
        // Whether there are more, only a further call tells: the chain grows all the time.
        Ok(AuditPage {
            next: records.last().map(|record| record.event.seq),
            records,
        })
    }
}
