//! `GET /v1/me`

use api::{Json, SignedIn};
use axum::extract::State;

use crate::Ctx;
use crate::answer::Me;

/// Who is signed in, and where they may act.
#[utoipa::path(
    get,
    path = "/v1/me",
    tag = "identity",
    responses((status = OK, description = "The caller", body = Me))
)]
pub(crate) async fn get_me(State(ctx): State<Ctx>, caller: SignedIn) -> api::Result<Json<Me>> {
    let user = ctx.stored_person(caller.user).await?;
    let members = ctx.table.system().memberships(caller.user).await?;
    let tenant = caller.member.map(|member| member.tenant.id);
    let me = ctx.me(&user, &members, tenant).await?;
    Ok(Json(match &caller.support {
        Some(access) => me.looking_into(access),
        None => me,
    }))
}
