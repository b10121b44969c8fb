//! `POST /v1/auth/login`

use api::{Json, SESSION_LIFETIME, SessionCookie};
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use cloud::envelope::Sealed;
use domain::email::EmailAddress;
use domain::user::{Origin, User};
use domain::{Error, Result, TenantId, UserId};
use http::HeaderMap;
use http::header::SET_COOKIE;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::json;
use store::{Member, Session, StoredPassword, StoredUser, UserAct};
use utoipa::ToSchema;
use zeroize::Zeroizing;

use crate::Ctx;
use crate::answer::{Me, SignedInAnswer};
use crate::client::Client;
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
    if let Mode::Cookie = body.mode {
        ctx.gate.check_sign_in(&headers)?;
    }
    let Authenticated {
        user,
        password_version,
    } = ctx.authenticate(&body, &client).await?;
    let members = ctx.table.system().memberships(user.id).await?;
    let tenant = only(&members);
    let me = Me::new(&user, &members, tenant);
    let act = UserAct {
        at: ctx.clock.now(),
        kind: "user.signed_in",
        origin: client.origin(),
        detail: json!({ "mode": body.mode }),
    };
    match body.mode {
        Mode::Cookie => {
            let (session, cookie) = ctx.new_session(user.id, tenant, &act.origin);
            let system = ctx.table.system();
            if !system
                .start_session(&session, Some(password_version), &act)
                .await?
            {
                return Err(wrong().into());
            }
            if let Some(old) = ctx.gate.session_of(&headers).await? {
                ctx.table.system().end_session(&old).await?;
            }
            let answer = SignedInAnswer { me, tokens: None };
            let cookie = ctx.gate.cookie().set(&cookie);
            Ok(([(SET_COOKIE, cookie)], Json(answer)).into_response())
        }
        Mode::Token => {
            let tokens = ctx
                .start_family(user.id, tenant, password_version, &act)
                .await?;
            // The password was changed since it was compared.
            let tokens = Some(tokens.ok_or_else(wrong)?);
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

/// Somebody who proved who they are.
struct Authenticated {
    user: User,
    /// By the password of this version.
    password_version: u64,
}

impl Ctx {
    /// The person with this address and password. An unknown address costs as much as a known one.
    async fn authenticate(&self, body: &Login, client: &Client) -> Result<Authenticated> {
        let password = Password::typed(&body.password);
        let Ok(email) = body.email.parse::<EmailAddress>() else {
            // No such address is registered; nothing says so.
            self.hasher.pretend(&password, &*self.random).await?;
            return Err(wrong());
        };
        let now = self.clock.now();
        self.limits
            .admit_login(&self.table, &email, client.address, now)
            .await?;
        let spare = UserId::generate(self.table.ids());
        let known = self.table.system().user_by_email(&email, spare).await?;
        let Some(known) = known else {
            self.hasher.pretend(&password, &*self.random).await?;
            return Err(wrong());
        };
        let version = self.version_of(&known, &password).await?;
        let password_version = version.ok_or_else(wrong)?;
        if !known.user.email_verified {
            return Err(Error::Forbidden {
                code: "email_not_verified",
                detail: "open the link in the mail that we sent you, or ask for a new one"
                    .to_owned(),
            });
        }
        Ok(Authenticated {
            user: known.user,
            password_version,
        })
    }

    /// Checks the password of somebody who is signed in, as `pointer` of the request has it; its version.
    pub(crate) async fn check_password(
        &self,
        known: &StoredUser,
        typed: &str,
        pointer: &str,
        client: &Client,
    ) -> Result<u64> {
        let now = self.clock.now();
        self.limits
            .admit_login(&self.table, &known.user.email, client.address, now)
            .await?;
        let version = self.version_of(known, &Password::typed(typed)).await?;
        version.ok_or_else(|| Error::field(pointer, "wrong_password", "this is not your password"))
    }

    /// The version of a person's password; `None` if this is not it. Keeps it better from now on if it was kept less
    /// well than today's are.
    async fn version_of(&self, known: &StoredUser, password: &Password) -> Result<Option<u64>> {
        let phc = self.stored_hash(known).await?;
        match self.hasher.verify(password, phc).await? {
            Verdict::Wrong => Ok(None),
            Verdict::Right { is_outdated: false } => Ok(Some(known.password.version)),
            Verdict::Right { is_outdated: true } => {
                Ok(Some(self.renew_hash(known, password).await?))
            }
        }
    }

    async fn stored_hash(&self, known: &StoredUser) -> Result<Zeroizing<String>> {
        let binding = password::binding(known.user.id, known.password.version);
        let sealed = Sealed::from_bytes(known.password.sealed.clone());
        let bytes = self.envelope.open(&binding, &sealed).await?;
        let text =
            std::str::from_utf8(&bytes).map_err(|error| Error::corrupt("password hash", error))?;
        Ok(Zeroizing::new(text.to_owned()))
    }

    /// The password is right and known now: the moment to keep it better. Its version from then on.
    async fn renew_hash(&self, known: &StoredUser, password: &Password) -> Result<u64> {
        let (user, seen) = (known.user.id, known.password.version);
        let renewed = self.sealed_password(user, seen + 1, password).await?;
        let system = self.table.system();
        let is_renewed = system.replace_password_hash(user, seen, &renewed).await?;
        // Somebody else changed it meanwhile: what is opened by this one will not start.
        Ok(if is_renewed { renewed.version } else { seen })
    }

    /// A password as it is stored.
    pub(crate) async fn sealed_password(
        &self,
        user: UserId,
        version: u64,
        password: &Password,
    ) -> Result<StoredPassword> {
        let phc = self.hasher.hash(password, &*self.random).await?;
        self.seal_hash(user, version, &phc).await
    }

    /// The hash of a password as it is stored.
    pub(crate) async fn seal_hash(
        &self,
        user: UserId,
        version: u64,
        phc: &str,
    ) -> Result<StoredPassword> {
        let binding = password::binding(user, version);
        let sealed = self.envelope.seal(&binding, phc.as_bytes()).await?;
        Ok(StoredPassword {
            sealed: sealed.as_bytes().to_vec(),
            version,
        })
    }

    fn new_session(
        &self,
        user: UserId,
        tenant: Option<TenantId>,
        origin: &Origin,
    ) -> (Session, SessionCookie) {
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
            origin: origin.clone(),
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
