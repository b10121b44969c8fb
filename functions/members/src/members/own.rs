//! `GET /v1/members/me`, `DELETE /v1/members/me`

use api::permission::ReadTenant;
use api::{Can, Json, etag};
use axum::extract::State;
use axum::response::IntoResponse;
use domain::Error;
use http::StatusCode;

use super::view::OwnMembership;
use crate::Ctx;
use crate::asker::Asker;

/// What the caller is in the tenant, and all that they may do there.
#[utoipa::path(
    get,
    path = "/v1/members/me",
    tag = "members",
    responses((status = OK, description = "The caller's membership", body = OwnMembership))
)]
pub(crate) async fn get_own_membership(
    State(ctx): State<Ctx>,
    caller: Can<ReadTenant>,
) -> api::Result<impl IntoResponse> {
    let asker = Asker::from(caller);
    let member = ctx.tenant(&asker).membership(asker.user).await?;
    let member = member.ok_or(Error::NotFound { kind: "member" })?;
    let user = ctx.table.system().user(asker.user).await?;
    let view = OwnMembership::new(&member, user.as_ref(), asker.standing);
    Ok((etag(member.version), Json(view)))
}

/// Leaves the tenant. The last owner cannot: make somebody else an owner first, or delete the tenant.
#[utoipa::path(
    delete,
    path = "/v1/members/me",
    tag = "members",
    responses(
        (status = NO_CONTENT, description = "The caller is no member any more"),
        (status = CONFLICT, description = "`last_owner`"),
    )
)]
pub(crate) async fn leave_tenant(
    State(ctx): State<Ctx>,
    caller: Can<ReadTenant>,
) -> api::Result<StatusCode> {
    let asker = Asker::from(caller);
    ctx.remove::<ReadTenant>(&asker, asker.user, &api::IfMatch::Absent)
        .await?;
    Ok(StatusCode::NO_CONTENT)
}
