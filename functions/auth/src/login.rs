//! `POST /v1/auth/login`

use api::{ClientAddress, Json, SESSION_LIFETIME, SessionCookie};
use axum::Extension;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use cloud::envelope::Sealed;
use domain::email::EmailAddress;
use domain::user::User;
use domain::{Error, Result, TenantId, UserId};
use http::HeaderMap;
use http::header::SET_COOKIE;
use jiff::Timestamp;
use serde::Deserialize;
use store::{Member, Session, StoredPassword, StoredUser};
use utoipa::ToSchema;
use zeroize::Zeroizing;

use crate::Ctx;
use crate::answer::{Me, SignedInAnswer};
use crate::password::{self, Password, Verdict};

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Login {
    #[schema(example = "ada@example.com")]
    email: String,
    password: String,
    #[serde(default)]
    mode: Mode,
}

/// What to sign in with from then on.
#[derive(Clone, Copy, Debug, Default, Deserialize, ToSchema)]
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
    client: Option<Extension<ClientAddress>>,
    headers: HeaderMap,
    Json(body): Json<Login>,
) -> api::Result<Response> {
    if let Mode::Cookie = body.mode {
        ctx.gate.check_sign_in(&headers)?;
    }
    let client = client.map(|Extension(client)| client);
    let user = ctx.authenticate(&body, client).await?;
    let members = ctx.table.system().memberships(user.id).await?;
    let tenant = only(&members);
    let me = Me::new(&user, &members, tenant);
    match body.mode {
        Mode::Cookie => {
            let (session, cookie) = ctx.new_session(user.id, tenant);
            ctx.table.system().start_session(&session).await?;
            if let Some(old) = ctx.gate.session_of(&headers).await? {
                ctx.table.system().end_session(&old).await?;
            }
            let answer = SignedInAnswer { me, tokens: None };
            let cookie = ctx.gate.cookie().set(&cookie);
            Ok(([(SET_COOKIE, cookie)], Json(answer)).into_response())
        }
        Mode::Token => {
            let tokens = Some(ctx.start_family(user.id, tenant).await?);
            Ok(Json(SignedInAnswer { me, tokens }).into_response())
        }
    }
}

fn only(members: &[Member]) -> Option<TenantId> {
    match members {
        [member] => Some(member.tenant.id),
        _ => None,
    }
}

impl Ctx {
    /// The person with this address and password. An unknown address costs as much as a known one.
    async fn authenticate(&self, body: &Login, client: Option<ClientAddress>) -> Result<User> {
        let password = Password::typed(&body.password);
        let Ok(email) = body.email.parse::<EmailAddress>() else {
            // No such address is registered; nothing says so.
            self.hasher.pretend(&password, &*self.random).await?;
            return Err(wrong());
        };
        let now = self.clock.now();
        self.limits
            .admit_login(&self.table, &email, client, now)
            .await?;
        let spare = UserId::generate(self.table.ids());
        let known = self.table.system().user_by_email(&email, spare).await?;
        let Some(known) = known else {
            self.hasher.pretend(&password, &*self.random).await?;
            return Err(wrong());
        };
        if !self.is_password_of(&known, &password).await? {
            return Err(wrong());
        }
        if !known.user.email_verified {
            return Err(Error::Forbidden {
                code: "email_not_verified",
                detail: "open the link in the mail that we sent you, or ask for a new one"
                    .to_owned(),
            });
        }
        Ok(known.user)
    }

    /// Whether it is the person's password. Keeps it better from now on if it was kept less well than today's are.
    pub(crate) async fn is_password_of(
        &self,
        known: &StoredUser,
        password: &Password,
    ) -> Result<bool> {
        let phc = self.stored_hash(known).await?;
        match self.hasher.verify(password, phc).await? {
            Verdict::Wrong => return Ok(false),
            Verdict::Right { is_outdated: false } => {}
            Verdict::Right { is_outdated: true } => self.renew_hash(known, password).await?,
        }
        Ok(true)
    }

    async fn stored_hash(&self, known: &StoredUser) -> Result<Zeroizing<String>> {
        let binding = password::binding(known.user.id, known.password.version);
        let sealed = Sealed::from_bytes(known.password.sealed.clone());
        let bytes = self.envelope.open(&binding, &sealed).await?;
        let text =
            std::str::from_utf8(&bytes).map_err(|error| Error::corrupt("password hash", error))?;
        Ok(Zeroizing::new(text.to_owned()))
    }

    /// The password is right and known now: the moment to keep it better.
    async fn renew_hash(&self, known: &StoredUser, password: &Password) -> Result<()> {
        let phc = self.hasher.hash(password, &*self.random).await?;
        let seen = known.password.version;
        let binding = password::binding(known.user.id, seen + 1);
        let sealed = self.envelope.seal(&binding, phc.as_bytes()).await?;
        let renewed = StoredPassword {
            sealed: sealed.as_bytes().to_vec(),
            version: seen + 1,
        };
        self.table
            .system()
            .replace_password_hash(known.user.id, seen, &renewed)
            .await
    }

    fn new_session(&self, user: UserId, tenant: Option<TenantId>) -> (Session, SessionCookie) {
        let cookie = SessionCookie::generate(&*self.random, user, tenant);
        let now = self.clock.now();
        let session = Session {
            secret: cookie.hash(),
            user,
            tenant,
            started_at: now,
            proved_at: now,
            last_seen_at: now,
            ends_at: end_of_session(now),
        };
        (session, cookie)
    }
}

fn end_of_session(now: Timestamp) -> Timestamp {
    now.saturating_add(SESSION_LIFETIME).unwrap_or(now)
}

fn wrong() -> Error {
    Error::Unauthenticated {
        code: "invalid_credentials",
        detail: "the mail address or the password is wrong",
    }
}
