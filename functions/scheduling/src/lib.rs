//! The scheduling function: posts from the first draft to the moment at which they are handed to the publisher, and
//! everything that people can do with them afterwards.
//!
//! `request` reads what people want, `rules` checks it, the other modules are one use case each. Whatever may leave a
//! delivery due soon wakes the publisher after its commit, so that nothing waits for the dispatcher's next tick.
//!
//! - **Trigger**: the HTTP API, `/v1/posts` and `/v1/calendar`.
//! - **Failure**: every act is one transaction. What happens after it (the message to the publisher) is repeated by the
//!   dispatcher.
//! - **Permissions**: reads accounts and media, writes posts, deliveries, counters, idempotency keys and events, sends to
//!   the publishing queue.
#![cfg_attr(
    test,
    allow(
        clippy::unwrap_used,
        clippy::indexing_slicing,
        reason = "a test fails by panicking"
    )
)]

mod act;
mod calendar;
mod create;
mod duplicate;
mod edit;
mod headroom;
mod list;
mod merge;
mod planning;
mod read;
mod remove;
mod request;
mod resolve;
mod rules;
mod timeline;
mod view;

use std::sync::Arc;

use api::permission::{ReadPosts, SchedulePosts, WriteDrafts};
use api::{Can, Gate, route};
use axum::extract::FromRef;
use cloud::config::{PublicUrlConfig, QueueConfig};
use domain::event::Actor;
use domain::membership::Permission;
use domain::tenant::Tenant;
use domain::{Clock, Error, PostId, Result, UserId};
use engine::{Deployment, Waker};
use jiff::SignedDuration;
use networks::{ClientNotBuilt, Egress, Registry};
use store::{Act, Standing, StoredPost, Table, TenantScope, TenantTable};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// What the routes need.
#[derive(Clone, Debug)]
pub struct Ctx {
    /// Finds out who asks.
    pub gate: Gate,
    /// The table.
    pub table: Table,
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// The networks, for their rules.
    pub networks: Registry,
    /// Wakes the publisher.
    pub waker: Waker,
}

/// What a deployment configures.
pub type Config = (QueueConfig, PublicUrlConfig);

impl Ctx {
    /// The function of a deployment.
    pub fn deployed(
        deployment: &Deployment,
        (queue, public_url): Config,
    ) -> std::result::Result<Self, ClientNotBuilt> {
        let (table, clock) = (deployment.table.clone(), Arc::clone(&deployment.clock));
        Ok(Self {
            gate: Gate::new(table.clone(), Arc::clone(&clock), &public_url.url),
            networks: networks::deployed(Arc::clone(&clock), Egress::Public)?,
            waker: deployment.waker(&queue),
            table,
            clock,
        })
    }
}

impl FromRef<Ctx> for Gate {
    fn from_ref(ctx: &Ctx) -> Self {
        ctx.gate.clone()
    }
}

/// The routes of `/v1/posts` and `/v1/calendar`.
pub fn router(ctx: Ctx) -> OpenApiRouter {
    let gate = ctx.gate.clone();
    let routes = OpenApiRouter::new()
        .routes(route::can::<WriteDrafts, _>(routes!(create::create_post)))
        .routes(route::can::<ReadPosts, _>(routes!(list::list_posts)))
        .routes(route::can::<ReadPosts, _>(routes!(read::get_post)))
        .routes(route::can::<WriteDrafts, _>(routes!(edit::update_post)))
        .routes(route::can::<WriteDrafts, _>(routes!(remove::delete_post)))
        .routes(route::can::<SchedulePosts, _>(routes!(act::schedule_post)))
        .routes(route::can::<SchedulePosts, _>(routes!(
            act::unschedule_post
        )))
        .routes(route::can::<SchedulePosts, _>(routes!(act::cancel_post)))
        .routes(route::can::<SchedulePosts, _>(routes!(act::retry_post)))
        .routes(route::can::<SchedulePosts, _>(routes!(act::hold_post)))
        .routes(route::can::<SchedulePosts, _>(routes!(act::resume_post)))
        .routes(route::can::<WriteDrafts, _>(routes!(
            duplicate::duplicate_post
        )))
        .routes(route::can::<SchedulePosts, _>(routes!(
            resolve::resolve_target
        )))
        .routes(route::can::<ReadPosts, _>(routes!(timeline::get_timeline)))
        .routes(route::can::<ReadPosts, _>(routes!(calendar::get_calendar)))
        .with_state(ctx);
    route::gated(routes, gate)
}

/// How often a use case decides anew because something changed meanwhile. Deliveries move a few times around their due
/// time; more would mean that somebody acts on the post in a loop.
const ROUNDS: u32 = 6;

/// Who asks, with what a use case needs to know of them.
struct Asker {
    scope: TenantScope,
    user: UserId,
    actor: Actor,
    standing: Standing,
    tenant: Tenant,
}

impl<P> From<Can<P>> for Asker {
    fn from(can: Can<P>) -> Self {
        Self {
            actor: can.actor(),
            scope: can.scope,
            user: can.user,
            standing: can.standing,
            tenant: can.tenant,
        }
    }
}

impl Asker {
    /// Refuses who may write drafts but not schedule.
    fn must_schedule(&self) -> Result<()> {
        api::may(&self.standing, &self.tenant, Permission::SchedulePosts)
    }

    /// How late the tenant lets a post go out.
    fn max_lateness(&self) -> SignedDuration {
        SignedDuration::from_hours(i64::from(self.tenant.max_lateness_hours))
    }
}

impl Ctx {
    fn posts(&self, asker: &Asker) -> TenantTable<'_> {
        self.table.tenant(&asker.scope)
    }

    fn act(&self, asker: &Asker) -> Act {
        Act {
            actor: asker.actor.clone(),
            at: self.clock.now(),
        }
    }

    async fn stored(&self, asker: &Asker, id: PostId) -> Result<StoredPost> {
        let found = self.posts(asker).post(id).await?;
        found.ok_or(Error::NotFound { kind: "post" })
    }
}

/// What is answered when a post changed in every round.
fn too_busy() -> Error {
    Error::unavailable("the post", "it changed in every round of an act")
}
