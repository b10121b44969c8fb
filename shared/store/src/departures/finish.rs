//! The follow-up of an account that ended: what was stored of its person is removed. Every step may be repeated, also by two
//! at once; whoever dies in between leaves the mark in the index, and the next run goes on.

use domain::delivery::timing::after;
use domain::event::{Actor, Event, EventKind, Owner, Subject};
use domain::tenant::{Tenant, TenantState};
use domain::{EventId, Result, UserId};
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::{DepartureItem, Leaving};
use crate::attribute::{text, text_of};
use crate::condition::{Action, Condition, Write};
use crate::events::Act;
use crate::key::{Key, time_text, user_partition};
use crate::members::MemberSaved;
use crate::schema::{BY_ATTENTION, PK, SK};
use crate::scope::SystemTable;
use crate::shard::{attention_at, departure_partition};
use crate::table::{Query, Range};

/// People of one shard that one look at the index finds, and items that one query of a sweep reads.
const PAGE: i32 = 100;
/// The pause after a follow-up that failed: as long again as the account has been gone, but within these.
const PAUSES: (SignedDuration, SignedDuration) =
    (SignedDuration::from_mins(5), SignedDuration::from_hours(6));
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

    /// Removes what is left of somebody whose account ended. Whether nothing but the mark and the audit log is; if not,
    /// another run goes on. Answers that are kept for repeated requests are in partitions of their own, which nobody finds by
    /// the person: nobody can ask for them any more, and the table forgets them after thirty days. Does nothing to anybody
    /// else.
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

    /// Somebody could not be forgotten altogether: they wait longer each time, so that the rest of their shard comes before
    /// them. Does nothing to anybody of whom nothing is left; may be repeated.
    pub async fn postpone_departure(&self, user: UserId, now: Timestamp) -> Result<()> {
        let key = Key::departure(user);
        let Some(mark) = self.table.get::<DepartureItem>(&key).await? else {
            return Ok(());
        };
        let (shortest, longest) = PAUSES;
        let pause = now.duration_since(mark.at).clamp(shortest, longest);
        let again = text(attention_at(after(now, pause), user));
        let update = Write::update(key, vec![Action::Set(BY_ATTENTION.sort, again)]);
        let update = update.when(Condition::Exists(BY_ATTENTION.partition));
        self.table.write(update).await.map(drop)
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
            self.close_without_owner(leaving, now).await?;
            return Ok(true);
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

    /// A tenant that was made, or taken back, right before the account ended: it is deleted as its owner would have done.
    /// So it is where somebody else belongs to it by now, for nobody could ever manage it.
    async fn close_without_owner(&self, leaving: &Leaving, now: Timestamp) -> Result<()> {
        let tenant = &leaving.tenant;
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
            .await
    }
}
