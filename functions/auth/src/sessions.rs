//! `/v1/me/sessions`: where somebody is signed in.

use std::cmp::Reverse;
use std::convert::Infallible;
use std::str::FromStr;

use api::{Client, Json, Page, Path, PathId, SignedIn};
use axum::extract::State;
use domain::event::EventKind;
use domain::user::Origin;
use domain::{Error, Result, UserId};
use http::StatusCode;
use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Value, json};
use store::{Credential, RefreshFamily, Session, UserAct};
use utoipa::ToSchema;

use crate::Ctx;

/// A sign-in.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SessionView {
    /// Names it until it is renewed.
    #[schema(example = "ses_5d41402abc4b2a76b9719d911017c592")]
    id: String,
    kind: SignInKind,
    /// What it is used with, as that said itself: `Firefox on Linux`.
    device: Option<String>,
    /// The network from which it was begun.
    network: Option<String>,
    /// When it was begun.
    #[schema(value_type = String, format = DateTime)]
    signed_in_at: Timestamp,
    /// When it was last used, to within some minutes.
    #[schema(value_type = String, format = DateTime)]
    last_used_at: Timestamp,
    /// Whether this request came by it.
    is_current: bool,
}

#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum SignInKind {
    /// A browser's.
    Browser,
    /// A program's.
    Program,
}

/// The id of a sign-in. Any text is one; which exist is what the person's own list says.
pub(crate) struct SignInId(String);

impl FromStr for SignInId {
    type Err = Infallible;

    fn from_str(text: &str) -> std::result::Result<Self, Infallible> {
        Ok(Self(text.to_owned()))
    }
}

impl PathId for SignInId {
    const KIND: &'static str = "session";
}

impl SessionView {
    fn of_browser(session: &Session, is_current: bool) -> Self {
        let Origin { network, device } = session.origin.clone();
        Self {
            id: session.name(),
            kind: SignInKind::Browser,
            device,
            network,
            signed_in_at: session.started_at,
            last_used_at: session.last_seen_at,
            is_current,
        }
    }

    fn of_program(family: &RefreshFamily, is_current: bool) -> Self {
        let Origin { network, device } = family.origin.clone();
        Self {
            id: family.id.to_string(),
            kind: SignInKind::Program,
            device,
            network,
            signed_in_at: family.started_at,
            last_used_at: family.last_used_at,
            is_current,
        }
    }
}

/// Where the caller is signed in, with browsers and programs; the last used first.
#[utoipa::path(
    get,
    path = "/v1/me/sessions",
    tag = "identity",
    responses((status = OK, description = "All of them", body = Page<SessionView>))
)]
pub(crate) async fn list_sessions(
    State(ctx): State<Ctx>,
    caller: SignedIn,
) -> api::Result<Json<Page<SessionView>>> {
    let mut items: Vec<SessionView> = ctx
        .alive(caller.user)
        .await?
        .iter()
        .map(|sign_in| {
            let is_current = is_same(sign_in, &caller.credential);
            match sign_in {
                Credential::Session(session) => SessionView::of_browser(session, is_current),
                Credential::Family(family) => SessionView::of_program(family, is_current),
            }
        })
        .collect();
    items.sort_by_key(|item| Reverse(item.last_used_at));
    Ok(Json(Page { items, next: None }))
}

/// Ends one sign-in at once; a program's in all tenants that it was switched to.
#[utoipa::path(
    delete,
    path = "/v1/me/sessions/{id}",
    tag = "identity",
    params(("id" = String, Path)),
    responses((status = NO_CONTENT, description = "It is ended"))
)]
pub(crate) async fn end_session(
    State(ctx): State<Ctx>,
    caller: SignedIn,
    client: Client,
    Path(id): Path<SignInId>,
) -> api::Result<StatusCode> {
    let sign_ins = ctx.alive(caller.user).await?;
    let ended = sign_ins
        .iter()
        .find(|sign_in| sign_in.name() == id.0)
        .ok_or(Error::NotFound { kind: "session" })?;
    let detail = json!({ "session": id.0 });
    let act = ctx.end_of_session(EventKind::UserSessionEnded, &client, detail);
    if ctx.table.system().end_sign_in(ended, &act).await? {
        Ok(StatusCode::NO_CONTENT)
    } else {
        Err(Error::NotFound { kind: "session" }.into())
    }
}

/// Ends all sign-ins of the caller but the one of this request, at once.
#[utoipa::path(
    delete,
    path = "/v1/me/sessions",
    tag = "identity",
    responses((status = NO_CONTENT, description = "They are ended"))
)]
pub(crate) async fn end_other_sessions(
    State(ctx): State<Ctx>,
    caller: SignedIn,
    client: Client,
) -> api::Result<StatusCode> {
    let act = ctx.end_of_session(EventKind::UserOtherSessionsEnded, &client, Value::Null);
    ctx.table
        .system()
        .end_other_sign_ins(caller.user, Some(&caller.credential), &act)
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

impl Ctx {
    /// The sign-ins of a person that a request could come by now.
    async fn alive(&self, user: UserId) -> Result<Vec<Credential>> {
        let sign_ins = self.table.system().sign_ins(user).await?;
        let now = self.clock.now();
        let sessions = sign_ins.sessions.into_iter();
        let sessions = sessions.filter(|session| is_alive(session, now));
        let families = sign_ins.families.into_iter();
        let families = families.filter(|family| family.ends_at > now);
        Ok(sessions
            .map(Credential::Session)
            .chain(families.map(Credential::Family))
            .collect())
    }

    /// What is remembered of the end of sign-ins.
    pub(crate) fn end_of_session(
        &self,
        kind: EventKind,
        client: &Client,
        detail: Value,
    ) -> UserAct {
        UserAct {
            at: self.clock.now(),
            kind,
            origin: client.origin(),
            detail,
        }
    }
}

/// Whether a request could come by this session.
pub(crate) fn is_alive(session: &Session, now: Timestamp) -> bool {
    session.ends_at > now && now.duration_since(session.last_seen_at) < api::SESSION_IDLE
}

fn is_same(one: &Credential, other: &Credential) -> bool {
    one.name() == other.name()
}
