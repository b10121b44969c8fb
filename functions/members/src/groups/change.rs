//! `PATCH /v1/account-groups/{id}`

use std::collections::BTreeSet;

use api::permission::ManageRoles;
use api::{Can, IfMatch, Json, Path, etag};
use axum::extract::State;
use axum::response::IntoResponse;
use domain::membership::AccountGroup;
use domain::{AccountGroupId, AccountId, Error, Result};
use serde::Deserialize;
use store::Defined;
use utoipa::ToSchema;

use super::view::AccountGroupView;
use crate::asker::{Asker, too_busy};
use crate::fields::{checked_name, present};
use crate::roles::create::name_taken;
use crate::{Ctx, ROUNDS};

/// A merge patch (RFC 7396): what is absent stays.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ChangeAccountGroup {
    /// 1 to 50 characters.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = String)]
    name: Option<String>,
    /// All accounts of the group. Those of them that were disconnected since leave it.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Vec<String>)]
    account_ids: Option<BTreeSet<AccountId>>,
}

/// Changes an account group. It acts at the next request of whoever is limited to it. Nobody can change a group with
/// accounts that they lack, or that somebody is limited to, or invited to, or has an API key for, who has more than they.
#[utoipa::path(
    patch,
    path = "/v1/account-groups/{id}",
    tag = "members",
    params(
        ("id" = String, Path, description = "The account group"),
        ("If-Match" = Option<String>, Header, description = "The `ETag` that was read"),
    ),
    request_body = ChangeAccountGroup,
    responses(
        (status = OK, description = "The account group after it", body = AccountGroupView),
        (status = FORBIDDEN, description = "`beyond_own_rights` or `outranked`"),
        (status = NOT_FOUND, description = "An account that is new in it does not exist: `not_found`"),
        (status = CONFLICT, description = "`name_taken`"),
    )
)]
pub(crate) async fn change_account_group(
    State(ctx): State<Ctx>,
    caller: Can<ManageRoles>,
    Path(id): Path<AccountGroupId>,
    if_match: IfMatch,
    Json(body): Json<ChangeAccountGroup>,
) -> api::Result<impl IntoResponse> {
    let group = ctx
        .change_group(caller.into(), id, &if_match, &body)
        .await?;
    Ok((etag(group.version), Json(AccountGroupView::from(group))))
}

impl Ctx {
    async fn change_group(
        &self,
        mut asker: Asker,
        id: AccountGroupId,
        if_match: &IfMatch,
        body: &ChangeAccountGroup,
    ) -> Result<AccountGroup> {
        for _ in 0..ROUNDS {
            let found = self.group(&asker, id).await?;
            if_match.check(found.version)?;
            let accounts = match &body.account_ids {
                Some(wanted) => self.group_accounts(&asker, wanted, &found.accounts).await?,
                None => found.accounts.clone(),
            };
            let changed = changed(&found, accounts, body)?;
            if changed == found {
                return Ok(found);
            }
            let after = changed.accounts.iter().copied();
            let held = self.may_define_group(&asker, &found, after).await?;
            let act = self.act(&asker);
            match self
                .tenant(&asker)
                .change_account_group(&found, &changed, &held, &act)
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

fn changed(
    found: &AccountGroup,
    accounts: BTreeSet<AccountId>,
    body: &ChangeAccountGroup,
) -> Result<AccountGroup> {
    let name = body.name.as_deref().map(checked_name).transpose();
    let name = name.map_err(|error| Error::Invalid(vec![error]))?;
    let mut changed = AccountGroup {
        name: name.unwrap_or_else(|| found.name.clone()),
        accounts,
        ..found.clone()
    };
    if changed != *found {
        changed.version = changed.version.saturating_add(1);
    }
    Ok(changed)
}
