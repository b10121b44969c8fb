//! `POST /v1/auth/passkey/options` and `POST /v1/auth/passkey`

use api::{Client, Json};
use axum::extract::State;
use axum::response::Response;
use domain::{Error, UserId};
use http::HeaderMap;
use serde::Deserialize;
use store::Opening;
use utoipa::ToSchema;

use crate::Ctx;
use crate::answer::SignedInAnswer;
use crate::authenticate::Authenticated;
use crate::login::Mode;
use crate::passkeys::Proof;
use crate::webauthn::{Assertion, RequestOptions};

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PasskeyLogin {
    assertion: Assertion,
    #[serde(default)]
    mode: Mode,
}

/// What a browser needs to sign somebody in by a passkey that they choose.
#[utoipa::path(
    post,
    path = "/v1/auth/passkey/options",
    tag = "identity",
    responses((status = OK, description = "For `navigator.credentials.get`", body = RequestOptions))
)]
pub(crate) async fn passkey_login_options(
    State(ctx): State<Ctx>,
    client: Client,
) -> api::Result<Json<RequestOptions>> {
    ctx.limits
        .admit_client(&ctx.table, client.address, ctx.clock.now())
        .await?;
    Ok(Json(ctx.request_options(Proof::SigningIn, &[]).await?))
}

/// Signs a person in by a passkey, which is all that they need. Otherwise as `login`.
#[utoipa::path(
    post,
    path = "/v1/auth/passkey",
    tag = "identity",
    request_body = PasskeyLogin,
    responses((status = OK, description = "Signed in", body = SignedInAnswer))
)]
pub(crate) async fn passkey_login(
    State(ctx): State<Ctx>,
    client: Client,
    headers: HeaderMap,
    Json(body): Json<PasskeyLogin>,
) -> api::Result<Response> {
    let shown = ctx.shown_device(body.mode, &headers)?;
    ctx.limits
        .admit_client(&ctx.table, client.address, ctx.clock.now())
        .await?;
    let user = body.assertion.user_handle();
    let user: UserId = user
        .and_then(|handle| handle.parse().ok())
        .ok_or_else(refused)?;
    let used = ctx
        .proved_by_passkey(user, &body.assertion, Proof::SigningIn)
        .await?
        .ok_or_else(refused)?;
    let known = ctx.table.system().stored_user(user).await?;
    let known = known.ok_or_else(refused)?;
    let device = ctx.known_device(user, shown.as_ref()).await?;
    // Whoever types their password first is asked for the passkey, which is a try: at home they must not wait for it.
    if let Some(counter) = ctx.own_counter(&known, device, &client).await? {
        ctx.forget_tries(&counter).await?;
    }
    let proved = Authenticated {
        known,
        opening: Opening::Passkey(used),
        by_second_factor: true,
        is_known_device: device.is_some(),
        failed_before: 0,
    };
    ctx.sign_in(&proved, body.mode, &client, &headers).await
}

/// The refusal that tells nothing.
pub(crate) fn refused() -> Error {
    Error::Unauthenticated {
        code: "passkey_refused",
        detail: "this passkey was not accepted: try again, or sign in with your password",
    }
}
