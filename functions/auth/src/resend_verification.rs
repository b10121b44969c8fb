//! `POST /v1/auth/resend-verification`

use api::Json;
use axum::extract::State;
use axum::response::IntoResponse;
use domain::event::EventKind;
use domain::{Error, UserId};
use serde::Deserialize;
use serde_json::Value;
use store::UserAct;
use utoipa::ToSchema;

use crate::Ctx;
use crate::address::address;
use crate::client::Client;
use crate::register::{ACCEPTED, Accepted};

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ResendVerification {
    #[schema(example = "ada@example.com")]
    email: String,
}

/// Sends a new link to an address that is registered and not yet proven. The answer is always the same.
#[utoipa::path(
    post,
    path = "/v1/auth/resend-verification",
    tag = "identity",
    request_body = ResendVerification,
    responses((status = ACCEPTED, description = "If a link is owed, it is on its way", body = Accepted))
)]
pub(crate) async fn resend_verification(
    State(ctx): State<Ctx>,
    client: Client,
    Json(body): Json<ResendVerification>,
) -> api::Result<impl IntoResponse> {
    let email = address(&body.email).map_err(Error::from)?;
    let now = ctx.clock.now();
    ctx.limits
        .admit_mail(&ctx.table, &email, client.address, now)
        .await?;
    ctx.ready_to_open().await?;
    let system = ctx.table.system();
    let spare = UserId::generate(ctx.table.ids());
    let known = system.user_by_email(&email, spare).await?;
    if let Some(known) = known.filter(|known| !known.user.email_verified) {
        let (token, outgoing) = ctx
            .verification(&known.user, known.password.version)
            .await?;
        let act = UserAct {
            at: now,
            kind: EventKind::UserVerificationRequested,
            origin: client.origin(),
            detail: Value::Null,
        };
        system.send_token(&token, &outgoing.owed, &act).await?;
        ctx.send(&outgoing).await;
    }
    Ok(ACCEPTED)
}
