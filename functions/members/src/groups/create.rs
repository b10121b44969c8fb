//! `POST /v1/account-groups`

use std::collections::BTreeSet;

use api::permission::ManageRoles;
use api::{Can, Command, Json, etag};
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use domain::account::AccountState;
use domain::membership::{
    ACCOUNT_GROUPS_MAX, AccountGroup, Action, GROUP_ACCOUNTS_MAX, Relation, authorize,
};
use domain::{AccountGroupId, AccountId, Error, FieldError, Result};
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
            self.must_exist(&asker, accounts).await?;
            let ids: Vec<AccountId> = accounts.iter().copied().collect();
            let action = Action::DefineGroup(&ids);
            authorize(asker.rights(), action, Relation::OwnTenant)
                .map_err(|denial| denied(denial, "account group"))?;
            let groups = self.tenant(&asker);
            let number = u64::try_from(groups.account_groups().await?.len()).unwrap_or(u64::MAX);
            if number >= ACCOUNT_GROUPS_MAX {
                return Err(Error::QuotaExceeded {
                    what: "account groups",
                    limit: ACCOUNT_GROUPS_MAX,
                });
            }
            let act = self.act(&asker);
            let group = AccountGroup {
                id: AccountGroupId::generate(self.table.ids()),
                name: name.to_owned(),
                accounts: accounts.clone(),
                members: 0,
                version: 1,
                created_at: act.at,
            };
            match groups
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

    /// Accounts that a group is to get must be connected, and exist for the caller.
    pub(crate) async fn must_exist(
        &self,
        asker: &Asker,
        accounts: &BTreeSet<AccountId>,
    ) -> Result<()> {
        if accounts.len() > GROUP_ACCOUNTS_MAX {
            return Err(Error::field(
                "/account_ids",
                "too_many",
                format!("name at most {GROUP_ACCOUNTS_MAX} accounts"),
            ));
        }
        let ids: Vec<AccountId> = accounts.iter().copied().collect();
        let found = self.tenant(asker).accounts(&ids).await?;
        let missing: Vec<FieldError> = ids
            .iter()
            .enumerate()
            .filter(|(_, id)| {
                !found.iter().any(|account| {
                    account.id == **id && account.state != AccountState::Disconnected
                })
            })
            .map(|(place, _)| {
                FieldError::new(
                    format!("/account_ids/{place}"),
                    "not_found",
                    "there is no such account",
                )
            })
            .collect();
        if missing.is_empty() {
            Ok(())
        } else {
            Err(Error::UnknownReference(missing))
        }
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
