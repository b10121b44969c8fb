//! `POST /v1/auth/login`

use api::{Client, Json};
use axum::extract::State;
use axum::response::Response;
use http::HeaderMap;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::Ctx;
use crate::answer::SignedInAnswer;

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Login {
    #[schema(example = "ada@example.com")]
    pub(crate) email: String,
    pub(crate) password: String,
    /// A code of the authenticator app, or a recovery code: where `login` answered `second_factor_required`.
    #[serde(default)]
    pub(crate) code: Option<String>,
    #[serde(default)]
    pub(crate) mode: Mode,
}

/// What to sign in with from then on.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Mode {
    /// A session cookie, for browsers.
    #[default]
    Cookie,
    /// An access token and a refresh token, for programs.
    Token,
}

/// Signs a person in. Somebody who may enter exactly one tenant acts there at once; everybody else chooses one by
/// `switch`.
#[utoipa::path(
    post,
    path = "/v1/auth/login",
    tag = "identity",
    request_body = Login,
    responses((status = OK, description = "Signed in", body = SignedInAnswer))
)]
pub(crate) async fn login(
    State(ctx): State<Ctx>,
    client: Client,
    headers: HeaderMap,
    Json(body): Json<Login>,
) -> api::Result<Response> {
    let shown = ctx.shown_device(body.mode, &headers)?;
    let proved = ctx.authenticate(&body, &client, shown.as_ref()).await?;
    ctx.sign_in(&proved, body.mode, &client, &headers).await
}
