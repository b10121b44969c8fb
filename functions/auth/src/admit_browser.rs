//! `POST /v1/auth/admit-browser`

use api::{Client, DeviceCookie, Json, Secret};
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use domain::Error;
use domain::event::EventKind;
use http::HeaderMap;
use http::header::SET_COOKIE;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use store::{Device, DeviceAdmission, TokenPurpose, UserAct};
use utoipa::ToSchema;

use crate::Ctx;
use crate::login::Mode;
use crate::sign_in_tries::Counter;

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AdmitBrowser {
    /// What the link in the mail has after `token=`.
    token: String,
}

/// Whose browser it is now.
#[derive(Serialize, ToSchema)]
pub(crate) struct AdmittedBrowser {
    /// The address that the link was sent to, to sign in with.
    #[schema(example = "ada@example.com")]
    email: String,
}

/// Lets the calling browser in, with the token of the link that was mailed: the account knows it from then on, and the
/// network, as if its owner had signed in there. It signs nobody in: the password is needed as before, and a second factor
/// where there is one.
#[utoipa::path(
    post,
    path = "/v1/auth/admit-browser",
    tag = "identity",
    request_body = AdmitBrowser,
    responses(
        (status = OK, description = "The account knows the browser", body = AdmittedBrowser),
        (status = GONE, description = "The token was used already, or is too old"),
    )
)]
pub(crate) async fn admit_browser(
    State(ctx): State<Ctx>,
    client: Client,
    headers: HeaderMap,
    Json(body): Json<AdmitBrowser>,
) -> api::Result<Response> {
    let shown = ctx.shown_device(Mode::Cookie, &headers)?;
    let secret = Secret::parse(&body.token).ok_or(Error::NotFound { kind: "token" })?;
    let now = ctx.clock.now();
    let system = ctx.table.system();
    let purpose = TokenPurpose::AdmitBrowser;
    let token = system.token(&secret.hash(), purpose, now).await?;
    let user = ctx.person(token.user).await?;
    let known = ctx.known_device(user.id, shown.as_ref()).await?;
    let cookie = known
        .is_none()
        .then(|| DeviceCookie::generate(&*ctx.random, user.id));
    let origin = client.origin();
    let device = cookie.as_ref().map(|cookie| Device {
        user: user.id,
        mark: cookie.mark(),
        origin: origin.clone(),
        used_at: now,
    });
    let place = Device::place(user.id, origin.clone(), now);
    let admission = DeviceAdmission {
        token: &token,
        device: device.as_ref(),
        place: place.as_ref(),
        act: UserAct {
            at: now,
            kind: EventKind::UserBrowserAdmitted,
            origin,
            detail: Value::Null,
        },
    };
    system.admit_device(admission).await?;
    // Whoever tried what there, or with that browser: its owner gets in again.
    if let Some(known) = known {
        ctx.forget_tries(&Counter::of_device(known)).await?;
    }
    if let Some(network) = &place.and_then(|place| place.origin.network) {
        let tries = Counter::of_network(user.id, token.password_version, network);
        ctx.forget_tries(&tries).await?;
    }
    let email = user.email.as_str().to_owned();
    let mut response = Json(AdmittedBrowser { email }).into_response();
    if let Some(cookie) = cookie.and_then(|cookie| cookie.set(ctx.gate.cookie())) {
        response.headers_mut().append(SET_COOKIE, cookie);
    }
    Ok(response)
}
