//! `POST /v1/accounts/authorizations`

use api::permission::ManageAccounts;
use api::{Can, Json, Secret};
use axum::extract::State;
use domain::account::Account;
use domain::tenant_key::CONSENT_LIFETIME;
use domain::{AccountId, Error, Result};
use http::StatusCode;
use jiff::Timestamp;
use networks::{ConsentRequest, Network, NetworkError, Verifier};
use serde::{Deserialize, Serialize};
use store::Authorization;
use utoipa::ToSchema;

use super::{not_offered, place};
use crate::Ctx;
use crate::connect::{must_reach_all, wrong_network};
use crate::refusal::refusal;

/// An account that is to be connected by its network's consent page.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct BeginAuthorization {
    /// The network, such as `bluesky`.
    network: String,
    /// The account's handle. Then only this account can be connected.
    #[serde(default)]
    handle: Option<String>,
    /// Its server, where the handle does not lead to it.
    #[serde(default)]
    server: Option<String>,
    /// The account that is to be connected again; without, one that may be new.
    #[serde(default)]
    #[schema(value_type = Option<String>, example = "acc_01h455vb4pex5vsknk084sn02q")]
    account_id: Option<AccountId>,
}

/// Where the browser goes.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Authorization)]
pub(crate) struct AuthorizationView {
    /// The network's consent page, to be opened in this browser. It sends the browser back to `/connect` of the dashboard.
    authorize_url: String,
    /// Until when it can be completed.
    #[schema(value_type = String, format = DateTime)]
    expires_at: Timestamp,
}

/// Opens the network's consent page for this sign-in, which alone can complete it.
#[utoipa::path(
    post,
    path = "/v1/accounts/authorizations",
    tag = "accounts",
    request_body = BeginAuthorization,
    responses(
        (status = CREATED, description = "The page", body = AuthorizationView),
        (status = UNPROCESSABLE_ENTITY, description = "`invalid_request` or `network_unreachable`"),
    )
)]
pub(crate) async fn begin_authorization(
    State(ctx): State<Ctx>,
    caller: Can<ManageAccounts>,
    Json(body): Json<BeginAuthorization>,
) -> api::Result<(StatusCode, Json<AuthorizationView>)> {
    let account = if let Some(id) = body.account_id {
        Some(ctx.live_account(&caller, id).await?)
    } else {
        must_reach_all(&caller)?;
        None
    };
    let network = ctx.network(&body.network)?;
    if account
        .as_ref()
        .is_some_and(|account| account.network != network.id())
    {
        let message = "the account is of another network";
        return Err(wrong_network("invalid_value", message).into());
    }
    ctx.admit_sign_in(&caller).await?;
    let opened = ctx
        .open_page(&caller, &*network, &body, account.as_ref())
        .await?;
    Ok((StatusCode::CREATED, Json(opened)))
}

impl Ctx {
    async fn open_page(
        &self,
        caller: &Can<ManageAccounts>,
        network: &dyn Network,
        body: &BeginAuthorization,
        account: Option<&Account>,
    ) -> Result<AuthorizationView> {
        let pages = network.consent().ok_or_else(|| not_offered(network))?;
        let sign_in = caller.sign_in().ok_or_else(Error::unauthenticated)?;
        let tenant = caller.tenant.id;
        // Whatever is sealed later must not fail once the network was asked.
        self.envelope.ready(tenant).await?;
        let state = Secret::generate(&*self.random);
        let request = ConsentRequest {
            handle: body.handle.as_deref(),
            server: body.server.as_deref(),
            account: account.map(|account| &account.identity),
            state: state.expose(),
            verifier: Verifier::new(Secret::generate(&*self.random).expose().to_owned()),
        };
        let page = pages
            .open(request)
            .await
            .map_err(|error| refused(network, error, self.clock.now()))?;
        let hash = state.hash();
        let pending = page.pending.expose().as_bytes();
        let sealed = self.envelope.seal(&place(tenant, &hash), pending).await?;
        let now = self.clock.now();
        let authorization = Authorization {
            state: hash,
            user: caller.user,
            sign_in: sign_in.to_owned(),
            network: network.id(),
            account: account.map(|account| account.id),
            sealed: sealed.as_bytes().to_vec(),
            expires_at: now.saturating_add(CONSENT_LIFETIME).unwrap_or(now),
        };
        self.accounts(caller)
            .begin_authorization(&authorization)
            .await?;
        Ok(AuthorizationView {
            authorize_url: page.address.into(),
            expires_at: authorization.expires_at,
        })
    }
}

/// The fields of this body are named as the network names them.
fn refused(network: &dyn Network, error: NetworkError, now: Timestamp) -> Error {
    match error {
        NetworkError::Invalid { field, message } => {
            Error::field(format!("/{field}"), "invalid_value", message)
        }
        error @ (NetworkError::Unauthorized { .. }
        | NetworkError::RateLimited { .. }
        | NetworkError::Unavailable { .. }
        | NetworkError::Refused(_)) => refusal(network, error, now),
    }
}
