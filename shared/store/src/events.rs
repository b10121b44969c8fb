//! The append-only record of what happened.

use domain::event::{Actor, Event, EventKind, Owner, Subject};
use domain::user::Origin;
use domain::{EventId, OperationId, Result, TenantId, UserId};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::attribute::{millis, text, value};
use crate::audit::AuditEvent;
use crate::condition::Write;
use crate::item::{Item, encode};
use crate::key::Key;
use crate::schema::BY_ATTENTION;
use crate::scope::{TenantScope, TenantTable};
use crate::shard::{AttentionKind, attention_at, attention_shard};
use crate::table::Table;

/// How long is remembered what people do with their own accounts: what security needs to look back, and no longer.
const OF_PEOPLE_KEPT: SignedDuration = SignedDuration::from_hours(400 * 24);

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
        let write = self.event_write(act, EventKind::AccessDenied, subject, detail)?;
        self.table.write(write).await?;
        Ok(())
    }

    /// The write that remembers an act; it belongs into the act's transaction.
    pub(crate) fn event_write(
        &self,
        act: &Act,
        kind: EventKind,
        subject: Subject,
        detail: Value,
    ) -> Result<Write> {
        let owner = Owner::Tenant(self.scope.tenant());
        self.table.event_write(owner, act, kind, subject, detail)
    }

    /// Remembers something that changed nothing else, such as an export.
    pub async fn record(
        &self,
        act: &Act,
        kind: EventKind,
        subject: Subject,
        detail: Value,
    ) -> Result<()> {
        let write = self.event_write(act, kind, subject, detail)?;
        self.table.write(write).await?;
        Ok(())
    }
}

impl Table {
    /// The write that remembers an event; it belongs into the transaction of the act.
    pub(crate) fn event_put(&self, event: &Event) -> Result<Write> {
        let item = EventItem::from(event);
        let mut attributes = encode(&item)?;
        if event.kind.is_audited() {
            // One shard per owner: whoever works on it seals all of the owner's events at once.
            let shard = attention_shard(event.owner.as_uuid(), self.settings.shards);
            let at = attention_at(event.at, event.id);
            attributes.insert("kind".to_owned(), value(&AttentionKind::Seal)?);
            attributes.insert(BY_ATTENTION.partition.to_owned(), text(shard));
            attributes.insert(BY_ATTENTION.sort.to_owned(), text(at));
        }
        Ok(Write::put(item.key(), attributes))
    }

    /// The write that remembers an act in the record of this owner; it belongs into the act's transaction.
    pub(crate) fn event_write(
        &self,
        owner: Owner,
        act: &Act,
        kind: EventKind,
        subject: Subject,
        detail: Value,
    ) -> Result<Write> {
        self.event_put(&Event {
            id: EventId::generate(&self.ids),
            owner,
            at: act.at,
            kind,
            actor: act.actor.clone(),
            subject,
            origin: None,
            detail,
            operation: self.operation(),
        })
    }
}

/// When the product forgets what an owner's record says of this time, in seconds since the epoch; never of a tenant.
pub(crate) fn forgotten_at(owner: Owner, at: Timestamp) -> Option<i64> {
    match owner {
        Owner::Tenant(_) => None,
        Owner::User(_) => kept_of_people_until(at),
    }
}

/// Until when it is remembered what a person did with their own account at this time, in seconds since the epoch.
pub(crate) fn kept_of_people_until(at: Timestamp) -> Option<i64> {
    let until = at.saturating_add(OF_PEOPLE_KEPT).ok();
    until.map(Timestamp::as_second)
}

#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct EventItem {
    pub(crate) id: EventId,
    #[serde(flatten)]
    owner: OwnerAttribute,
    #[serde(with = "millis")]
    pub(crate) at: Timestamp,
    #[serde(rename = "event")]
    pub(crate) kind: String,
    pub(crate) actor: Actor,
    pub(crate) subject: Subject,
    #[serde(default)]
    pub(crate) origin: Option<Origin>,
    #[serde(default)]
    pub(crate) detail: Value,
    pub(crate) operation: OperationId,
    /// Its place in the owner's chain, from 1; set when it is sealed.
    #[serde(default)]
    pub(crate) seq: Option<u64>,
    /// The link of the owner's chain that seals it, hexadecimal; set together with `seq`.
    #[serde(default)]
    pub(crate) hash: Option<String>,
    #[serde(default)]
    exp: Option<i64>,
}

impl EventItem {
    /// Whose it is.
    pub(crate) fn owner(&self) -> Owner {
        self.owner.into()
    }

    /// Where an event that was read from the audit log is stored itself.
    pub(crate) fn place(event: &AuditEvent) -> Key {
        key(event.owner, event.subject, event.id)
    }
}

impl From<&Event> for EventItem {
    fn from(event: &Event) -> Self {
        let Event {
            id,
            owner,
            at,
            kind,
            actor,
            subject,
            origin,
            detail,
            operation,
        } = event.clone();
        Self {
            id,
            owner: owner.into(),
            at,
            kind: kind.name().to_owned(),
            actor,
            subject,
            origin,
            detail,
            operation,
            seq: None,
            hash: None,
            exp: forgotten_at(owner, at),
        }
    }
}

impl Item for EventItem {
    const TYPE: &'static str = "event";

    fn key(&self) -> Key {
        key(self.owner(), self.subject, self.id)
    }
}

/// Events of a post are beside it, for its timeline.
fn key(owner: Owner, subject: Subject, id: EventId) -> Key {
    let tenant = match owner {
        Owner::Tenant(tenant) => TenantScope::of_own_item(tenant),
        Owner::User(user) => return Key::user_event(user, id),
    };
    match subject.post() {
        Some(post) => Key::post_event(&tenant, post, id),
        None => Key::tenant_event(&tenant, id),
    }
}

/// Whose an event or a part of the audit log is, as an attribute.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(untagged)]
pub(crate) enum OwnerAttribute {
    Tenant { ten: TenantId },
    User { user: UserId },
}

impl From<Owner> for OwnerAttribute {
    fn from(owner: Owner) -> Self {
        match owner {
            Owner::Tenant(ten) => Self::Tenant { ten },
            Owner::User(user) => Self::User { user },
        }
    }
}

impl From<OwnerAttribute> for Owner {
    fn from(attribute: OwnerAttribute) -> Self {
        match attribute {
            OwnerAttribute::Tenant { ten } => Self::Tenant(ten),
            OwnerAttribute::User { user } => Self::User(user),
        }
    }
}
