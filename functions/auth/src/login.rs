//! `POST /v1/auth/login`

use api::{DeviceCookie, Json, SESSION_LIFETIME, SessionCookie};
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use domain::TenantId;
use http::HeaderMap;
use http::header::SET_COOKIE;
use serde::{Deserialize, Serialize};
use serde_json::json;
use store::{Belonging, Device, SecretHash, Session, SignIn, UserAct};
use utoipa::ToSchema;

use crate::Ctx;
use crate::answer::{Me, SignedInAnswer};
use crate::authenticate::{Authenticated, wrong};
use crate::client::Client;

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
    let shown = match body.mode {
        Mode::Cookie => {
            ctx.gate.check_sign_in(&headers)?;
            DeviceCookie::of(&headers, ctx.gate.cookie())
        }
        Mode::Token => None,
    };
    let proved = ctx.authenticate(&body, &client, shown.as_ref()).await?;
    let user = &proved.known.user;
    let system = ctx.table.system();
    let members = system.memberships(user.id).await?;
    let tenant = only(&members);
    let me = Me::new(user, &members, tenant);
    let (device, new_cookie) = ctx.device(&proved, body.mode, &client, shown.as_ref());
    let outgoing = ctx.sign_in_notice(&proved, &device).await?;
    let sign_in = SignIn {
        password_version: Some(proved.password_version),
        device: Some(&device),
        mail: outgoing.as_ref().map(|outgoing| &outgoing.owed),
        act: UserAct {
            at: ctx.clock.now(),
            kind: "user.signed_in",
            origin: client.origin(),
            detail: json!({ "mode": body.mode, "second_factor": proved.by_second_factor }),
        },
    };
    let mut response = match body.mode {
        Mode::Cookie => {
            let (session, cookie) = ctx.new_session(&proved, tenant, &client);
            if !system.start_session(&session, &sign_in).await? {
                // The password was changed since it was compared.
                return Err(wrong().into());
            }
            if let Some(old) = ctx.gate.session_of(&headers).await? {
                system.end_session(&old).await?;
            }
            let cookie = ctx.gate.cookie().set(&cookie);
            let answer = SignedInAnswer { me, tokens: None };
            ([(SET_COOKIE, cookie)], Json(answer)).into_response()
        }
        Mode::Token => {
            let tokens = ctx.start_family(user.id, tenant, &sign_in).await?;
            let tokens = Some(tokens.ok_or_else(wrong)?);
            Json(SignedInAnswer { me, tokens }).into_response()
        }
    };
    if let Some(cookie) = new_cookie.and_then(|cookie| cookie.set(ctx.gate.cookie())) {
        response.headers_mut().append(SET_COOKIE, cookie);
    }
    if let Some(outgoing) = &outgoing {
        ctx.send(outgoing).await;
    }
    Ok(response)
}

fn only(members: &[Belonging]) -> Option<TenantId> {
    match members {
        [member] => Some(member.tenant.id),
        _ => None,
    }
}

impl Ctx {
    /// The device that is signed in with, and the cookie by which a new browser is known from then on.
    fn device(
        &self,
        proved: &Authenticated,
        mode: Mode,
        client: &Client,
        shown: Option<&DeviceCookie>,
    ) -> (Device, Option<DeviceCookie>) {
        let user = proved.known.user.id;
        let origin = client.origin();
        let (mark, new_cookie) = match (mode, shown) {
            (Mode::Cookie, Some(cookie)) if proved.is_known_device => (cookie.mark(), None),
            (Mode::Cookie, _) => {
                let cookie = DeviceCookie::generate(&*self.random, user);
                (cookie.mark(), Some(cookie))
            }
            // A program keeps no cookie: it is known by what it is and where.
            (Mode::Token, _) => (SecretHash::of(&format!("{origin:?}")), None),
        };
        let device = Device {
            user,
            mark,
            origin,
            used_at: self.clock.now(),
        };
        (device, new_cookie)
    }

    fn new_session(
        &self,
        proved: &Authenticated,
        tenant: Option<TenantId>,
        client: &Client,
    ) -> (Session, SessionCookie) {
        let user = proved.known.user.id;
        let cookie = SessionCookie::generate(&*self.random, user, tenant);
        let now = self.clock.now();
        let session = Session {
            secret: cookie.hash(),
            user,
            tenant,
            started_at: now,
            proved_at: now,
            last_seen_at: now,
            ends_at: now.saturating_add(SESSION_LIFETIME).unwrap_or(now),
            origin: client.origin(),
        };
        (session, cookie)
    }
}
