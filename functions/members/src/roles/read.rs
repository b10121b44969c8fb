//! `GET /v1/roles`, `GET /v1/roles/{id}`

use api::permission::ReadMembers;
use api::{Can, Json, Path, etag};
use axum::extract::State;
use axum::response::IntoResponse;
use domain::membership::{CustomRole, Role};
use domain::{Error, Result, RoleId};

use super::view::{RoleList, RoleView};
use crate::Ctx;
use crate::asker::Asker;

/// Lists all roles: those that every tenant has, then those of this one, oldest first.
#[utoipa::path(
    get,
    path = "/v1/roles",
    tag = "members",
    responses((status = OK, description = "Roles", body = RoleList))
)]
pub(crate) async fn list_roles(
    State(ctx): State<Ctx>,
    caller: Can<ReadMembers>,
) -> api::Result<Json<RoleList>> {
    let custom = ctx.tenant(&Asker::from(caller)).roles().await?;
    let built_in = Role::ALL.into_iter().rev().map(RoleView::from);
    let items = built_in
        .chain(custom.into_iter().map(RoleView::from))
        .collect();
    Ok(Json(RoleList { items, next: None }))
}

/// One role that the tenant made.
#[utoipa::path(
    get,
    path = "/v1/roles/{id}",
    tag = "members",
    params(("id" = String, Path, description = "The role")),
    responses((status = OK, description = "The role", body = RoleView))
)]
pub(crate) async fn get_role(
    State(ctx): State<Ctx>,
    caller: Can<ReadMembers>,
    Path(id): Path<RoleId>,
) -> api::Result<impl IntoResponse> {
    let role = ctx.role(&caller.into(), id).await?;
    Ok((etag(role.version), Json(RoleView::from(role))))
}

impl Ctx {
    pub(crate) async fn role(&self, asker: &Asker, id: RoleId) -> Result<CustomRole> {
        let found = self.tenant(asker).role(id).await?;
        found.ok_or(Error::NotFound { kind: "role" })
    }
}
