//! `POST /v1/auth/switch`

use api::{Client, Json, SignedIn};
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use domain::event::EventKind;
use domain::{Error, TenantId};
use http::header::SET_COOKIE;
use serde::Deserialize;
use serde_json::json;
use store::{Credential, UserAct};
use utoipa::ToSchema;

use crate::Ctx;
use crate::answer::SignedInAnswer;

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Switch {
    #[schema(value_type = String, example = "ten_01jd8mz0000000000000000000")]
    tenant_id: TenantId,
}

/// Binds the caller to a tenant. A browser's old session is dead from then on; a program gets a second pair of tokens
/// and may use both, each in its tenant, until the end of its sign-in, which is that of both.
#[utoipa::path(
    post,
    path = "/v1/auth/switch",
    tag = "identity",
    request_body = Switch,
    responses((status = OK, description = "As `login`, bound to the tenant", body = SignedInAnswer))
)]
pub(crate) async fn switch(
    State(ctx): State<Ctx>,
    caller: SignedIn,
    client: Client,
    Json(body): Json<Switch>,
) -> api::Result<Response> {
    let system = ctx.table.system();
    let member = system.member(caller.user, body.tenant_id).await?;
    let tenant = member.ok_or(Error::NotFound { kind: "tenant" })?.tenant.id;
    let user = ctx.stored_person(caller.user).await?;
    let members = system.memberships(caller.user).await?;
    let me = ctx.me(&user, &members, Some(tenant)).await?;
    let act = UserAct {
        at: ctx.clock.now(),
        kind: EventKind::UserTenantEntered,
        origin: client.origin(),
        detail: json!({ "tenant": tenant }),
    };
    match &caller.credential {
        Credential::Session(old) => {
            let rebound = ctx.gate.rebind(&*ctx.random, old, tenant);
            if !system
                .replace_session_by(old, &rebound.session, &act)
                .await?
            {
                return Err(Error::unauthenticated().into());
            }
            let answer = SignedInAnswer { me, tokens: None };
            Ok(([(SET_COOKIE, rebound.set_cookie)], Json(answer)).into_response())
        }
        Credential::Family(family) => {
            let tokens = Some(ctx.start_family_beside(family, tenant, &act).await?);
            Ok(Json(SignedInAnswer { me, tokens }).into_response())
        }
    }
}
