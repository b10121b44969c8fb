//! `POST /v1/auth/logout`

use api::SignedIn;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::header::SET_COOKIE;
use http::{HeaderName, StatusCode};
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
pub(crate) async fn logout(State(ctx): State<Ctx>, caller: SignedIn) -> api::Result<Response> {
    let system = ctx.table.system();
    match &caller.credential {
        Credential::Session(session) => {
            system.end_session(session).await?;
            let forget = [(SET_COOKIE, ctx.gate.cookie().remove())];
            // Nothing of a session is in the browser's cache: no answer may be stored.
            let clear = [(CLEAR_SITE_DATA, r#""storage""#)];
            Ok((StatusCode::NO_CONTENT, forget, clear).into_response())
        }
        Credential::Family(family) => {
            system.end_family(family.user, family.id).await?;
            Ok(StatusCode::NO_CONTENT.into_response())
        }
    }
}
