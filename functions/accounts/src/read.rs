//! Reading accounts.

use api::permission::ReadAccounts;
use api::{Can, Json, ListQuery, Page, PageLimit, Path, Query};
use axum::extract::State;
use domain::AccountId;
use domain::account::{Account, AccountState};
use domain::{Error, Result};
use serde::Deserialize;
use utoipa::IntoParams;

use crate::Ctx;
use crate::account_view::AccountView;

/// Which part of the list.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ListAccounts {
    /// Most items of the page: 1 to 200, else 50.
    #[serde(default)]
    #[param(value_type = Option<u32>)]
    limit: PageLimit,
    /// `next` of the page before.
    cursor: Option<String>,
}

/// Lists the tenant's accounts, oldest first.
#[utoipa::path(
    get,
    path = "/v1/accounts",
    tag = "accounts",
    params(ListAccounts),
    responses((status = OK, description = "Accounts", body = Page<AccountView>))
)]
pub(crate) async fn list_accounts(
    State(ctx): State<Ctx>,
    caller: Can<ReadAccounts>,
    Query(query): Query<ListAccounts>,
) -> api::Result<Json<Page<AccountView>>> {
    let list = ListQuery {
        tenant: caller.tenant.id,
        kind: "accounts",
        filters: "",
    };
    let after = match &query.cursor {
        Some(cursor) => Some(ctx.gate.position::<AccountId>(list, cursor).await?),
        None => None,
    };
    let limit = i32::try_from(query.limit.get()).unwrap_or(i32::MAX);
    let page = ctx.accounts(&caller).account_page(after, limit).await?;
    let next = match page.next {
        Some(last) => Some(ctx.gate.cursor(list, &last).await?),
        None => None,
    };
    Ok(Json(Page {
        items: page
            .accounts
            .into_iter()
            .filter(|account| account.state != AccountState::Disconnected)
            .map(AccountView::from)
            .collect(),
        next,
    }))
}

/// One account.
#[utoipa::path(
    get,
    path = "/v1/accounts/{id}",
    tag = "accounts",
    params(("id" = String, Path, description = "The account")),
    responses((status = OK, description = "The account", body = AccountView))
)]
pub(crate) async fn get_account(
    State(ctx): State<Ctx>,
    caller: Can<ReadAccounts>,
    Path(id): Path<AccountId>,
) -> api::Result<Json<AccountView>> {
    Ok(Json(ctx.live_account(&caller, id).await?.into()))
}

impl Ctx {
    /// The account, unless it is disconnected.
    pub(crate) async fn live_account<P>(&self, caller: &Can<P>, id: AccountId) -> Result<Account> {
        let account = self.accounts(caller).account(id).await?;
        account
            .filter(|account| account.state != AccountState::Disconnected)
            .ok_or(Error::NotFound { kind: "account" })
    }
}
