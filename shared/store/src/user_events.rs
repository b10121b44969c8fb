//! The append-only record of what happened to a person's own account: it belongs to no tenant.

use domain::user::Origin;
use domain::{EventId, OperationId, Result, UserId};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::attribute::millis;
use crate::condition::Write;
use crate::item::{Item, decode, encode};
use crate::key::{Key, user_events_partition};
use crate::scope::SystemTable;
use crate::table::{Query, Range};

/// How long events of people are kept: what security needs to look back, and no longer.
const KEPT: SignedDuration = SignedDuration::from_hours(400 * 24);

/// Something that happens to a person's account: what every such act writes down.
#[derive(Clone, Debug, PartialEq)]
pub struct UserAct {
    /// When.
    pub at: Timestamp,
    /// `user.signed_in`, `user.password_changed`, …
    pub kind: &'static str,
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

#[derive(Debug, Serialize, Deserialize)]
struct UserEventItem {
    id: EventId,
    user: UserId,
    #[serde(with = "millis")]
    at: Timestamp,
    #[serde(rename = "event")]
    kind: String,
    #[serde(default)]
    origin: Origin,
    #[serde(default)]
    detail: Value,
    operation: OperationId,
    exp: i64,
}

impl Item for UserEventItem {
    const TYPE: &'static str = "user_event";

    fn key(&self) -> Key {
        Key::user_event(self.user, self.id)
    }
}

impl SystemTable<'_> {
    /// The write that remembers an act; it belongs into the act's transaction.
    pub(crate) fn user_event_write(self, user: UserId, act: &UserAct) -> Result<Write> {
        let item = UserEventItem {
            id: EventId::generate(&self.table.ids),
            user,
            at: act.at,
            kind: act.kind.to_owned(),
            origin: act.origin.clone(),
            detail: act.detail.clone(),
            operation: self.table.operation(),
            exp: act.at.saturating_add(KEPT).unwrap_or(act.at).as_second(),
        };
        Ok(Write::put(item.key(), encode(&item)?))
    }

    /// The newest events of a person's account, newest first.
    pub async fn user_events(&self, user: UserId, limit: i32) -> Result<Vec<UserEvent>> {
        let query = Query::of_table(user_events_partition(user), Range::All)
            .descending()
            .limit(limit);
        let page = self.table.query(&query, None).await?;
        let events = page.items.into_iter().map(|attributes| {
            let item: UserEventItem = decode(attributes)?;
            Ok(UserEvent {
                id: item.id,
                at: item.at,
                kind: item.kind,
                origin: item.origin,
                detail: item.detail,
            })
        });
        events.collect()
    }
}
