//! The follow-up of an account that ended: what was stored of its person is removed. Every step may be repeated, also by two
//! at once; whoever dies in between leaves the mark in the index, and the next run goes on.

use domain::event::{Actor, Event, EventKind, Owner, Subject};
use domain::tenant::{Tenant, TenantState};
use domain::{EventId, Result, UserId};
use jiff::Timestamp;
use serde_json::Value;

use super::Leaving;
use crate::attribute::text_of;
use crate::condition::{Action, Condition, Write};
use crate::events::Act;
use crate::key::{Key, time_text, user_partition};
use crate::members::MemberSaved;
use crate::schema::{BY_ATTENTION, PK, SK};
use crate::scope::SystemTable;
use crate::shard::departure_partition;
use crate::table::{Query, Range};

/// People of one shard that one look at the index finds, and items that one query of a sweep reads.
const PAGE: i32 = 100;
/// The attribute that says what kind of work an entry is.
const KIND: &str = "kind";

impl SystemTable<'_> {
    /// Some people whose accounts ended, and of whom something may still be there that nobody adds to any more; those that
    /// have waited longest first in each shard.
    pub async fn departures_to_finish(&self, now: Timestamp) -> Result<Vec<UserId>> {
        let mut found = Vec::new();
        for shard in 0..self.table.settings.shards {
            let range = Range::Below(format!("{}~", time_text(now)));
            let query =
                Query::of_index(BY_ATTENTION, departure_partition(shard), range).limit(PAGE);
            let page = self.table.query(&query, None).await?;
            let ids = page.items.iter().filter_map(|entry| text_of(entry, "id"));
            found.extend(ids.filter_map(|id| id.parse::<UserId>().ok()));
        }
        Ok(found)
    }

    /// Removes what is left of somebody whose account ended. Whether nothing but the mark and the audit log is; if not, the
    /// next run goes on. Does nothing to anybody else.
    pub async fn finish_departure(&self, user: UserId, now: Timestamp) -> Result<bool> {
        if !self.has_departed(user).await? {
            return Ok(true);
        }
        self.empty_person(user).await?;
        let outside = vec![Key::avatar(user), Key::tenants_made(user)];
        self.table.batch_delete(outside).await?;
        let mut is_out = true;
        for leaving in self.leavings(user, None).await? {
            is_out &= self.leave(&leaving, now).await?;
        }
        if is_out {
            let leave = [BY_ATTENTION.partition, BY_ATTENTION.sort, KIND].map(Action::Remove);
            let leave = Write::update(Key::departure(user), leave.to_vec());
            let write = leave.when(Condition::Exists(BY_ATTENTION.partition));
            self.table.write(write).await?;
        }
        Ok(is_out)
    }

    /// Removes everything in the person's own partition but the mark.
    async fn empty_person(&self, user: UserId) -> Result<()> {
        let mark = Key::departure(user);
        loop {
            let query = Query::of_table(user_partition(user), Range::All).limit(PAGE);
            let items = self.table.query(&query, None).await?.items;
            let keys = items.iter().filter_map(|item| {
                Some(Key {
                    pk: text_of(item, PK)?.to_owned(),
                    sk: text_of(item, SK)?.to_owned(),
                })
            });
            let keys: Vec<Key> = keys.filter(|key| *key != mark).collect();
            if keys.is_empty() {
                return Ok(());
            }
            self.table.batch_delete(keys).await?;
        }
    }

    /// Leaves a tenant that the index did not know of yet when the account ended. Whether nothing is left to do there.
    async fn leave(&self, leaving: &Leaving, now: Timestamp) -> Result<bool> {
        if leaving.needs_them() {
            return self.close_without_owner(leaving, now).await;
        }
        if !leaving.is_left() {
            return Ok(true);
        }
        let act = Act {
            actor: Actor::User(leaving.membership.user),
            at: now,
        };
        let tenant = self.table.tenant(&leaving.scope());
        let saved = tenant.remove_member(&leaving.membership, &[], &act).await?;
        Ok(saved == MemberSaved::Done)
    }

    /// A tenant that was made right before the account ended, which therefore nobody else belongs to: it is deleted as its
    /// owner would have done.
    async fn close_without_owner(&self, leaving: &Leaving, now: Timestamp) -> Result<bool> {
        let tenant = &leaving.tenant;
        if !leaving.is_only_member {
            tracing::error!(tenant.id = %tenant.id, "the last owner of a tenant has no account any more");
            return Ok(false);
        }
        let deleted = Tenant {
            state: TenantState::Deleted,
            version: tenant.version.saturating_add(1),
            updated_at: now,
            ..tenant.clone()
        };
        let event = Event {
            id: EventId::generate(&self.table.ids),
            owner: Owner::Tenant(tenant.id),
            at: now,
            kind: EventKind::TenantDeleted,
            actor: Actor::system("people"),
            subject: Subject::Tenant(tenant.id),
            origin: None,
            detail: Value::Null,
            operation: self.table.operation(),
        };
        let head = self.table.tenant(&leaving.scope());
        head.delete_head(&deleted, leaving.membership.user, &event)
            .await?;
        Ok(true)
    }
}
