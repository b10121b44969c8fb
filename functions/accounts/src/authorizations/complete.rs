//! `POST /v1/accounts/authorizations/complete`

use api::permission::ManageAccounts;
use api::{Can, Headroom, Json, Quota, Secret};
use axum::extract::State;
use cloud::envelope::Sealed;
use domain::{Error, Result};
use http::StatusCode;
use networks::{Consent, ConsentError, Network, PendingConsent};
use serde::Deserialize;
use store::{Authorization, Saved};
use utoipa::ToSchema;

use super::{not_offered, place};
use crate::Ctx;
use crate::account_view::AccountView;
use crate::connect::must_reach_all;
use crate::refusal::refusal;

/// What the network gave the browser to bring back, as it stands in the address.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CompleteAuthorization {
    /// The state that the browser left with.
    state: String,
    /// The code, where the person agreed.
    #[serde(default)]
    code: Option<String>,
    /// Who says that they issued it.
    #[serde(default)]
    iss: Option<String>,
    /// Why there is no code.
    #[serde(default)]
    error: Option<String>,
}

/// Connects the account that the person agreed to connect. Whatever comes of it, the state is used up, unless the tenant's
/// key cannot be had right now: then send the same again.
#[utoipa::path(
    post,
    path = "/v1/accounts/authorizations/complete",
    tag = "accounts",
    request_body = CompleteAuthorization,
    responses(
        (status = CREATED, description = "Connected", body = AccountView),
        (status = OK, description = "It was connected already; it has the new credentials", body = AccountView),
        (status = CONFLICT, description = "`another_account` or `account_in_another_tenant`"),
        (status = GONE, description = "`authorization_over`: used, too old, or begun by another sign-in or in another tenant"),
        (status = UNPROCESSABLE_ENTITY, description = "`authorization_denied`, `authorization_forged`, `invalid_credentials` or `network_unreachable`"),
    )
)]
pub(crate) async fn complete_authorization(
    State(ctx): State<Ctx>,
    caller: Can<ManageAccounts>,
    Json(body): Json<CompleteAuthorization>,
) -> api::Result<(StatusCode, Option<Headroom>, Json<AccountView>)> {
    if body.code.is_none() && body.error.is_none() {
        return Err(Error::field("/code", "missing_field", "send the code, or the error").into());
    }
    let begun = ctx.begun(&caller, &body.state).await?;
    let network = ctx.network(begun.network.as_str())?;
    let code = match (&body.code, &body.error) {
        (Some(code), None) => code,
        (_, error) => {
            ctx.end_authorization(&caller, &begun).await?;
            return Err(denied(&*network, error.as_deref()).into());
        }
    };
    let pending = ctx.open_pending(&caller, &begun).await?;
    ctx.end_authorization(&caller, &begun).await?;
    let consent = Consent {
        code,
        issuer: body.iss.as_deref(),
    };
    let Some(account) = begun.account else {
        must_reach_all(&caller)?;
        let connected = ctx.exchange(&*network, &pending, consent).await?;
        let (status, account) = ctx.take_in(&caller, &*network, &connected, None).await?;
        let used = ctx.accounts(&caller).accounts_used().await;
        let headroom = Headroom::after(Quota::Accounts, caller.tenant.limits.accounts, used);
        return Ok((status, headroom, Json(account.into())));
    };
    let account = ctx.live_account(&caller, account).await?;
    let connected = ctx.exchange(&*network, &pending, consent).await?;
    let account = ctx.reconnect(&caller, &account, &connected).await?;
    Ok((StatusCode::OK, None, Json(account.into())))
}

impl Ctx {
    async fn begun(&self, caller: &Can<ManageAccounts>, state: &str) -> Result<Authorization> {
        let (Some(state), Some(sign_in)) = (Secret::parse(state), caller.sign_in()) else {
            return Err(over());
        };
        self.accounts(caller)
            .authorization(&state.hash(), caller.user, sign_in, self.clock.now())
            .await?
            .ok_or_else(over)
    }

    /// What was sealed when the page was opened. Whoever has it has all keys that they need from here on: while the key
    /// service is down nobody comes so far as to use the state, or the network's code, up.
    async fn open_pending(
        &self,
        caller: &Can<ManageAccounts>,
        begun: &Authorization,
    ) -> Result<PendingConsent> {
        let tenant = caller.tenant.id;
        let sealed = Sealed::from_bytes(begun.sealed.clone());
        let place = place(tenant, &begun.state);
        let opened = self.envelope.open(&place, &sealed).await?;
        // The credential is sealed under the newest key, which may be another one.
        self.envelope.ready(tenant).await?;
        let text =
            str::from_utf8(&opened).map_err(|error| Error::corrupt("authorization", error))?;
        Ok(PendingConsent::new(text.to_owned()))
    }

    async fn end_authorization(
        &self,
        caller: &Can<ManageAccounts>,
        begun: &Authorization,
    ) -> Result<()> {
        let accounts = self.accounts(caller);
        match accounts.end_authorization(begun, self.clock.now()).await? {
            Saved::Done => Ok(()),
            Saved::Stale => Err(over()),
        }
    }

    async fn exchange(
        &self,
        network: &dyn Network,
        pending: &PendingConsent,
        consent: Consent<'_>,
    ) -> Result<networks::Connected> {
        let pages = network.consent().ok_or_else(|| not_offered(network))?;
        pages
            .connect(pending, consent)
            .await
            .map_err(|error| match error {
                ConsentError::Forged { message } => Error::NetworkRefused {
                    code: "authorization_forged",
                    detail: format!("{message}: begin again, from here"),
                },
                ConsentError::AnotherAccount { remote_id } => Error::conflict(
                    "another_account",
                    format!(
                        "you agreed as {remote_id}, which is not the account that you named: sign in there as that one and begin again"
                    ),
                ),
                ConsentError::Network(error) => refusal(network, error, self.clock.now()),
            })
    }
}

fn over() -> Error {
    Error::Gone {
        code: "authorization_over",
        detail: "it was used, is older than ten minutes, or was begun by another sign-in or in another workspace: begin again",
    }
}

fn denied(network: &dyn Network, error: Option<&str>) -> Error {
    let name = network.name();
    Error::NetworkRefused {
        code: "authorization_denied",
        detail: if error == Some("access_denied") {
            format!("you declined at {name}, so nothing was connected: begin again if you want to")
        } else {
            format!("{name} did not connect the account: begin again")
        },
    }
}
