//! What happened to a post.

use api::permission::ReadPosts;
use api::{Can, Json, Path};
use axum::extract::State;
use domain::delivery::{self, Attempt, Delivery, Evidence, ProofKind};
use domain::event::Actor;
use domain::{DeliveryId, PostId};
use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Value, json};
use store::{TimelineAttempt, TimelineEvent};
use utoipa::ToSchema;

use crate::{Asker, Ctx};

/// Everything on record about a post, oldest first.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct Timeline {
    /// What happened.
    items: Vec<TimelineItem>,
}

/// One thing that happened.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct TimelineItem {
    /// When.
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
    /// The target, if it is about one.
    #[schema(value_type = Option<String>)]
    target_id: Option<DeliveryId>,
    /// What: `post.scheduled`, `target.published`, …
    event: String,
    /// Who: a user's id, or `system:` and the part of the product.
    actor: String,
    /// What is worth knowing.
    #[schema(value_type = Option<Object>)]
    detail: Value,
    /// Its place in the sealed chain; `null` until it is sealed.
    hash: Option<String>,
}

/// The timeline of a post.
#[utoipa::path(
    get,
    path = "/v1/posts/{id}/timeline",
    tag = "posts",
    params(("id" = String, Path, description = "The post")),
    responses((status = OK, description = "What happened, oldest first", body = Timeline))
)]
pub(crate) async fn get_timeline(
    State(ctx): State<Ctx>,
    caller: Can<ReadPosts>,
    Path(id): Path<PostId>,
) -> api::Result<Json<Timeline>> {
    let asker = Asker::from(caller);
    let posts = ctx.posts(&asker);
    let (stored, timeline) = futures::try_join!(ctx.stored(&asker, id), posts.timeline(id))?;
    let found: Vec<TimelineItem> = stored
        .deliveries
        .iter()
        .filter_map(|delivery| found_out(delivery, &timeline))
        .collect();
    let mut items: Vec<TimelineItem> = timeline
        .events
        .into_iter()
        .map(TimelineItem::from)
        .collect();
    items.extend(
        timeline
            .attempts
            .into_iter()
            .flat_map(TimelineItem::of_attempt),
    );
    items.extend(stored.deliveries.iter().flat_map(of_delivery));
    items.extend(found);
    // Stable: what happened at the same time stays in the order in which it was written.
    items.sort_by_key(|item| item.at);
    Ok(Json(Timeline { items }))
}

impl From<TimelineEvent> for TimelineItem {
    fn from(event: TimelineEvent) -> Self {
        Self {
            at: event.at,
            target_id: event.delivery,
            event: event.kind,
            actor: event.actor.to_string(),
            detail: event.detail,
            hash: event.hash,
        }
    }
}

impl TimelineItem {
    fn of_attempt(attempt: TimelineAttempt) -> Vec<Self> {
        let TimelineAttempt {
            at,
            delivery,
            fence,
            outcome,
        } = attempt;
        let (event, detail) = match outcome {
            Attempt::Published { evidence } => ("target.published", proof(&evidence)),
            Attempt::HandedOver { evidence } => ("target.handed_over", proof(&evidence)),
            Attempt::Processing { job: _ } => ("target.processing", json!({})),
            Attempt::NoEffect { fault } => (
                "target.attempted",
                json!({ "code": fault.code, "message": fault.message }),
            ),
            Attempt::Refused { fault } => (
                "target.refused",
                json!({ "code": fault.code, "message": fault.message }),
            ),
            Attempt::Unknown { fault } => (
                "target.unclear",
                json!({ "code": fault.code, "message": fault.message }),
            ),
        };
        let mut detail = detail;
        if let Some(detail) = detail.as_object_mut() {
            detail.insert("attempt".to_owned(), json!(fence));
        }
        vec![Self::by_publisher(at, delivery, event, detail)]
    }

    fn by_publisher(at: Timestamp, delivery: DeliveryId, event: &str, detail: Value) -> Self {
        Self {
            at,
            target_id: Some(delivery),
            event: event.to_owned(),
            actor: Actor::system("publishing").to_string(),
            detail,
            hash: None,
        }
    }
}

fn proof(evidence: &Evidence) -> Value {
    json!({
        "permalink": evidence.permalink,
        "remote_id": evidence.remote_id,
        "proof": evidence.proof,
    })
}

/// A publication that no attempt shows: its answer was lost, or the network took a while, and we found it.
fn found_out(found: &Delivery, timeline: &store::Timeline) -> Option<TimelineItem> {
    let event = match found.state {
        delivery::State::Published => "target.published",
        delivery::State::HandedOver => "target.handed_over",
        _ => return None,
    };
    let evidence = found.evidence.as_ref()?;
    let is_shown = timeline.attempts.iter().any(|attempt| {
        let is_proof = matches!(
            attempt.outcome,
            Attempt::Published { .. } | Attempt::HandedOver { .. }
        );
        is_proof && attempt.delivery == found.id && attempt.fence == found.fence
    });
    (!is_shown && evidence.proof != ProofKind::Person).then(|| {
        let (at, id) = (evidence.published_at, found.id);
        TimelineItem::by_publisher(at, id, event, proof(evidence))
    })
}

/// What the delivery itself still knows of its last call.
fn of_delivery(delivery: &Delivery) -> Vec<TimelineItem> {
    let mut items = Vec::new();
    if let Some(called_at) = delivery.called_at {
        let detail = json!({ "lateness_ms": delivery.lateness_ms() });
        items.push(TimelineItem::by_publisher(
            called_at,
            delivery.id,
            "target.calling",
            detail,
        ));
    }
    if let Some(since) = delivery.uncertain_since {
        let detail = json!({ "looks": delivery.looks });
        items.push(TimelineItem::by_publisher(
            since,
            delivery.id,
            "target.looking",
            detail,
        ));
    }
    items
}
