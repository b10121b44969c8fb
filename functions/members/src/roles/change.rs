//! `PATCH /v1/roles/{id}`

use api::permission::ManageRoles;
use api::{Can, IfMatch, Json, Path, etag};
use axum::extract::State;
use axum::response::IntoResponse;
use domain::membership::{CustomRole, Permission};
use domain::{Error, Result, RoleId};
use serde::Deserialize;
use store::Defined;
use utoipa::ToSchema;

use super::create::name_taken;
use super::view::RoleView;
use crate::asker::{Asker, too_busy};
use crate::fields::{checked_name, permissions, present};
use crate::{Ctx, ROUNDS};

/// A merge patch (RFC 7396): what is absent stays.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ChangeRole {
    /// 1 to 50 characters.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = String)]
    name: Option<String>,
    /// What it allows.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Vec<String>)]
    permissions: Option<Vec<Permission>>,
}

/// Changes a role. It acts at the next request of whoever has it. Nobody can change a role that allows more than theirs,
/// or that somebody has, or is invited to, at accounts that they lack; or make it allow what they lack.
#[utoipa::path(
    patch,
    path = "/v1/roles/{id}",
    tag = "members",
    params(
        ("id" = String, Path, description = "The role"),
        ("If-Match" = Option<String>, Header, description = "The `ETag` that was read"),
    ),
    request_body = ChangeRole,
    responses(
        (status = OK, description = "The role after it", body = RoleView),
        (status = FORBIDDEN, description = "`beyond_own_rights` or `outranked`"),
        (status = CONFLICT, description = "`name_taken`"),
    )
)]
pub(crate) async fn change_role(
    State(ctx): State<Ctx>,
    caller: Can<ManageRoles>,
    Path(id): Path<RoleId>,
    if_match: IfMatch,
    Json(body): Json<ChangeRole>,
) -> api::Result<impl IntoResponse> {
    let role = ctx.change_role(caller.into(), id, &if_match, &body).await?;
    Ok((etag(role.version), Json(RoleView::from(role))))
}

impl Ctx {
    async fn change_role(
        &self,
        mut asker: Asker,
        id: RoleId,
        if_match: &IfMatch,
        body: &ChangeRole,
    ) -> Result<CustomRole> {
        for _ in 0..ROUNDS {
            let found = self.role(&asker, id).await?;
            if_match.check(found.version)?;
            let changed = changed(&found, body)?;
            if changed == found {
                return Ok(found);
            }
            let held = self
                .may_define_role(&asker, &found, &changed.permissions)
                .await?;
            let act = self.act(&asker);
            match self
                .tenant(&asker)
                .change_role(&found, &changed, &held, &act)
                .await?
            {
                Defined::Done => return Ok(changed),
                Defined::NameTaken => return Err(name_taken()),
                Defined::InUse | Defined::Stale => {
                    asker = self.once_more::<ManageRoles>(&asker).await?;
                }
            }
        }
        Err(too_busy())
    }
}

fn changed(found: &CustomRole, body: &ChangeRole) -> Result<CustomRole> {
    let name = body.name.as_deref().map(checked_name).transpose();
    let permissions = body.permissions.as_deref().map(permissions).transpose();
    let (name, permissions) = match (name, permissions) {
        (Ok(name), Ok(permissions)) => (name, permissions),
        (name, permissions) => {
            let errors = [name.err(), permissions.err()].into_iter().flatten();
            return Err(Error::Invalid(errors.collect()));
        }
    };
    let mut changed = CustomRole {
        name: name.unwrap_or_else(|| found.name.clone()),
        permissions: permissions.unwrap_or_else(|| found.permissions.clone()),
        ..found.clone()
    };
    if changed != *found {
        changed.version = changed.version.saturating_add(1);
    }
    Ok(changed)
}
