//! What people do with posts that exist: give them a time or take it away, cancel, try again, hold, resume.

use api::permission::SchedulePosts;
use api::{Can, IfMatch, Json, Path};
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use domain::delivery::acts::{self, Plan};
use domain::delivery::timing::latest_start;
use domain::delivery::{Delivery, HoldReason, Transition};
use domain::event::{EventKind, Subject};
use domain::post::{Action, is_past_intent, target_actions};
use domain::preflight::Validated;
use domain::schedule::Schedule;
use domain::{DeliveryId, Error, FieldError, PostId, Result};
use jiff::Timestamp;
use serde_json::json;
use store::{Commit, DeliveryChange, EventNote, PostChange, StoredPost};

use crate::planning::acted_on;
use crate::request::{ActOnPost, Collector, ScheduleInput, parse_when, target_ids};
use crate::rules::refusal;
use crate::view::PostView;
use crate::{Asker, Ctx, ROUNDS, too_busy};

/// An act, with what it needs.
#[derive(Clone, Debug)]
pub(crate) enum PostAct {
    Schedule(Schedule),
    Unschedule,
    Cancel,
    Retry,
    Hold,
    Resume,
}

macro_rules! act_route {
    ($(#[$doc:meta])* $name:ident, $path:literal, $act:expr) => {
        $(#[$doc])*
        #[utoipa::path(
            post,
            path = $path,
            tag = "posts",
            params(
                ("id" = String, Path, description = "The post"),
                ("If-Match" = Option<String>, Header, description = "The version that was read"),
            ),
            request_body = ActOnPost,
            responses(
                (status = OK, description = "The post after the act", body = PostView),
                (status = CONFLICT, description = "`already_publishing` or `action_not_allowed`"),
                (status = PRECONDITION_FAILED, description = "`stale_version`"),
            )
        )]
        pub(crate) async fn $name(
            State(ctx): State<Ctx>,
            caller: Can<SchedulePosts>,
            Path(id): Path<PostId>,
            if_match: IfMatch,
            Json(body): Json<ActOnPost>,
        ) -> api::Result<Response> {
            let targets = target_ids(body.targets.as_deref())?;
            let asker = Asker::from(caller);
            let stored = ctx.perform(&asker, id, &if_match, targets.as_deref(), &$act).await?;
            let left = ctx.left_of_targets(&asker, &stored).await;
            Ok((left, PostView::answer(&stored)).into_response())
        }
    };
}

act_route!(
    /// Makes targets that wait drafts again.
    unschedule_post, "/v1/posts/{id}/unschedule", PostAct::Unschedule
);
act_route!(
    /// Cancels targets that wait: they will not go out.
    cancel_post, "/v1/posts/{id}/cancel", PostAct::Cancel
);
act_route!(
    /// Tries targets that failed or were missed again, at once.
    retry_post, "/v1/posts/{id}/retry", PostAct::Retry
);
act_route!(
    /// Holds targets that wait, until they are resumed.
    hold_post, "/v1/posts/{id}/hold", PostAct::Hold
);
act_route!(
    /// Lets held targets wait for their time again; they go out now if it has passed.
    resume_post, "/v1/posts/{id}/resume", PostAct::Resume
);

/// Gives a time to drafts, or to what failed or was missed.
#[utoipa::path(
    post,
    path = "/v1/posts/{id}/schedule",
    tag = "posts",
    params(
        ("id" = String, Path, description = "The post"),
        ("If-Match" = Option<String>, Header, description = "The version that was read"),
    ),
    request_body = ScheduleInput,
    responses(
        (status = OK, description = "The post after the act", body = PostView),
        (status = PAYMENT_REQUIRED, description = "`plan_limit`: too many targets in the month in which they are due"),
        (status = CONFLICT, description = "`already_publishing` or `action_not_allowed`"),
        (status = PRECONDITION_FAILED, description = "`stale_version`"),
        (status = UNPROCESSABLE_ENTITY, description = "The time or the content is not acceptable"),
    )
)]
pub(crate) async fn schedule_post(
    State(ctx): State<Ctx>,
    caller: Can<SchedulePosts>,
    Path(id): Path<PostId>,
    if_match: IfMatch,
    Json(body): Json<ScheduleInput>,
) -> api::Result<Response> {
    let asker = Asker::from(caller);
    let mut errors = Collector::default();
    let zone = &asker.tenant.time_zone;
    let schedule = parse_when(&body.when, ctx.clock.now(), zone, &mut errors);
    errors.require(
        body.when.draft.is_none(),
        "/when/draft",
        "time_required",
        "give a time; to make a draft of it, use unschedule",
    );
    errors.finish()?;
    let targets = target_ids(body.targets.as_deref())?;
    let schedule = schedule.ok_or_else(|| Error::field("/when", "time_required", "give a time"))?;
    let act = PostAct::Schedule(schedule);
    let stored = ctx
        .perform(&asker, id, &if_match, targets.as_deref(), &act)
        .await?;
    let left = ctx.left_of_targets(&asker, &stored).await;
    Ok((left, PostView::answer(&stored)).into_response())
}

impl Ctx {
    /// Makes an act happen on these targets, or else on all that allow it.
    pub(crate) async fn perform(
        &self,
        asker: &Asker,
        id: PostId,
        if_match: &IfMatch,
        targets: Option<&[DeliveryId]>,
        act: &PostAct,
    ) -> Result<StoredPost> {
        for _ in 0..ROUNDS {
            let stored = self.stored(asker, id).await?;
            if_match.check(stored.post.version)?;
            if let Some(done) = self.try_perform(asker, stored, targets, act).await? {
                return Ok(done);
            }
        }
        Err(too_busy())
    }

    /// `None` where something changed meanwhile.
    async fn try_perform(
        &self,
        asker: &Asker,
        stored: StoredPost,
        targets: Option<&[DeliveryId]>,
        act: &PostAct,
    ) -> Result<Option<StoredPost>> {
        let chosen = choose(&stored, act.action(), targets)?;
        let planned = Planned {
            asker,
            act,
            body: stored.body.revision,
            now: self.clock.now(),
            validated: self.validated(asker, &stored, act, &chosen).await?,
        };
        let mut deliveries = stored.deliveries;
        let mut changes = Vec::new();
        for delivery in deliveries
            .iter_mut()
            .filter(|delivery| chosen.contains(&delivery.id))
        {
            let transition = planned.transition(delivery)?;
            let next = delivery.apply(&transition).map_err(|refusal| {
                Error::internal("an act does not fit the state that allows it", refusal)
            })?;
            let seen = std::mem::replace(delivery, next);
            changes.push(DeliveryChange::Step(Box::new(seen), transition));
        }
        let mut post = acted_on(&stored.post, planned.now);
        match act {
            PostAct::Schedule(schedule) => post.schedule = Some(schedule.clone()),
            PostAct::Unschedule if !deliveries.iter().any(waits) => post.schedule = None,
            PostAct::Unschedule
            | PostAct::Cancel
            | PostAct::Retry
            | PostAct::Hold
            | PostAct::Resume => {}
        }
        let change = PostChange {
            seen: stored.post.version,
            post: &post,
            targets: deliveries.len(),
            limits: asker.tenant.limits,
            body: None,
            deliveries: changes,
            media_gained: Vec::new(),
            media_lost: Vec::new(),
            events: act.events(post.id, &chosen, targets.is_some()),
        };
        let commit = self
            .posts(asker)
            .change_post(change, &self.act(asker))
            .await?;
        match commit {
            Commit::Refused => Ok(None),
            Commit::Done => {
                self.waker.nudge(&deliveries).await;
                Ok(Some(StoredPost {
                    post,
                    body: stored.body,
                    deliveries,
                }))
            }
        }
    }

    /// What is to go out is checked against the rules of today.
    async fn validated(
        &self,
        asker: &Asker,
        stored: &StoredPost,
        act: &PostAct,
        chosen: &[DeliveryId],
    ) -> Result<Option<Validated>> {
        match act {
            PostAct::Schedule(_) | PostAct::Retry => {}
            PostAct::Unschedule | PostAct::Cancel | PostAct::Hold | PostAct::Resume => {
                return Ok(None);
            }
        }
        let accounts: Vec<_> = stored
            .body
            .targets
            .iter()
            .map(|target| target.account)
            .collect();
        let known = self.known(asker, &accounts, &stored.body.media()).await?;
        self.check_rules(&stored.body, &known, |target| {
            chosen.contains(&target.delivery)
        })
        .map(Some)
        .map_err(refusal)
    }
}

/// An act that was checked, ready for each delivery.
struct Planned<'a> {
    asker: &'a Asker,
    act: &'a PostAct,
    body: u32,
    now: Timestamp,
    validated: Option<Validated>,
}

impl Planned<'_> {
    fn transition(&self, delivery: &Delivery) -> Result<Transition> {
        let due = delivery.due.unwrap_or(self.now);
        Ok(match self.act {
            PostAct::Schedule(schedule) => acts::schedule(self.plan(schedule.due)?, self.body),
            PostAct::Retry => acts::try_again(self.plan(self.now)?, self.body),
            PostAct::Unschedule => acts::unschedule(self.body),
            PostAct::Cancel => acts::cancel(),
            PostAct::Hold => acts::hold(
                HoldReason::User,
                latest_start(due, self.asker.max_lateness()),
            ),
            PostAct::Resume => acts::resume(due, self.now),
        })
    }

    fn plan(&self, due: Timestamp) -> Result<Plan> {
        let validated = self.validated.as_ref().ok_or(Error::Internal {
            what: "an act plans what was not checked",
            cause: None,
        })?;
        Ok(Plan::new(validated, due, self.asker.max_lateness()))
    }
}

impl PostAct {
    fn action(&self) -> Action {
        match self {
            Self::Schedule(_) => Action::Schedule,
            Self::Unschedule => Action::Unschedule,
            Self::Cancel => Action::Cancel,
            Self::Retry => Action::Retry,
            Self::Hold => Action::Hold,
            Self::Resume => Action::Resume,
        }
    }

    /// The kinds of its events: for the post as a whole, and for single targets.
    fn kinds(&self) -> (EventKind, EventKind) {
        match self {
            Self::Schedule(_) => (EventKind::PostScheduled, EventKind::TargetScheduled),
            Self::Unschedule => (EventKind::PostUnscheduled, EventKind::TargetUnscheduled),
            Self::Cancel => (EventKind::PostCancelled, EventKind::TargetCancelled),
            Self::Retry => (EventKind::PostRetried, EventKind::TargetRetried),
            Self::Hold => (EventKind::PostHeld, EventKind::TargetHeld),
            Self::Resume => (EventKind::PostResumed, EventKind::TargetResumed),
        }
    }

    fn events(&self, post: PostId, chosen: &[DeliveryId], named: bool) -> Vec<EventNote> {
        let (of_post, of_target) = self.kinds();
        let detail = match self {
            Self::Schedule(schedule) => json!({ "due_at": schedule.due }),
            Self::Unschedule | Self::Cancel | Self::Retry | Self::Hold | Self::Resume => json!({}),
        };
        if named {
            chosen
                .iter()
                .map(|target| (of_target, Subject::Delivery(post, *target), detail.clone()))
                .collect()
        } else {
            let mut detail = detail;
            if let Some(detail) = detail.as_object_mut() {
                detail.insert("targets".to_owned(), json!(chosen.len()));
            }
            vec![(of_post, Subject::Post(post), detail)]
        }
    }
}

fn waits(delivery: &Delivery) -> bool {
    target_actions(delivery.state).contains(&Action::Cancel)
}

/// The named targets, if each allows the action; else all that allow it, if there are any.
fn choose(
    stored: &StoredPost,
    action: Action,
    named: Option<&[DeliveryId]>,
) -> Result<Vec<DeliveryId>> {
    let wanted: Vec<&Delivery> = match named {
        None => stored.deliveries.iter().collect(),
        Some(named) => named_deliveries(stored, named)?,
    };
    let (allowing, refusing): (Vec<_>, Vec<_>) = wanted
        .into_iter()
        .partition(|delivery| target_actions(delivery.state).contains(&action));
    if allowing.is_empty() || (named.is_some() && !refusing.is_empty()) {
        return Err(not_allowed(action, &refusing));
    }
    Ok(allowing.into_iter().map(|delivery| delivery.id).collect())
}

fn named_deliveries<'a>(stored: &'a StoredPost, named: &[DeliveryId]) -> Result<Vec<&'a Delivery>> {
    let mut missing = Vec::new();
    let mut found: Vec<&Delivery> = Vec::new();
    for (place, id) in named.iter().enumerate() {
        let delivery = stored.deliveries.iter().find(|delivery| delivery.id == *id);
        match delivery {
            None => missing.push(FieldError::new(
                format!("/targets/{place}"),
                "not_found",
                "the post has no such target",
            )),
            // The same target named twice is one target.
            Some(delivery) if found.iter().any(|known| known.id == delivery.id) => {}
            Some(delivery) => found.push(delivery),
        }
    }
    if missing.is_empty() {
        Ok(found)
    } else {
        Err(Error::UnknownReference(missing))
    }
}

/// The conflict of an action with the states of targets, which it names.
pub(crate) fn not_allowed(action: Action, refusing: &[&Delivery]) -> Error {
    let targets: Vec<String> = refusing
        .iter()
        .map(|delivery| format!("{} is {}", delivery.id, word(delivery.state.visible())))
        .collect();
    let detail = format!("{} is not possible: {}", word(action), targets.join(", "));
    let is_past = refusing
        .iter()
        .any(|delivery| is_past_intent(delivery.state));
    let code = if is_past {
        "already_publishing"
    } else {
        "action_not_allowed"
    };
    Error::conflict(code, detail)
}

/// The word that the API has for a state or an action.
fn word(value: impl serde::Serialize) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(word)) => word,
        _ => String::new(),
    }
}
