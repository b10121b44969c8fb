//! `POST /v1/account-groups`

use std::collections::BTreeSet;

use api::permission::ManageRoles;
use api::{Can, Command, Json, etag};
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use domain::membership::{AccountGroup, Action, Relation, authorize};
use domain::{AccountGroupId, AccountId, Error, Result};
use http::StatusCode;
use serde::Deserialize;
use store::{Defined, IdempotencyClaim};
use utoipa::ToSchema;

use super::view::AccountGroupView;
use crate::asker::{Asker, too_busy};
use crate::denial::denied;
use crate::fields::checked_name;
use crate::roles::create::name_taken;
use crate::{Ctx, ROUNDS};

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CreateAccountGroup {
    /// 1 to 50 characters; no two groups have the same name.
    #[schema(example = "Client A")]
    name: String,
    /// Connected accounts; they may be in several groups.
    #[schema(value_type = Vec<String>)]
    account_ids: BTreeSet<AccountId>,
}

/// Makes an account group of accounts that the caller can use.
#[utoipa::path(
    post,
    path = "/v1/account-groups",
    tag = "members",
    params(("Idempotency-Key" = Option<String>, Header, description = "Makes a repeat of the request harmless")),
    request_body = CreateAccountGroup,
    responses(
        (status = CREATED, description = "The account group", body = AccountGroupView),
        (status = NOT_FOUND, description = "An account does not exist: `not_found`"),
        (status = PAYMENT_REQUIRED, description = "`plan_limit`: the tenant has 500 account groups"),
        (status = CONFLICT, description = "`name_taken`"),
    )
)]
pub(crate) async fn create_account_group(
    State(ctx): State<Ctx>,
    caller: Can<ManageRoles>,
    command: Command<CreateAccountGroup>,
) -> api::Result<Response> {
    let CreateAccountGroup { name, account_ids } = command.body;
    let name = checked_name(&name).map_err(|error| Error::Invalid(vec![error]))?;
    let group = ctx
        .create_group(caller.into(), &name, &account_ids, command.claim.as_ref())
        .await?;
    let version = etag(group.version);
    let body = Json(AccountGroupView::from(group));
    Ok((StatusCode::CREATED, version, body).into_response())
}

impl Ctx {
    async fn create_group(
        &self,
        mut asker: Asker,
        name: &str,
        accounts: &BTreeSet<AccountId>,
        claim: Option<&IdempotencyClaim>,
    ) -> Result<AccountGroup> {
        for _ in 0..ROUNDS {
            if let Some(made) = self.group_made_before(&asker, claim).await? {
                return Ok(made);
            }
            let accounts = self
                .group_accounts(&asker, accounts, &BTreeSet::new())
                .await?;
            let ids: Vec<AccountId> = accounts.iter().copied().collect();
            let action = Action::DefineGroup(&ids);
            authorize(asker.rights(), action, Relation::OwnTenant)
                .map_err(|denial| denied(denial, "account group"))?;
            let act = self.act(&asker);
            let group = AccountGroup {
                id: AccountGroupId::generate(self.table.ids()),
                name: name.to_owned(),
                accounts,
                members: 0,
                version: 1,
                created_at: act.at,
            };
            match self
                .tenant(&asker)
                .create_account_group(&group, claim, &asker.standing, &act)
                .await?
            {
                Defined::Done => return Ok(group),
                Defined::NameTaken => return Err(name_taken()),
                Defined::InUse | Defined::Stale => {
                    asker = self.once_more::<ManageRoles>(&asker).await?;
                }
            }
        }
        Err(too_busy())
    }

    async fn group_made_before(
        &self,
        asker: &Asker,
        claim: Option<&IdempotencyClaim>,
    ) -> Result<Option<AccountGroup>> {
        match self.made_before(asker, claim).await? {
            Some(id) => self.group(asker, id).await.map(Some),
            None => Ok(None),
        }
    }
}
