//! A post as the API shows it.

use api::{Json, etag};
use axum::response::IntoResponse;
use domain::delivery::{Delivery, Evidence, Fault};
use domain::post::{Body, Content, Override, PostState, post_actions, target_actions};
use domain::schedule::Schedule;
use domain::{AccountId, DeliveryId, PostId};
use jiff::Timestamp;
use jiff::civil;
use serde::Serialize;
use serde_json::Value;
use store::StoredPost;
use utoipa::ToSchema;

use super::words;

/// A post.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Post)]
pub(crate) struct PostView {
    /// Its id.
    #[schema(value_type = String, example = "post_01kb3q4n5rf8x9w2v7c6d1e0ha")]
    id: PostId,
    /// How far it is as a whole.
    #[schema(value_type = words::PostState)]
    state: PostState,
    /// When it is meant to be out.
    when: WhenView,
    /// What all targets say.
    #[schema(value_type = crate::request::ContentInput)]
    base: ContentView,
    /// The accounts that it goes to.
    targets: Vec<TargetView>,
    /// What people sort it by.
    tags: Vec<String>,
    /// What the caller may do with it, as far as its state decides.
    #[schema(value_type = Vec<words::Action>)]
    allowed_actions: Vec<domain::post::Action>,
    /// When it was made.
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    /// When a person last changed it.
    #[schema(value_type = String, format = DateTime)]
    updated_at: Timestamp,
}

/// When a post is meant to be out.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = PostWhen)]
pub(crate) struct WhenView {
    /// `true` for a draft, which has no time.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    #[schema(required = false)]
    draft: bool,
    /// The date and clock time that was meant, in `zone`.
    #[schema(value_type = Option<String>, example = "2026-12-01T09:00:00")]
    at: Option<civil::DateTime>,
    /// The IANA time zone in which it was meant.
    zone: Option<String>,
    /// The instant that it is.
    #[schema(value_type = Option<String>, format = DateTime)]
    due_at: Option<Timestamp>,
    /// Whether the clock in `zone` skips the time, so that it was moved forward.
    adjusted: bool,
}

impl From<Option<&Schedule>> for WhenView {
    fn from(schedule: Option<&Schedule>) -> Self {
        Self {
            draft: schedule.is_none(),
            at: schedule.map(|schedule| schedule.local),
            zone: schedule.map(|schedule| schedule.zone.as_str().to_owned()),
            due_at: schedule.map(|schedule| schedule.due),
            adjusted: schedule.is_some_and(|schedule| schedule.adjusted),
        }
    }
}

/// What a post says, with empty lists where the domain leaves them out.
#[derive(Clone, Debug, Serialize)]
struct ContentView {
    text: String,
    media: Vec<domain::MediaId>,
    thread: Vec<Value>,
}

impl From<&Content> for ContentView {
    fn from(content: &Content) -> Self {
        let part = |part: &domain::post::ThreadPart| serde_json::json!({ "text": part.text, "media": part.media });
        Self {
            text: content.text.clone(),
            media: content.media.clone(),
            thread: content.thread.iter().map(part).collect(),
        }
    }
}

/// One account that a post goes to, and how far it is there.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Target)]
pub(crate) struct TargetView {
    /// Its id.
    #[schema(value_type = String, example = "dlv_01kb3q4n5rf8x9w2v7c6d1e0ha")]
    id: DeliveryId,
    /// The account.
    #[schema(value_type = String)]
    account_id: AccountId,
    /// The account's network.
    network: String,
    /// How far it is.
    #[schema(value_type = words::TargetState)]
    state: domain::delivery::VisibleState,
    /// When it is meant to be out.
    #[schema(value_type = Option<String>, format = DateTime)]
    due_at: Option<Timestamp>,
    /// The network's id of the post.
    remote_id: Option<String>,
    /// Where people see it.
    permalink: Option<String>,
    /// When it went out.
    #[schema(value_type = Option<String>, format = DateTime)]
    published_at: Option<Timestamp>,
    /// Milliseconds from `due_at` to the begin of the publishing call.
    lateness_ms: Option<u64>,
    /// How we know that it is out.
    proof: Option<ProofView>,
    /// Why it is not out, or why the last try had no effect.
    error: Option<ErrorView>,
    /// Why it is held.
    #[schema(value_type = Option<words::HoldReason>)]
    held_because: Option<domain::delivery::HoldReason>,
    /// What it says differently.
    #[serde(rename = "override")]
    #[schema(value_type = crate::request::OverrideInput)]
    overridden: Override,
    /// The network's own options.
    #[schema(value_type = Object)]
    options: Value,
    /// What may be done with it, as far as its state decides.
    #[schema(value_type = Vec<words::Action>)]
    allowed_actions: &'static [domain::post::Action],
}

/// How we know that a target is out.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Proof)]
pub(crate) struct ProofView {
    /// By the network's answer, by reading our own posts, or by a person's word.
    #[schema(value_type = words::ProofKind)]
    kind: domain::delivery::ProofKind,
}

/// Why a target is not out.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = TargetError)]
pub(crate) struct ErrorView {
    /// For programs.
    code: String,
    /// What kind it is.
    #[schema(value_type = words::ErrorCategory)]
    category: domain::delivery::FaultCategory,
    /// Who must act.
    #[schema(value_type = words::ErrorActor)]
    actor: domain::delivery::FaultActor,
    /// What happened, for people.
    message: String,
    /// What to do now, for people.
    remedy: String,
}

impl From<&Fault> for ErrorView {
    fn from(fault: &Fault) -> Self {
        let Fault {
            code,
            category,
            actor,
            message,
            remedy,
        } = fault.clone();
        Self {
            code,
            category,
            actor,
            message,
            remedy,
        }
    }
}

impl PostView {
    /// The post as an answer, with the version of what people edit.
    pub(crate) fn answer(stored: &StoredPost) -> impl IntoResponse + use<> {
        (etag(stored.post.version), Json(Self::from(stored)))
    }

    /// The same for somebody who only looks.
    pub(crate) fn to_look_at(stored: &StoredPost) -> impl IntoResponse + use<> {
        let mut view = Self::from(stored);
        view.allowed_actions.clear();
        for target in &mut view.targets {
            target.allowed_actions = &[];
        }
        (etag(stored.post.version), Json(view))
    }
}

impl From<&StoredPost> for PostView {
    fn from(stored: &StoredPost) -> Self {
        let StoredPost {
            post,
            body,
            deliveries,
        } = stored;
        let states: Vec<_> = deliveries.iter().map(|delivery| delivery.state).collect();
        Self {
            id: post.id,
            state: PostState::of_targets(states.iter().map(|state| state.visible())),
            when: post.schedule.as_ref().into(),
            base: (&body.base).into(),
            targets: deliveries
                .iter()
                .map(|delivery| TargetView::new(delivery, body))
                .collect(),
            tags: post.tags.clone(),
            allowed_actions: post_actions(&states),
            created_at: post.created_at,
            updated_at: post.updated_at,
        }
    }
}

impl TargetView {
    fn new(delivery: &Delivery, body: &Body) -> Self {
        let content = body
            .targets
            .iter()
            .find(|target| target.delivery == delivery.id);
        let evidence = delivery.evidence.as_ref();
        Self {
            id: delivery.id,
            account_id: delivery.account,
            network: delivery.network.to_string(),
            state: delivery.state.visible(),
            due_at: delivery.due,
            remote_id: evidence.and_then(|evidence| evidence.remote_id.clone()),
            permalink: evidence.and_then(|evidence| evidence.permalink.clone()),
            published_at: evidence.map(|evidence| evidence.published_at),
            lateness_ms: delivery.lateness_ms(),
            proof: evidence.map(|Evidence { proof, .. }| ProofView { kind: *proof }),
            error: delivery.fault.as_ref().map(ErrorView::from),
            held_because: delivery.hold,
            overridden: content
                .map(|target| target.overridden.clone())
                .unwrap_or_default(),
            options: content.map_or_else(
                || Value::Object(serde_json::Map::new()),
                |target| target.options.clone(),
            ),
            allowed_actions: target_actions(delivery.state),
        }
    }
}
