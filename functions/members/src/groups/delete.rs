//! `DELETE /v1/account-groups/{id}`

use api::permission::ManageRoles;
use api::{Can, IfMatch, Path};
use axum::extract::State;
use domain::AccountGroupId;
use http::StatusCode;
use store::Defined;

use crate::asker::{Asker, too_busy};
use crate::roles::delete::in_use;
use crate::{Ctx, ROUNDS};

/// Deletes an account group that no member is limited to. Its accounts stay; an invitation to it is void, and an API key
/// has no accounts by it any more.
#[utoipa::path(
    delete,
    path = "/v1/account-groups/{id}",
    tag = "members",
    params(
        ("id" = String, Path, description = "The account group"),
        ("If-Match" = Option<String>, Header, description = "The `ETag` that was read"),
    ),
    responses(
        (status = NO_CONTENT, description = "It is gone"),
        (status = FORBIDDEN, description = "`outranked`"),
        (status = CONFLICT, description = "`in_use`"),
    )
)]
pub(crate) async fn delete_account_group(
    State(ctx): State<Ctx>,
    caller: Can<ManageRoles>,
    Path(id): Path<AccountGroupId>,
    if_match: IfMatch,
) -> api::Result<StatusCode> {
    let mut asker = Asker::from(caller);
    for _ in 0..ROUNDS {
        let found = ctx.group(&asker, id).await?;
        if_match.check(found.version)?;
        let held = ctx.may_define_group(&asker, &found, []).await?;
        let act = ctx.act(&asker);
        match ctx
            .tenant(&asker)
            .delete_account_group(&found, &held, &act)
            .await?
        {
            Defined::Done => return Ok(StatusCode::NO_CONTENT),
            Defined::InUse => return Err(in_use().into()),
            Defined::NameTaken | Defined::Stale => {
                asker = ctx.once_more::<ManageRoles>(&asker).await?;
            }
        }
    }
    Err(too_busy().into())
}
