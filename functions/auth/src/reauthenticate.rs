//! `POST /v1/auth/reauthenticate` and its `options`

use api::{Client, Json, SignedIn};
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use domain::event::EventKind;
use domain::{Error, Result};
use http::header::SET_COOKIE;
use serde::Deserialize;
use serde_json::Value;
use store::{Credential, StoredUser, UserAct};
use utoipa::ToSchema;

use crate::Ctx;
use crate::answer::SignedInAnswer;
use crate::authenticator::wrong_code;
use crate::passkeys::{Proof, refused_at};
use crate::webauthn::{Assertion, RequestOptions};

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Reauthenticate {
    /// For somebody without a second factor.
    #[serde(default)]
    password: Option<String>,
    /// For somebody with one: a code of the authenticator app, or a recovery code.
    #[serde(default)]
    code: Option<String>,
    /// For somebody with a passkey: what the browser answered to the options of `reauthenticate/options`.
    #[serde(default)]
    passkey: Option<Assertion>,
}

/// What a browser needs to prove by a passkey who the caller is.
#[utoipa::path(
    post,
    path = "/v1/auth/reauthenticate/options",
    tag = "identity",
    responses((status = OK, description = "For `navigator.credentials.get`", body = RequestOptions))
)]
pub(crate) async fn reauthenticate_options(
    State(ctx): State<Ctx>,
    caller: SignedIn,
) -> api::Result<Json<RequestOptions>> {
    let passkeys = ctx.table.system().passkeys(caller.user).await?;
    if passkeys.is_empty() {
        return Err(Error::NotFound { kind: "passkey" }.into());
    }
    let proof = Proof::Reproving(&caller.credential);
    Ok(Json(ctx.request_options(proof, &passkeys).await?))
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
    ctx.prove(&known, &body, &caller.credential, &client)
        .await?;
    let members = ctx.table.system().memberships(caller.user).await?;
    let tenant = caller.member.map(|member| member.tenant.id);
    let me = ctx.me(&known, &members, tenant).await?;
    let act = UserAct {
        at: ctx.clock.now(),
        kind: EventKind::UserReauthenticated,
        origin: client.origin(),
        detail: Value::Null,
    };
    match &caller.credential {
        Credential::Session(old) => {
            let reproved = ctx.gate.reprove(&*ctx.random, old);
            let system = ctx.table.system();
            if !system
                .replace_session_by(old, &reproved.session, &act)
                .await?
            {
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

impl Ctx {
    /// The best proof that the person has: a stolen password is not enough for what a second factor guards.
    async fn prove(
        &self,
        known: &StoredUser,
        body: &Reauthenticate,
        credential: &Credential,
        client: &Client,
    ) -> Result<()> {
        let user = known.user.id;
        if let Some(assertion) = &body.passkey {
            let proof = Proof::Reproving(credential);
            let used = self.proved_by_passkey(user, assertion, proof).await?;
            let used = used.ok_or_else(|| refused_at("/passkey"))?;
            if !self.table.system().use_passkey(&used).await? {
                return Err(refused_at("/passkey"));
            }
            return Ok(());
        }
        let factors = self.factors(user).await?;
        if !factors.is_guarded() {
            let password = body
                .password
                .as_deref()
                .ok_or_else(|| Error::field("/password", "missing_field", "enter your password"))?;
            self.check_password(known, password, "/password").await?;
            return Ok(());
        }
        let code = body.code.as_deref().ok_or_else(|| {
            Error::field(
                "/code",
                "second_factor_required",
                "use a passkey, or enter a code of your authenticator app, or a recovery code",
            )
        })?;
        self.count_proof(user).await?;
        let app = factors.authenticator.as_ref();
        if !self.use_code(user, app, code, client).await? {
            return Err(wrong_code("/code"));
        }
        self.forget_proofs(user).await
    }
}
