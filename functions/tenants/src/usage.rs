//! `GET /v1/tenants/{id}/usage`

use api::permission::ReadTenant;
use api::{CanIn, Json, Path};
use axum::extract::State;
use domain::TenantId;
use domain::tenant::Limits;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::Serialize;
use store::{CountEffort, Published, Usage};
use utoipa::ToSchema;

use crate::Ctx;

/// What a tenant has used of its limits.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Usage)]
pub(crate) struct UsageView {
    /// Connected accounts.
    accounts: Share,
    /// Members.
    members: Share,
    /// Posts that were made in the present month (UTC).
    posts_this_month: Share,
    /// Targets that are due in the present month (UTC): scheduled, and out. Those that failed count until they are
    /// planned anew or removed.
    targets_this_month: Share,
    /// Targets that were due in the present month (UTC) and are out.
    published_this_month: PublishedView,
    /// Bytes of media, also of those that are announced and not uploaded yet.
    media_bytes: Share,
    /// When the next month begins, and its counts.
    #[schema(value_type = String, format = DateTime)]
    month_ends_at: Timestamp,
}

/// How much of one limit is used.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Share {
    used: u64,
    limit: u64,
    /// What is left.
    remaining: u64,
}

/// How many targets are out. They have been counted since they were planned: nothing is refused when it goes out.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Published)]
pub(crate) struct PublishedView {
    targets: u64,
    /// Those that were due before this time are counted. Where it lies back, the next answer has more.
    #[schema(value_type = String, format = DateTime)]
    counted_until: Timestamp,
}

impl From<Published> for PublishedView {
    fn from(published: Published) -> Self {
        let Published {
            targets,
            counted_until,
        } = published;
        Self {
            targets,
            counted_until,
        }
    }
}

impl Share {
    fn new(used: u64, limit: u64) -> Self {
        Self {
            used,
            limit,
            remaining: limit.saturating_sub(used),
        }
    }
}

impl UsageView {
    fn new(usage: Usage, published: Published, limits: Limits, now: Timestamp) -> Self {
        Self {
            accounts: Share::new(usage.accounts, limits.accounts),
            members: Share::new(usage.members, limits.members),
            posts_this_month: Share::new(usage.month.posts, limits.posts_per_month),
            targets_this_month: Share::new(usage.month.targets, limits.targets_per_month),
            published_this_month: published.into(),
            media_bytes: Share::new(usage.media_bytes, limits.media_bytes),
            month_ends_at: next_month(now),
        }
    }
}

/// What the tenant has used of its limits, and what is left. Each is counted in the transaction of the act that takes it;
/// what is out is counted when somebody asks.
#[utoipa::path(
    get,
    path = "/v1/tenants/{id}/usage",
    tag = "tenants",
    params(("id" = String, Path, description = "The tenant")),
    responses((status = OK, description = "Usage", body = UsageView))
)]
pub(crate) async fn get_usage(
    State(ctx): State<Ctx>,
    caller: CanIn<ReadTenant>,
    Path(id): Path<TenantId>,
) -> api::Result<Json<UsageView>> {
    let reader = ctx.reader(&caller, id).await?;
    let now = ctx.clock.now();
    let tenant = ctx.table.tenant(&reader.scope);
    let usage = tenant.usage(now).await?;
    let published = tenant.published(now, CountEffort::DEFAULT).await?;
    let limits = reader.tenant.limits;
    Ok(Json(UsageView::new(usage, published, limits, now)))
}

fn next_month(now: Timestamp) -> Timestamp {
    let first = now.to_zoned(TimeZone::UTC).first_of_month();
    first
        .and_then(|first| first.checked_add(jiff::Span::new().months(1)))
        .and_then(|next| next.start_of_day())
        .map_or(now, |next| next.timestamp())
}
