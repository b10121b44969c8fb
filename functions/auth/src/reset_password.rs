//! `POST /v1/auth/reset-password`

use api::{Client, Json, Secret};
use axum::extract::State;
use domain::event::EventKind;
use domain::{Error, Result};
use http::StatusCode;
use serde::Deserialize;
use serde_json::Value;
use store::{Device, PasswordReset, StoredUser, Token, TokenPurpose, UserAct};
use utoipa::ToSchema;

use crate::Ctx;
use crate::authenticate::tries_of_proofs;
use crate::password::{Password, Words};
use crate::sign_in_tries::Counter;

/// Tries of a reset that registrations overtake: more than one means that somebody plays.
const TRIES: u32 = 3;

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ResetPassword {
    /// What the link in the mail has after `token=`.
    token: String,
    /// 15 to 256 characters of any kind.
    password: String,
}

/// Sets a new password with the token of the link that was mailed, which also proves the address. Every sign-in ends;
/// signing in needs a second factor as before, where there is one.
#[utoipa::path(
    post,
    path = "/v1/auth/reset-password",
    tag = "identity",
    request_body = ResetPassword,
    responses(
        (status = NO_CONTENT, description = "The password is set"),
        (status = GONE, description = "The token was used already, or is too old"),
    )
)]
pub(crate) async fn reset_password(
    State(ctx): State<Ctx>,
    client: Client,
    Json(body): Json<ResetPassword>,
) -> api::Result<StatusCode> {
    let secret = Secret::parse(&body.token).ok_or(Error::NotFound { kind: "token" })?;
    let now = ctx.clock.now();
    let system = ctx.table.system();
    let purpose = TokenPurpose::ResetPassword;
    let token = system.token(&secret.hash(), purpose, now).await?;
    let mut seen = ctx.stored_person(token.user).await?;
    let workspaces = ctx.workspace_names(token.user).await?;
    let words = Words::of(&seen.user, &workspaces);
    let password = Password::chosen(&body.password, "/password", words)
        .map_err(|error| Error::Invalid(vec![error]))?;
    let phc = ctx.hasher.hash(&password, &*ctx.random).await?;
    for _ in 0..TRIES {
        if ctx.try_reset(&token, &seen, &phc, &client).await? {
            return Ok(StatusCode::NO_CONTENT);
        }
        seen = ctx.stored_person(token.user).await?;
    }
    Err(Error::unavailable(
        "password reset",
        "the address is being registered again and again",
    )
    .into())
}

impl Ctx {
    /// Sets a password by its hash. `false` where somebody registered the address, which nobody has proven, since the
    /// person was seen.
    async fn try_reset(
        &self,
        token: &Token,
        seen: &StoredUser,
        phc: &str,
        client: &Client,
    ) -> Result<bool> {
        let (now, mut user) = (self.clock.now(), seen.user.clone());
        // Whoever follows the link reads the mails to this spelling, whatever somebody registered meanwhile.
        if let Some(address) = &token.address {
            user.email.clone_from(address);
        }
        let version = seen.password.version + 1;
        let password = self.seal_hash(user.id, version, phc).await?;
        let origin = client.origin();
        let place = Device::place(user.id, origin.clone(), now);
        let outgoing = self.password_changed_mail(&user, &origin).await?;
        let (strangers, person) = (Counter::of_address(&user.email), user.id.to_string());
        let reset = PasswordReset {
            token,
            seen,
            password,
            place: place.as_ref(),
            // Its owner gets in again, whoever tried what.
            tries: [strangers.attempts(), tries_of_proofs(&person)],
            mail: &outgoing.owed,
            act: UserAct {
                at: now,
                kind: EventKind::UserPasswordReset,
                origin,
                detail: Value::Null,
            },
        };
        let is_set = self.table.system().reset_password(reset).await?;
        if is_set {
            self.send(&outgoing).await;
        }
        Ok(is_set)
    }
}
