//! A person tells whether a target is out, where we could not find out.

use api::permission::SchedulePosts;
use api::{Can, IfMatch, Json, Path};
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use domain::delivery::{
    Delivery, Evidence, Fault, FaultActor, FaultCategory, ProofKind, Transition, acts,
};
use domain::event::{EventKind, Subject};
use domain::post::{Action, target_actions};
use domain::text::is_web_address;
use domain::{DeliveryId, Error, PostId, Result};
use serde_json::json;
use store::{Commit, DeliveryChange, PostChange, StoredPost};

use crate::act::not_allowed;
use crate::planning::acted_on;
use crate::request::{Collector, FoundOutcome, ResolveTarget};
use crate::view::PostView;
use crate::{Asker, Ctx, ROUNDS, too_busy};

/// Tells whether a target whose outcome is unknown is out. If it is not, it can be tried again.
#[utoipa::path(
    post,
    path = "/v1/posts/{id}/targets/{target}/resolve",
    tag = "posts",
    params(
        ("id" = String, Path, description = "The post"),
        ("target" = String, Path, description = "The target"),
        ("If-Match" = Option<String>, Header, description = "The version that was read"),
    ),
    request_body = ResolveTarget,
    responses(
        (status = OK, description = "The post after the act", body = PostView),
        (status = CONFLICT, description = "The outcome is known: `already_publishing` or `action_not_allowed`"),
        (status = PRECONDITION_FAILED, description = "`stale_version`"),
    )
)]
pub(crate) async fn resolve_target(
    State(ctx): State<Ctx>,
    caller: Can<SchedulePosts>,
    Path((id, target)): Path<(PostId, DeliveryId)>,
    if_match: IfMatch,
    Json(found): Json<ResolveTarget>,
) -> api::Result<Response> {
    check(&found)?;
    let asker = Asker::from(caller);
    for _ in 0..ROUNDS {
        let stored = ctx.stored(&asker, id).await?;
        if_match.check(stored.post.version)?;
        if let Some(done) = ctx.try_resolve(&asker, stored, target, &found).await? {
            return Ok(PostView::answer(&done).into_response());
        }
    }
    Err(too_busy().into())
}

fn check(found: &ResolveTarget) -> Result<()> {
    let mut errors = Collector::default();
    if let Some(permalink) = &found.permalink {
        errors.require(
            is_web_address(permalink),
            "/permalink",
            "invalid_value",
            "use the web address of the post, such as https://…",
        );
        errors.require(
            found.outcome == FoundOutcome::Published,
            "/permalink",
            "not_with_this_outcome",
            "what is not out has no permalink",
        );
    }
    errors.finish()
}

impl Ctx {
    /// `None` where something changed meanwhile.
    async fn try_resolve(
        &self,
        asker: &Asker,
        stored: StoredPost,
        target: DeliveryId,
        found: &ResolveTarget,
    ) -> Result<Option<StoredPost>> {
        let act = self.act(asker);
        let mut deliveries = stored.deliveries;
        let delivery = deliveries
            .iter_mut()
            .find(|delivery| delivery.id == target)
            .ok_or(Error::NotFound { kind: "target" })?;
        if !target_actions(delivery.state).contains(&Action::Resolve) {
            return Err(not_allowed(Action::Resolve, &[delivery]));
        }
        let transition = transition(delivery, found, act.at);
        let next = delivery.apply(&transition).map_err(|refusal| {
            Error::internal("an act does not fit the state that allows it", refusal)
        })?;
        let seen = Box::new(std::mem::replace(delivery, next));
        let post = acted_on(&stored.post, act.at);
        let outcome = match found.outcome {
            FoundOutcome::Published => "published",
            FoundOutcome::NotPublished => "not_published",
        };
        let change = PostChange {
            seen: stored.post.version,
            post: &post,
            targets: deliveries.len(),
            limits: asker.tenant.limits,
            body: None,
            deliveries: vec![DeliveryChange::Step(seen, transition)],
            media_gained: Vec::new(),
            media_lost: Vec::new(),
            events: vec![(
                EventKind::TargetResolved,
                Subject::Delivery(post.id, target),
                json!({ "outcome": outcome, "permalink": found.permalink }),
            )],
        };
        match self.posts(asker).change_post(change, &act).await? {
            Commit::Refused => Ok(None),
            Commit::Done => Ok(Some(StoredPost {
                post,
                body: stored.body,
                deliveries,
            })),
        }
    }
}

fn transition(delivery: &Delivery, found: &ResolveTarget, now: jiff::Timestamp) -> Transition {
    match found.outcome {
        FoundOutcome::Published => acts::resolve_published(Evidence {
            remote_id: None,
            permalink: found.permalink.clone(),
            proof: ProofKind::Person,
            published_at: delivery.called_at.unwrap_or(now),
        }),
        FoundOutcome::NotPublished => acts::resolve_not_published(Fault::new(
            "not_published",
            FaultCategory::OutcomeUnknown,
            FaultActor::User,
            "somebody looked: the post is not at the network",
            "try it again",
        )),
    }
}
