//! Changing what a post says, where it goes and when.

use std::collections::{HashMap, HashSet};

use api::permission::WriteDrafts;
use api::{Can, IfMatch, Json, Path};
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use domain::delivery::acts::{self, Plan};
use domain::delivery::{Delivery, State as DeliveryState, Transition};
use domain::event::{EventKind, Subject};
use domain::post::{Action, Body, Post, TargetContent, is_draft, is_editable, is_past_intent};
use domain::preflight::Validated;
use domain::{AccountId, DeliveryId, Error, MediaId, PostId};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value, json};
use store::{Commit, DeliveryChange, EventNote, PostChange, StoredPost};

use crate::act::not_allowed;
use crate::merge::{Merged, merge};
use crate::planning::{acted_on, body_of, new_delivery, snippet_of};
use crate::request::{Collector, Wanted, parse, parse_when};
use crate::rules::{check_references, refusal};
use crate::view::PostView;
use crate::{Asker, Ctx, ROUNDS, too_busy};

/// Changes a post by a merge patch (RFC 7396) of `when`, `base` and `tags`; `targets` are replaced as a whole. Targets
/// that stay keep their ids; those that are left out are removed.
#[utoipa::path(
    patch,
    path = "/v1/posts/{id}",
    tag = "posts",
    params(
        ("id" = String, Path, description = "The post"),
        ("If-Match" = String, Header, description = "The version that was read"),
    ),
    request_body(content = inline(PatchPost), description = "Only what is to change"),
    responses(
        (status = OK, description = "The post after the change", body = PostView),
        (status = PAYMENT_REQUIRED, description = "`plan_limit`: too many targets in the month in which they are due"),
        (status = CONFLICT, description = "`already_publishing` or `action_not_allowed`"),
        (status = PRECONDITION_FAILED, description = "`stale_version`"),
        (status = PRECONDITION_REQUIRED, description = "`version_required`"),
        (status = UNPROCESSABLE_ENTITY, description = "`invalid_request` with every field at fault"),
    )
)]
pub(crate) async fn update_post(
    State(ctx): State<Ctx>,
    caller: Can<WriteDrafts>,
    Path(id): Path<PostId>,
    if_match: IfMatch,
    Json(patch): Json<Map<String, Value>>,
) -> api::Result<Response> {
    let if_match = if_match.required()?;
    let asker = Asker::from(caller);
    for _ in 0..ROUNDS {
        let stored = ctx.stored(&asker, id).await?;
        if_match.check(stored.post.version)?;
        if let Some(done) = ctx.try_update(&asker, stored, &patch).await? {
            let targets = ctx.left_of_targets(&asker, &done).await;
            return Ok((targets, PostView::answer(&done)).into_response());
        }
    }
    Err(too_busy().into())
}

/// The members that a patch may have.
#[derive(utoipa::ToSchema)]
#[expect(
    dead_code,
    reason = "describes the patch; merging reads it as plain JSON"
)]
pub(crate) struct PatchPost {
    /// Another time.
    when: Option<crate::request::WhenInput>,
    /// Another content.
    base: Option<crate::request::ContentInput>,
    /// All targets.
    targets: Option<Vec<crate::request::TargetInput>>,
    /// All tags.
    tags: Option<Vec<String>>,
}

impl Ctx {
    /// `None` where something changed meanwhile.
    async fn try_update(
        &self,
        asker: &Asker,
        stored: StoredPost,
        patch: &Map<String, Value>,
    ) -> api::Result<Option<StoredPost>> {
        let states: Vec<DeliveryState> = states(&stored);
        if !is_editable(&states) {
            return Err(refused(&stored).into());
        }
        let merged = merge(&stored, patch.clone())?;
        let has_new_time = merged.has_new_time;
        let wanted = self.wanted(asker, &stored, merged)?;
        if wanted.schedule.is_some() || !is_draft(&states) {
            asker.must_schedule()?;
        }
        let edit = Edit {
            wanted: &wanted,
            has_new_time,
            now: self.clock.now(),
            max_lateness: asker.max_lateness(),
        };
        let kept: HashMap<AccountId, DeliveryId> = stored
            .deliveries
            .iter()
            .map(|delivery| (delivery.account, delivery.id))
            .collect();
        let known = self.known_of(asker, &wanted).await?;
        check_references(&wanted, &known, &kept)?;
        let revision = stored.body.revision.saturating_add(1);
        let body = body_of(&wanted, revision, &known, &kept, self.table.ids());
        let validated = self
            .check_rules(&body, &known, |target| {
                edit.plans(target, &stored.deliveries)
            })
            .map_err(refusal)?;
        let outcome = edit.outcome(&stored, &body, validated)?;
        let post = Post {
            body: revision,
            schedule: wanted.schedule.clone(),
            tags: wanted.tags.clone(),
            snippet: snippet_of(&body),
            ..acted_on(&stored.post, edit.now)
        };
        let (gained, lost) = exchanged(&stored.body.media(), &body.media());
        let change = PostChange {
            seen: stored.post.version,
            post: &post,
            targets: outcome.deliveries.len(),
            limits: asker.tenant.limits,
            body: Some(&body),
            deliveries: outcome.changes,
            media_gained: gained,
            media_lost: lost,
            events: edit.events(&stored.post, patch),
        };
        let commit = self
            .posts(asker)
            .change_post(change, &self.act(asker))
            .await?;
        match commit {
            Commit::Refused => Ok(None),
            Commit::Done => {
                let deliveries = outcome.deliveries;
                self.waker.nudge(&deliveries).await;
                Ok(Some(StoredPost {
                    post,
                    body,
                    deliveries,
                }))
            }
        }
    }

    /// The patched post in checked types. A time that stays is not judged again: it may have passed.
    fn wanted(&self, asker: &Asker, stored: &StoredPost, merged: Merged) -> domain::Result<Wanted> {
        let Merged {
            input,
            has_new_time,
        } = merged;
        let mut errors = Collector::default();
        let schedule = if has_new_time {
            let zone = &asker.tenant.time_zone;
            parse_when(&input.when, self.clock.now(), zone, &mut errors)
        } else {
            stored.post.schedule.clone()
        };
        let wanted = parse(input, schedule, &mut errors);
        errors.finish()?;
        Ok(wanted)
    }
}

/// A change that was read, before it is made.
struct Edit<'a> {
    wanted: &'a Wanted,
    has_new_time: bool,
    now: Timestamp,
    max_lateness: SignedDuration,
}

/// What a change makes of the deliveries.
struct Outcome {
    /// The deliveries after it, in the order of the targets.
    deliveries: Vec<Delivery>,
    changes: Vec<DeliveryChange>,
}

/// What a change does to one delivery that stays.
enum Kept {
    /// Nothing: it was cancelled.
    Untouched,
    /// It gets the new content and goes on waiting for nothing.
    Rewritten,
    /// It becomes a draft.
    Unscheduled,
    /// It is planned for this time.
    Planned(Timestamp),
}

impl Edit<'_> {
    /// Whether the target is to go out after the change, so that its content must meet the rules.
    fn plans(&self, target: &TargetContent, deliveries: &[Delivery]) -> bool {
        match delivery_of(target, deliveries) {
            Some(delivery) => matches!(self.kept(delivery), Kept::Planned(_)),
            None => self.due_of_new_targets().is_some(),
        }
    }

    fn outcome(
        &self,
        stored: &StoredPost,
        body: &Body,
        validated: Validated,
    ) -> domain::Result<Outcome> {
        let plan = |due| Plan::new(&validated, due, self.max_lateness);
        let mut outcome = Outcome {
            deliveries: Vec::new(),
            changes: Vec::new(),
        };
        for target in &body.targets {
            match delivery_of(target, &stored.deliveries) {
                None => {
                    let plan = self.due_of_new_targets().map(plan);
                    let (tenant, post) = (stored.post.tenant, stored.post.id);
                    let delivery = new_delivery(tenant, post, body.revision, target, plan);
                    outcome
                        .changes
                        .push(DeliveryChange::Add(Box::new(delivery.clone())));
                    outcome.deliveries.push(delivery);
                }
                Some(delivery) => match self.transition(delivery, body.revision, plan) {
                    None => outcome.deliveries.push(delivery.clone()),
                    Some(transition) => {
                        let next = delivery.apply(&transition).map_err(|refusal| {
                            Error::internal(
                                "an edit does not fit the state that allows it",
                                refusal,
                            )
                        })?;
                        outcome.deliveries.push(next);
                        let seen = Box::new(delivery.clone());
                        outcome.changes.push(DeliveryChange::Step(seen, transition));
                    }
                },
            }
        }
        let stays = |delivery: &&Delivery| {
            body.targets
                .iter()
                .any(|target| target.delivery == delivery.id)
        };
        let removable: Vec<DeliveryState> = DeliveryState::ALL
            .into_iter()
            .filter(|state| !is_past_intent(*state))
            .collect();
        for delivery in stored.deliveries.iter().filter(|delivery| !stays(delivery)) {
            let seen = Box::new(delivery.clone());
            outcome
                .changes
                .push(DeliveryChange::Remove(seen, removable.clone()));
        }
        Ok(outcome)
    }

    fn transition(
        &self,
        delivery: &Delivery,
        body: u32,
        plan: impl Fn(Timestamp) -> Plan,
    ) -> Option<Transition> {
        Some(match self.kept(delivery) {
            Kept::Untouched => return None,
            Kept::Rewritten => acts::rewrite(body),
            Kept::Unscheduled => acts::unschedule(body),
            Kept::Planned(due) => match delivery.state {
                DeliveryState::Held => acts::edit_held(plan(due), body),
                DeliveryState::Draft | DeliveryState::Failed | DeliveryState::Missed => {
                    acts::schedule(plan(due), body)
                }
                DeliveryState::Scheduled
                | DeliveryState::Queued
                | DeliveryState::Claimed
                | DeliveryState::RetryWait
                | DeliveryState::Calling
                | DeliveryState::Processing
                | DeliveryState::Uncertain
                | DeliveryState::Asking
                | DeliveryState::Published
                | DeliveryState::HandedOver
                | DeliveryState::Cancelled => acts::edit(plan(due), body),
            },
        })
    }

    fn kept(&self, delivery: &Delivery) -> Kept {
        let new_time = self
            .wanted
            .schedule
            .as_ref()
            .map(|schedule| schedule.due)
            .filter(|_| self.has_new_time);
        match delivery.state {
            DeliveryState::Draft | DeliveryState::Failed | DeliveryState::Missed => {
                new_time.map_or(Kept::Rewritten, Kept::Planned)
            }
            DeliveryState::Scheduled
            | DeliveryState::Queued
            | DeliveryState::Claimed
            | DeliveryState::RetryWait
            | DeliveryState::Held => match (self.has_new_time, new_time) {
                (true, None) => Kept::Unscheduled,
                (_, Some(due)) => Kept::Planned(due),
                // A target that was tried again has a time of its own.
                (false, None) => Kept::Planned(delivery.due.unwrap_or(self.now)),
            },
            // The last ones are past their intent: no edit gets here.
            DeliveryState::Cancelled
            | DeliveryState::Calling
            | DeliveryState::Processing
            | DeliveryState::Uncertain
            | DeliveryState::Asking
            | DeliveryState::Published
            | DeliveryState::HandedOver => Kept::Untouched,
        }
    }

    /// When targets that are added go out: with the others, unless that time has passed. Then they are drafts, for
    /// nobody said that they should go out now.
    fn due_of_new_targets(&self) -> Option<Timestamp> {
        let due = self.wanted.schedule.as_ref()?.due;
        (self.has_new_time || due >= self.now).then_some(due)
    }

    fn events(&self, before: &Post, patch: &Map<String, Value>) -> Vec<EventNote> {
        let fields: Vec<&String> = patch.keys().collect();
        let (kind, detail) = if self.has_new_time {
            // One act, one event: a new time says more than what else was edited with it.
            let kind = match (&before.schedule, &self.wanted.schedule) {
                (_, None) => EventKind::PostUnscheduled,
                (None, Some(_)) => EventKind::PostScheduled,
                (Some(_), Some(_)) => EventKind::PostRescheduled,
            };
            let due = self.wanted.schedule.as_ref().map(|schedule| schedule.due);
            (kind, json!({ "fields": fields, "due_at": due }))
        } else {
            (EventKind::PostEdited, json!({ "fields": fields }))
        };
        vec![(kind, Subject::Post(before.id), detail)]
    }
}

fn states(stored: &StoredPost) -> Vec<DeliveryState> {
    stored
        .deliveries
        .iter()
        .map(|delivery| delivery.state)
        .collect()
}

fn refused(stored: &StoredPost) -> Error {
    let past: Vec<&Delivery> = stored
        .deliveries
        .iter()
        .filter(|delivery| is_past_intent(delivery.state))
        .collect();
    if past.is_empty() {
        let all: Vec<&Delivery> = stored.deliveries.iter().collect();
        return not_allowed(Action::Edit, &all);
    }
    not_allowed(Action::Edit, &past)
}

fn delivery_of<'a>(target: &TargetContent, deliveries: &'a [Delivery]) -> Option<&'a Delivery> {
    deliveries
        .iter()
        .find(|delivery| delivery.id == target.delivery)
}

/// What the second has and the first has not, and the other way round.
fn exchanged(before: &[MediaId], after: &[MediaId]) -> (Vec<MediaId>, Vec<MediaId>) {
    let (old, new): (HashSet<_>, HashSet<_>) = (before.iter().collect(), after.iter().collect());
    let gained = new.difference(&old).map(|media| **media).collect();
    let lost = old.difference(&new).map(|media| **media).collect();
    (gained, lost)
}
