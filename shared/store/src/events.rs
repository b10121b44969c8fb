//! The append-only record of what happened.

use domain::event::{Actor, Event, Subject};
use domain::{EventId, OperationId, PostId, Result, TenantId};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::attribute::millis;
use crate::condition::Write;
use crate::item::{Item, encode};
use crate::key::Key;
use crate::scope::{TenantScope, TenantTable};

/// Who does something, and when: what every act writes down.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Act {
    /// Who.
    pub actor: Actor,
    /// When.
    pub at: Timestamp,
}

impl TenantTable<'_> {
    /// Records that somebody was refused what is not theirs: the one event of an act that changed nothing.
    pub async fn note_denial(&self, act: &Act, detail: Value) -> Result<()> {
        let subject = Subject::Tenant(self.scope.tenant());
        let write = self.event_write(act, "access.denied", subject, detail)?;
        self.table.write(write).await?;
        Ok(())
    }

    /// The write that remembers an act; it belongs into the act's transaction.
    pub(crate) fn event_write(
        &self,
        act: &Act,
        kind: &'static str,
        subject: Subject,
        detail: Value,
    ) -> Result<Write> {
        let item = EventItem::from(&Event {
            id: EventId::generate(&self.table.ids),
            tenant: self.scope.tenant(),
            at: act.at,
            kind,
            actor: act.actor.clone(),
            subject,
            detail,
            operation: self.table.operation(),
        });
        Ok(Write::put(item.key(), encode(&item)?))
    }
}

#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct EventItem {
    pub(crate) id: EventId,
    ten: TenantId,
    #[serde(with = "millis")]
    pub(crate) at: Timestamp,
    #[serde(rename = "event")]
    pub(crate) kind: String,
    pub(crate) actor: Actor,
    pub(crate) subject: Subject,
    #[serde(default)]
    pub(crate) detail: Value,
    operation: OperationId,
    /// Set by the sealer.
    #[serde(default)]
    pub(crate) hash: Option<String>,
}

impl EventItem {
    fn post(&self) -> Option<PostId> {
        match self.subject {
            Subject::Post(post) | Subject::Delivery(post, _) => Some(post),
            Subject::Tenant(_)
            | Subject::Member(_)
            | Subject::Invitation(_)
            | Subject::Role(_)
            | Subject::AccountGroup(_)
            | Subject::ApiKey(_)
            | Subject::Account(_)
            | Subject::Media(_) => None,
        }
    }
}

impl From<&Event> for EventItem {
    fn from(event: &Event) -> Self {
        let Event {
            id,
            tenant,
            at,
            kind,
            actor,
            subject,
            detail,
            operation,
        } = event.clone();
        Self {
            id,
            ten: tenant,
            at,
            kind: kind.to_owned(),
            actor,
            subject,
            detail,
            operation,
            hash: None,
        }
    }
}

impl Item for EventItem {
    const TYPE: &'static str = "event";

    fn key(&self) -> Key {
        let scope = TenantScope::of_own_item(self.ten);
        match self.post() {
            Some(post) => Key::post_event(&scope, post, self.id),
            None => Key::tenant_event(&scope, self.id),
        }
    }
}
