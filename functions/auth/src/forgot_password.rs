//! `POST /v1/auth/forgot-password`

use api::{Client, Json};
use axum::extract::State;
use axum::response::IntoResponse;
use domain::Error;
use http::HeaderMap;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::Ctx;
use crate::address::address;
use crate::mail_limits::MailCause;
use crate::mailed_links::Wish;
use crate::register::{ACCEPTED, Accepted};

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ForgotPassword {
    #[schema(example = "ada@example.com")]
    email: String,
}

/// Sends a link that sets a new password. The answer is the same whether or not the address is registered; the mail
/// tells.
#[utoipa::path(
    post,
    path = "/v1/auth/forgot-password",
    tag = "identity",
    request_body = ForgotPassword,
    responses((status = ACCEPTED, description = "A mail is on its way", body = Accepted))
)]
pub(crate) async fn forgot_password(
    State(ctx): State<Ctx>,
    client: Client,
    headers: HeaderMap,
    Json(body): Json<ForgotPassword>,
) -> api::Result<impl IntoResponse> {
    let email = address(&body.email).map_err(Error::from)?;
    let cause = MailCause::NewPassword;
    ctx.admit_link(cause, &email, &client, &headers).await?;
    let outgoing = ctx.mailed_link(Wish::NewPassword, &email, &client).await?;
    ctx.send(&outgoing).await;
    Ok(ACCEPTED)
}
