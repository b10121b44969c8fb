//! `POST /v1/auth/logout`

use api::{Client, SignedIn};
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use domain::event::EventKind;
use http::header::SET_COOKIE;
use http::{HeaderName, StatusCode};
use serde_json::json;
use store::Credential;

use crate::Ctx;

const CLEAR_SITE_DATA: HeaderName = HeaderName::from_static("clear-site-data");

/// Ends the caller's session, or a program's sign-in with all its tokens, at once.
#[utoipa::path(
    post,
    path = "/v1/auth/logout",
    tag = "identity",
    responses((status = NO_CONTENT, description = "Signed out"))
)]
pub(crate) async fn logout(
    State(ctx): State<Ctx>,
    caller: SignedIn,
    client: Client,
) -> api::Result<Response> {
    let detail = json!({ "session": caller.credential.name() });
    let act = ctx.end_of_session(EventKind::UserSessionEnded, &client, detail);
    // Where something else ended it meanwhile, that is remembered.
    let system = ctx.table.system();
    system.end_sign_in(&caller.credential, &act).await?;
    Ok(signed_out(&ctx, &caller.credential))
}

/// The answer to whoever is not signed in by this any more.
pub(crate) fn signed_out(ctx: &Ctx, ended: &Credential) -> Response {
    match ended {
        Credential::Session(_) => {
            let forget = [(SET_COOKIE, ctx.gate.cookie().remove())];
            // Nothing of a session is in the browser's cache: no answer may be stored.
            let clear = [(CLEAR_SITE_DATA, r#""storage""#)];
            (StatusCode::NO_CONTENT, forget, clear).into_response()
        }
        Credential::Family(_) => StatusCode::NO_CONTENT.into_response(),
    }
}
