//! Making a post.

use std::collections::HashMap;

use api::permission::WriteDrafts;
use api::{Can, Command, Query};
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use domain::delivery::acts::Plan;
use domain::event::{EventKind, Subject};
use domain::post::{Body, Post};
use domain::{Error, PostId, Result};
use http::StatusCode;
use http::header::LOCATION;
use serde::Deserialize;
use serde_json::json;
use store::{Commit, EventNote, IdempotencyClaim, NewPost, StoredPost};
use utoipa::IntoParams;

use crate::planning::{body_of, new_delivery, snippet_of};
use crate::request::{Collector, CreatePost, Wanted, parse, parse_when};
use crate::rules::{check_references, refusal};
use crate::view::{DryRunView, PostView};
use crate::{Asker, Ctx, ROUNDS, too_busy};

/// How to create.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct CreateOptions {
    /// Only check: nothing is stored, and the answer says what is wrong.
    #[serde(default)]
    #[param(value_type = Option<bool>)]
    dry_run: bool,
}

/// Makes a post: a draft, or one that goes out at a time or at once.
#[utoipa::path(
    post,
    path = "/v1/posts",
    tag = "posts",
    params(
        CreateOptions,
        ("Idempotency-Key" = Option<String>, Header, description = "Makes a repeat of the request harmless"),
    ),
    request_body = CreatePost,
    responses(
        (status = CREATED, description = "The post", body = PostView),
        (status = OK, description = "What a dry run found", body = DryRunView),
        (status = PAYMENT_REQUIRED, description = "`plan_limit`: too many posts, or targets in the month in which they are due"),
        (status = NOT_FOUND, description = "An account or a medium does not exist: `not_found`"),
        (status = UNPROCESSABLE_ENTITY, description = "`invalid_request` with every field at fault, or `idempotency_key_reused`"),
    )
)]
pub(crate) async fn create_post(
    State(ctx): State<Ctx>,
    caller: Can<WriteDrafts>,
    Query(options): Query<CreateOptions>,
    command: Command<CreatePost>,
) -> api::Result<Response> {
    let asker = Asker::from(caller);
    if options.dry_run {
        let answer = ctx.dry_run(&asker, command.body).await?;
        return Ok(api::Json(answer).into_response());
    }
    let made = ctx
        .create(&asker, &command.body, command.claim.as_ref())
        .await?;
    Ok(ctx.created(&asker, &made).await)
}

impl Ctx {
    /// The answer to everything that makes a post.
    pub(crate) async fn created(&self, asker: &Asker, made: &StoredPost) -> Response {
        let location = [(LOCATION, format!("/v1/posts/{}", made.post.id))];
        let (posts, targets) = self.left_after_creation(asker, made).await;
        let answer = PostView::answer(made);
        (StatusCode::CREATED, location, posts, targets, answer).into_response()
    }

    async fn create(
        &self,
        asker: &Asker,
        input: &CreatePost,
        claim: Option<&IdempotencyClaim>,
    ) -> Result<StoredPost> {
        for _ in 0..ROUNDS {
            let attempted = self.attempt(asker, input, claim).await;
            if let Some(made) = self.once(asker, claim, attempted).await? {
                return Ok(made);
            }
        }
        Err(too_busy())
    }

    async fn attempt(
        &self,
        asker: &Asker,
        input: &CreatePost,
        claim: Option<&IdempotencyClaim>,
    ) -> Result<Option<StoredPost>> {
        let mut errors = Collector::default();
        let now = self.clock.now();
        let zone = &asker.tenant.time_zone;
        let schedule = parse_when(&input.when, now, zone, &mut errors);
        let wanted = parse(input.clone(), schedule, &mut errors);
        errors.finish()?;
        if wanted.schedule.is_some() {
            asker.must_schedule()?;
        }
        self.store(asker, &wanted, None, claim).await
    }

    /// What an attempt made, or else what an earlier request with the idempotency key made. Repeats are rare, and the
    /// key's condition in the transaction refuses them: so only an attempt that made nothing looks for the earlier one,
    /// which answers a repeat even where the request would no longer be valid.
    pub(crate) async fn once(
        &self,
        asker: &Asker,
        claim: Option<&IdempotencyClaim>,
        attempted: Result<Option<StoredPost>>,
    ) -> Result<Option<StoredPost>> {
        if let Ok(Some(made)) = attempted {
            return Ok(Some(made));
        }
        match self.made_before(asker, claim).await? {
            Some(made) => Ok(Some(made)),
            None => attempted,
        }
    }

    /// What an earlier request with this idempotency key made.
    async fn made_before(
        &self,
        asker: &Asker,
        claim: Option<&IdempotencyClaim>,
    ) -> Result<Option<StoredPost>> {
        let Some(claim) = claim else {
            return Ok(None);
        };
        let pointer = self
            .posts(asker)
            .remembered(claim, self.clock.now())
            .await?;
        let Some(pointer) = pointer else {
            return Ok(None);
        };
        let id: PostId = pointer
            .parse()
            .map_err(|error: domain::id::InvalidId| Error::corrupt("pointer", error))?;
        self.stored(asker, id).await.map(Some)
    }

    /// Makes the post; `None` where something changed meanwhile, or an earlier request has used the key.
    pub(crate) async fn store(
        &self,
        asker: &Asker,
        wanted: &Wanted,
        copied: Option<PostId>,
        claim: Option<&IdempotencyClaim>,
    ) -> Result<Option<StoredPost>> {
        let (body, plan) = self.check(asker, wanted).await?;
        let act = self.act(asker);
        let tenant = asker.tenant.id;
        let id = PostId::generate(self.table.ids());
        let deliveries: Vec<_> = body
            .targets
            .iter()
            .map(|target| new_delivery(tenant, id, body.revision, target, plan))
            .collect();
        let post = Post {
            id,
            tenant,
            version: 1,
            body: body.revision,
            schedule: wanted.schedule.clone(),
            tags: wanted.tags.clone(),
            snippet: snippet_of(&body),
            created_by: asker.user,
            created_at: act.at,
            updated_at: act.at,
        };
        let new = NewPost {
            post: &post,
            body: &body,
            deliveries: &deliveries,
            limits: asker.tenant.limits,
            claim,
            events: vec![creation_event(&post, &body, copied)],
        };
        match self.posts(asker).create_post(new, &act).await? {
            Commit::Refused => Ok(None),
            Commit::Done => {
                self.waker.nudge(&deliveries).await;
                Ok(Some(StoredPost {
                    post,
                    body,
                    deliveries,
                }))
            }
        }
    }

    /// The first body of a wanted post, and its plan unless it is a draft.
    async fn check(&self, asker: &Asker, wanted: &Wanted) -> Result<(Body, Option<Plan>)> {
        let known = self.known_of(asker, wanted).await?;
        check_references(wanted, &known, &HashMap::new())?;
        let body = body_of(wanted, 1, &known, &HashMap::new(), self.table.ids());
        let Some(schedule) = &wanted.schedule else {
            return Ok((body, None));
        };
        let validated = self.check_rules(&body, &known, |_| true).map_err(refusal)?;
        let plan = Plan::new(&validated, schedule.due, asker.max_lateness());
        Ok((body, Some(plan)))
    }

    /// Every check, and nothing stored. Drafts are checked like the post that they may become.
    async fn dry_run(&self, asker: &Asker, input: CreatePost) -> Result<DryRunView> {
        let targets = input.targets.len();
        let mut errors = Collector::default();
        let now = self.clock.now();
        let zone = &asker.tenant.time_zone;
        let schedule = parse_when(&input.when, now, zone, &mut errors);
        let wanted = parse(input, schedule, &mut errors);
        if let Err(Error::Invalid(fields)) = errors.finish() {
            return Ok(DryRunView::of_fields(fields, targets));
        }
        let known = self.known_of(asker, &wanted).await?;
        match check_references(&wanted, &known, &HashMap::new()) {
            Ok(()) => {}
            Err(Error::Invalid(fields)) => return Ok(DryRunView::of_fields(fields, targets)),
            Err(other) => return Err(other),
        }
        let body = body_of(&wanted, 1, &known, &HashMap::new(), self.table.ids());
        let violations = self
            .check_rules(&body, &known, |_| true)
            .err()
            .unwrap_or_default();
        Ok(DryRunView::of_violations(violations, targets))
    }

    /// What a wanted post names.
    pub(crate) async fn known_of(
        &self,
        asker: &Asker,
        wanted: &Wanted,
    ) -> Result<crate::rules::Known> {
        let accounts: Vec<_> = wanted.targets.iter().map(|target| target.account).collect();
        self.known(asker, &accounts, &wanted.media()).await
    }
}

/// One act, one event: a post that is made with a time was not scheduled by a second one.
fn creation_event(post: &Post, body: &Body, copied: Option<PostId>) -> EventNote {
    let mut detail = json!({ "targets": body.targets.len() });
    if let Some(detail) = detail.as_object_mut() {
        if let Some(copied) = copied {
            detail.insert("copied_from".to_owned(), json!(copied));
        }
        if let Some(schedule) = &post.schedule {
            detail.insert("due_at".to_owned(), json!(schedule.due));
        }
    }
    (EventKind::PostCreated, Subject::Post(post.id), detail)
}
