//! `POST /v1/auth/reauthenticate`

use api::{ClientAddress, Json, SignedIn};
use axum::Extension;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use domain::Error;
use http::header::SET_COOKIE;
use serde::Deserialize;
use store::Credential;
use utoipa::ToSchema;

use crate::Ctx;
use crate::answer::{Me, SignedInAnswer};
use crate::password::Password;

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Reauthenticate {
    password: String,
}

/// Proves again who the caller is, for acts that need a proof of the last ten minutes. The old session, or the old
/// tokens, are dead from then on; a sign-in does not last longer by this.
#[utoipa::path(
    post,
    path = "/v1/auth/reauthenticate",
    tag = "identity",
    request_body = Reauthenticate,
    responses((status = OK, description = "As `switch`, in the same tenant", body = SignedInAnswer))
)]
pub(crate) async fn reauthenticate(
    State(ctx): State<Ctx>,
    caller: SignedIn,
    client: Option<Extension<ClientAddress>>,
    Json(body): Json<Reauthenticate>,
) -> api::Result<Response> {
    let known = ctx.stored_person(caller.user).await?;
    let client = client.map(|Extension(client)| client);
    ctx.limits
        .admit_login(&ctx.table, &known.user.email, client, ctx.clock.now())
        .await?;
    let password = Password::typed(&body.password);
    if !ctx.is_password_of(&known, &password).await? {
        return Err(
            Error::field("/password", "wrong_password", "this is not your password").into(),
        );
    }
    let members = ctx.table.system().memberships(caller.user).await?;
    let tenant = caller.member.map(|member| member.tenant.id);
    let me = Me::new(&known.user, &members, tenant);
    match &caller.credential {
        Credential::Session(old) => {
            let reproved = ctx.gate.reprove(&*ctx.random, old);
            let system = ctx.table.system();
            if !system.replace_session(old, &reproved.session).await? {
                return Err(Error::unauthenticated().into());
            }
            let answer = SignedInAnswer { me, tokens: None };
            Ok(([(SET_COOKIE, reproved.set_cookie)], Json(answer)).into_response())
        }
        Credential::Family(old) => {
            let tokens = Some(ctx.reprove_family(old).await?);
            Ok(Json(SignedInAnswer { me, tokens }).into_response())
        }
    }
}
