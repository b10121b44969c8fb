//! Reading accounts.

use api::permission::ReadAccounts;
use api::{Can, Json, ListQuery, Page, PageQuery, Path, Query};
use axum::extract::State;
use domain::AccountId;
use domain::account::{Account, AccountState};
use domain::{Error, Result};

use crate::Ctx;
use crate::account_view::AccountView;

/// Lists the tenant's accounts, oldest first.
#[utoipa::path(
    get,
    path = "/v1/accounts",
    tag = "accounts",
    params(PageQuery),
    responses((status = OK, description = "Accounts", body = Page<AccountView>))
)]
pub(crate) async fn list_accounts(
    State(ctx): State<Ctx>,
    caller: Can<ReadAccounts>,
    Query(query): Query<PageQuery>,
) -> api::Result<Json<Page<AccountView>>> {
    let list = ListQuery {
        tenant: caller.tenant.id,
        kind: "accounts",
        filters: "",
    };
    let start = query.start::<AccountId>(&ctx.gate, list).await?;
    let page = ctx
        .accounts(&caller)
        .account_page(start, query.limit())
        .await?;
    let connected = page
        .accounts
        .into_iter()
        .filter(|account| account.state != AccountState::Disconnected)
        .map(AccountView::from)
        .collect();
    Ok(Json(ctx.gate.page(list, connected, page.next).await?))
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
