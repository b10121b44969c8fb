//! Connecting an account again, by its id.

use api::permission::ManageAccounts;
use api::{Can, Json, Path};
use axum::extract::State;
use domain::account::Account;
use domain::network::ConnectMethod;
use domain::{AccountId, Error, Result};
use networks::Connected;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::account_view::AccountView;
use crate::connect::busy;
use crate::credentials::Credentials;
use crate::{Ctx, ROUNDS};

/// New credentials for a known account.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ReconnectAccount {
    /// The fields that `GET /v1/networks` names for the account's network.
    credentials: Credentials,
}

/// Gives an account new credentials; its held posts resume. Credentials of another account are refused.
#[utoipa::path(
    post,
    path = "/v1/accounts/{id}/reconnect",
    tag = "accounts",
    params(("id" = String, Path, description = "The account")),
    request_body = ReconnectAccount,
    responses(
        (status = OK, description = "Connected again", body = AccountView),
        (status = CONFLICT, description = "The credentials belong to another account: `another_account`"),
        (status = UNPROCESSABLE_ENTITY, description = "`invalid_request`, `invalid_credentials` or `network_unreachable`"),
    )
)]
pub(crate) async fn reconnect_account(
    State(ctx): State<Ctx>,
    caller: Can<ManageAccounts>,
    Path(id): Path<AccountId>,
    Json(body): Json<ReconnectAccount>,
) -> api::Result<Json<AccountView>> {
    let account = ctx.live_account(&caller, id).await?;
    let network = ctx.network(account.network.as_str())?;
    if network.connect_method() != ConnectMethod::Credentials {
        return Err(Error::conflict(
            "connect_by_oauth",
            "connect accounts of this network by POST /v1/accounts/authorizations",
        )
        .into());
    }
    let connected = ctx.sign_in(&caller, &*network, &body.credentials).await?;
    Ok(Json(
        ctx.reconnect(&caller, &account, &connected).await?.into(),
    ))
}

impl Ctx {
    /// Gives an account what a new sign-in brought, if it was one of this very account.
    pub(crate) async fn reconnect(
        &self,
        caller: &Can<ManageAccounts>,
        account: &Account,
        connected: &Connected,
    ) -> Result<Account> {
        if connected.identity.remote_id != account.identity.remote_id {
            return Err(Error::conflict(
                "another_account",
                format!(
                    "these credentials belong to {}, this account is {}: use its own, or connect the other by itself",
                    connected.identity.handle, account.identity.handle
                ),
            ));
        }
        for _ in 0..ROUNDS {
            if let Some(account) = self.once_more(caller, account.id, connected, None).await? {
                return Ok(account);
            }
            self.live_account(caller, account.id).await?;
        }
        Err(busy())
    }
}
