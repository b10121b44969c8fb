//! What happened to a post: people's acts and the outcomes of publishing calls.

use domain::delivery::{Attempt, Fence};
use domain::event::{Actor, Subject};
use domain::{DeliveryId, PostId, Result};
use jiff::Timestamp;
use serde_json::Value;

use crate::attempts::AttemptItem;
use crate::events::EventItem;
use crate::item::decode;
use crate::key::post_partition;
use crate::scope::TenantTable;
use crate::table::{Query, Range};

/// Everything on record about a post.
#[derive(Clone, Debug, Default)]
pub struct Timeline {
    /// Acts, oldest first.
    pub events: Vec<TimelineEvent>,
    /// Outcomes of publishing calls.
    pub attempts: Vec<TimelineAttempt>,
}

/// One act.
#[derive(Clone, Debug)]
pub struct TimelineEvent {
    /// When.
    pub at: Timestamp,
    /// `post.scheduled`, …
    pub kind: String,
    /// Who.
    pub actor: Actor,
    /// The target, if it is about one.
    pub delivery: Option<DeliveryId>,
    /// What is worth knowing.
    pub detail: Value,
    /// Its place in the sealed chain; `None` until it is sealed.
    pub hash: Option<String>,
}

/// How one publishing call ended.
#[derive(Clone, Debug)]
pub struct TimelineAttempt {
    /// When it ended.
    pub at: Timestamp,
    /// The target.
    pub delivery: DeliveryId,
    /// The claim that made it.
    pub fence: Fence,
    /// How it ended.
    pub outcome: Attempt,
}

impl TenantTable<'_> {
    /// What happened to the post.
    pub async fn timeline(&self, post: PostId) -> Result<Timeline> {
        let partition = post_partition(self.scope.tenant(), post);
        let events = Query::of_table(partition.clone(), Range::Prefix("EVT#".to_owned()));
        let attempts = Query::of_table(partition, Range::Prefix("ATT#".to_owned()));
        let (events, attempts) = futures::try_join!(
            self.table.query_all(&events),
            self.table.query_all(&attempts),
        )?;
        Ok(Timeline {
            events: events
                .into_iter()
                .map(|item| decode::<EventItem>(item).map(TimelineEvent::from))
                .collect::<Result<_>>()?,
            attempts: attempts
                .into_iter()
                .map(|item| decode::<AttemptItem>(item).map(TimelineAttempt::from))
                .collect::<Result<_>>()?,
        })
    }
}

impl From<EventItem> for TimelineEvent {
    fn from(item: EventItem) -> Self {
        let delivery = match item.subject {
            Subject::Delivery(_, delivery) => Some(delivery),
            Subject::Tenant(_)
            | Subject::User(_)
            | Subject::Member(_)
            | Subject::Invitation(_)
            | Subject::Role(_)
            | Subject::AccountGroup(_)
            | Subject::ApiKey(_)
            | Subject::Account(_)
            | Subject::Media(_)
            | Subject::Export(_)
            | Subject::Import(_)
            | Subject::Post(_) => None,
        };
        Self {
            at: item.at,
            kind: item.kind,
            actor: item.actor,
            delivery,
            detail: item.detail,
            hash: item.hash,
        }
    }
}

impl From<AttemptItem> for TimelineAttempt {
    fn from(item: AttemptItem) -> Self {
        Self {
            at: item.at,
            delivery: item.delivery(),
            fence: item.fence(),
            outcome: item.outcome,
        }
    }
}
