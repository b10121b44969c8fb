//! `POST /v1/roles`

use api::permission::ManageRoles;
use api::{Can, Command, Json, etag};
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use domain::membership::{Action, CustomRole, Permission, PermissionSet, Relation, authorize};
use domain::{Error, Result, RoleId};
use http::StatusCode;
use serde::Deserialize;
use store::{Defined, IdempotencyClaim};
use utoipa::ToSchema;

use super::view::RoleView;
use crate::asker::{Asker, too_busy};
use crate::denial::denied;
use crate::fields::{checked_name, permissions};
use crate::{Ctx, ROUNDS};

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CreateRole {
    /// 1 to 50 characters; no two roles have the same name.
    #[schema(example = "Client")]
    name: String,
    /// What it allows, by the names that the API's document gives as `x-permission`.
    #[schema(value_type = Vec<String>, example = json!(["read_posts", "write_drafts"]))]
    permissions: Vec<Permission>,
}

/// Makes a role of permissions that the caller has.
#[utoipa::path(
    post,
    path = "/v1/roles",
    tag = "members",
    params(("Idempotency-Key" = Option<String>, Header, description = "Makes a repeat of the request harmless")),
    request_body = CreateRole,
    responses(
        (status = CREATED, description = "The role", body = RoleView),
        (status = PAYMENT_REQUIRED, description = "`plan_limit`: the tenant has 100 roles of its own"),
        (status = FORBIDDEN, description = "`beyond_own_rights`"),
        (status = CONFLICT, description = "`name_taken`"),
    )
)]
pub(crate) async fn create_role(
    State(ctx): State<Ctx>,
    caller: Can<ManageRoles>,
    command: Command<CreateRole>,
) -> api::Result<Response> {
    let CreateRole {
        name,
        permissions: names,
    } = command.body;
    let wanted = match (checked_name(&name), permissions(&names)) {
        (Ok(name), Ok(permissions)) => (name, permissions),
        (name, permissions) => {
            let errors = [name.err(), permissions.err()].into_iter().flatten();
            return Err(Error::Invalid(errors.collect()).into());
        }
    };
    let role = ctx
        .create_role(caller.into(), wanted, command.claim.as_ref())
        .await?;
    let version = etag(role.version);
    Ok((StatusCode::CREATED, version, Json(RoleView::from(role))).into_response())
}

impl Ctx {
    async fn create_role(
        &self,
        mut asker: Asker,
        (name, permissions): (String, PermissionSet),
        claim: Option<&IdempotencyClaim>,
    ) -> Result<CustomRole> {
        for _ in 0..ROUNDS {
            if let Some(made) = self.role_made_before(&asker, claim).await? {
                return Ok(made);
            }
            let action = Action::DefineRole(&permissions);
            authorize(asker.rights(), action, Relation::OwnTenant)
                .map_err(|denial| denied(denial, "role"))?;
            let act = self.act(&asker);
            let role = CustomRole {
                id: RoleId::generate(self.table.ids()),
                name: name.clone(),
                permissions: permissions.clone(),
                members: 0,
                version: 1,
                created_at: act.at,
            };
            match self
                .tenant(&asker)
                .create_role(&role, claim, &asker.standing, &act)
                .await?
            {
                Defined::Done => return Ok(role),
                Defined::NameTaken => return Err(name_taken()),
                Defined::InUse | Defined::Stale => {
                    asker = self.once_more::<ManageRoles>(&asker).await?;
                }
            }
        }
        Err(too_busy())
    }

    async fn role_made_before(
        &self,
        asker: &Asker,
        claim: Option<&IdempotencyClaim>,
    ) -> Result<Option<CustomRole>> {
        match self.made_before(asker, claim).await? {
            Some(id) => self.role(asker, id).await.map(Some),
            None => Ok(None),
        }
    }
}

/// Something else of its kind has the name.
pub(crate) fn name_taken() -> Error {
    Error::conflict("name_taken", "another one has this name: choose another")
}
