//! `POST /v1/auth/reauthenticate`

use api::{Json, SignedIn};
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use domain::Error;
use http::header::SET_COOKIE;
use serde::Deserialize;
use serde_json::Value;
use store::{Credential, UserAct};
use utoipa::ToSchema;

use crate::Ctx;
use crate::answer::{Me, SignedInAnswer};
use crate::client::Client;

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
    client: Client,
    Json(body): Json<Reauthenticate>,
) -> api::Result<Response> {
    let known = ctx.stored_person(caller.user).await?;
    ctx.check_password(&known, &body.password, "/password", &client)
        .await?;
    let members = ctx.table.system().memberships(caller.user).await?;
    let tenant = caller.member.map(|member| member.tenant.id);
    let me = Me::new(&known.user, &members, tenant);
    let act = UserAct {
        at: ctx.clock.now(),
        kind: "user.reauthenticated",
        origin: client.origin(),
        detail: Value::Null,
    };
    match &caller.credential {
        Credential::Session(old) => {
            let reproved = ctx.gate.reprove(&*ctx.random, old);
            let system = ctx.table.system();
            if !system.reprove_session(old, &reproved.session, &act).await? {
                return Err(Error::unauthenticated().into());
            }
            let answer = SignedInAnswer { me, tokens: None };
            Ok(([(SET_COOKIE, reproved.set_cookie)], Json(answer)).into_response())
        }
        Credential::Family(old) => {
            let tokens = Some(ctx.reprove_family(old, &act).await?);
            Ok(Json(SignedInAnswer { me, tokens }).into_response())
        }
    }
}
