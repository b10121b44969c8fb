//! `POST /v1/auth/new-browser`

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
pub(crate) struct NewBrowser {
    #[schema(example = "ada@example.com")]
    email: String,
}

/// Sends a link that lets a browser in which the account does not know, where `login` answered `sign_ins_held_back`,
/// `sign_in_delayed` or `sign_in_blocked`. The answer is the same whether or not the address is registered; the mail tells.
#[utoipa::path(
    post,
    path = "/v1/auth/new-browser",
    tag = "identity",
    request_body = NewBrowser,
    responses((status = ACCEPTED, description = "A mail is on its way", body = Accepted))
)]
pub(crate) async fn new_browser(
    State(ctx): State<Ctx>,
    client: Client,
    headers: HeaderMap,
    Json(body): Json<NewBrowser>,
) -> api::Result<impl IntoResponse> {
    let email = address(&body.email).map_err(Error::from)?;
    let cause = MailCause::NewBrowser;
    ctx.admit_link(cause, &email, &client, &headers).await?;
    let outgoing = ctx.mailed_link(Wish::NewBrowser, &email, &client).await?;
    ctx.send(&outgoing).await;
    Ok(ACCEPTED)
}
