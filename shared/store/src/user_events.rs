//! What happened to a person's own account: events that belong to no tenant.

use domain::event::{Actor, Event, EventKind, Owner, Subject};
use domain::user::Origin;
use domain::{EventId, Result, UserId};
use jiff::Timestamp;
use serde_json::Value;

use crate::condition::Write;
use crate::events::EventItem;
use crate::item::decode;
use crate::key::user_events_partition;
use crate::scope::SystemTable;
use crate::table::{Query, Range};

/// Something that happens to a person's account: what every such act writes down.
#[derive(Clone, Debug, PartialEq)]
pub struct UserAct {
    /// When.
    pub at: Timestamp,
    /// What happens.
    pub kind: EventKind,
    /// From where.
    pub origin: Origin,
    /// What is worth knowing, without secrets.
    pub detail: Value,
}

/// An act as it is remembered.
#[derive(Clone, Debug, PartialEq)]
pub struct UserEvent {
    /// Its id; sorts by time.
    pub id: EventId,
    /// When.
    pub at: Timestamp,
    /// What happened.
    pub kind: String,
    /// From where.
    pub origin: Origin,
    /// What is worth knowing.
    pub detail: Value,
}

impl SystemTable<'_> {
    /// The write that remembers an act; it belongs into the act's transaction.
    pub(crate) fn user_event_write(self, user: UserId, act: &UserAct) -> Result<Write> {
        let UserAct {
            at,
            kind,
            origin,
            detail,
        } = act.clone();
        self.table.event_put(&Event {
            id: EventId::generate(&self.table.ids),
            owner: Owner::User(user),
            at,
            kind,
            actor: Actor::User(user),
            subject: Subject::User(user),
            origin: Some(origin),
            detail,
            operation: self.table.operation(),
        })
    }

    /// The newest events of a person's account, newest first.
    pub async fn user_events(&self, user: UserId, limit: i32) -> Result<Vec<UserEvent>> {
        let query = Query::of_table(user_events_partition(user), Range::All)
            .descending()
            .limit(limit);
        let page = self.table.query(&query, None).await?;
        let events = page.items.into_iter().map(|attributes| {
            let item: EventItem = decode(attributes)?;
            Ok(UserEvent {
                id: item.id,
                at: item.at,
                kind: item.kind,
                origin: item.origin.unwrap_or_default(),
                detail: item.detail,
            })
        });
        events.collect()
    }
}
