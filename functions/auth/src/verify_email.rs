//! `POST /v1/auth/verify-email`

use api::{Json, Secret};
use axum::extract::State;
use domain::Error;
use domain::event::EventKind;
use http::StatusCode;
use serde::Deserialize;
use serde_json::Value;
use store::{Device, TokenPurpose, UserAct};
use utoipa::ToSchema;

use crate::Ctx;
use crate::client::Client;

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct VerifyEmail {
    /// What the link in the mail has after `token=`.
    token: String,
}

/// Proves a mail address with the token of the link that was sent to it.
#[utoipa::path(
    post,
    path = "/v1/auth/verify-email",
    tag = "identity",
    request_body = VerifyEmail,
    responses(
        (status = NO_CONTENT, description = "The address is proven"),
        (status = GONE, description = "The token was used already, or is too old"),
    )
)]
pub(crate) async fn verify_email(
    State(ctx): State<Ctx>,
    client: Client,
    Json(body): Json<VerifyEmail>,
) -> api::Result<StatusCode> {
    let secret = Secret::parse(&body.token).ok_or(Error::NotFound { kind: "token" })?;
    let now = ctx.clock.now();
    let system = ctx.table.system();
    let purpose = TokenPurpose::VerifyEmail;
    let token = system.token(&secret.hash(), purpose, now).await?;
    let act = UserAct {
        at: now,
        kind: EventKind::UserEmailVerified,
        origin: client.origin(),
        detail: Value::Null,
    };
    // Whoever follows a link where nobody signed in yet is no stranger there from now on.
    let place = Device::place(token.user, client.origin(), now);
    system.verify_email(&token, place.as_ref(), &act).await?;
    Ok(StatusCode::NO_CONTENT)
}
