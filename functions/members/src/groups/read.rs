//! `GET /v1/account-groups`, `GET /v1/account-groups/{id}`

use api::permission::ReadMembers;
use api::{Can, Json, Path, etag};
use axum::extract::State;
use axum::response::IntoResponse;
use domain::membership::AccountGroup;
use domain::{AccountGroupId, Error, Result};

use super::view::{AccountGroupList, AccountGroupView};
use crate::Ctx;
use crate::asker::Asker;

/// Lists the account groups, oldest first. Groups with accounts that do not exist for the caller are left out.
#[utoipa::path(
    get,
    path = "/v1/account-groups",
    tag = "members",
    responses((status = OK, description = "Account groups", body = AccountGroupList))
)]
pub(crate) async fn list_account_groups(
    State(ctx): State<Ctx>,
    caller: Can<ReadMembers>,
) -> api::Result<Json<AccountGroupList>> {
    let groups = ctx.tenant(&Asker::from(caller)).account_groups().await?;
    let items = groups.into_iter().map(AccountGroupView::from).collect();
    Ok(Json(AccountGroupList { items, next: None }))
}

/// One account group.
#[utoipa::path(
    get,
    path = "/v1/account-groups/{id}",
    tag = "members",
    params(("id" = String, Path, description = "The account group")),
    responses((status = OK, description = "The account group", body = AccountGroupView))
)]
pub(crate) async fn get_account_group(
    State(ctx): State<Ctx>,
    caller: Can<ReadMembers>,
    Path(id): Path<AccountGroupId>,
) -> api::Result<impl IntoResponse> {
    let group = ctx.group(&caller.into(), id).await?;
    Ok((etag(group.version), Json(AccountGroupView::from(group))))
}

impl Ctx {
    pub(crate) async fn group(&self, asker: &Asker, id: AccountGroupId) -> Result<AccountGroup> {
        let found = self.tenant(asker).account_group(id).await?;
        found.ok_or(Error::NotFound {
            kind: "account group",
        })
    }
}
