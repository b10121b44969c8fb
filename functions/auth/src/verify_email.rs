//! `POST /v1/auth/verify-email`

use api::{Client, Json, Secret};
use axum::extract::State;
use domain::event::EventKind;
use domain::{Error, Result};
use http::StatusCode;
use serde::Deserialize;
use serde_json::Value;
use store::{Device, StoredUser, Token, TokenPurpose, UserAct};
use utoipa::ToSchema;

use crate::Ctx;
use crate::password::Password;

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct VerifyEmail {
    /// What the link in the mail has after `token=`.
    token: String,
    /// The one that the address was registered with: whoever reads the mail may be somebody else than who registered it.
    password: String,
}

/// Proves a mail address with the token of the link that was sent to it, and the password that it was registered with.
/// Whoever owns the address and does not know that password registered it not, or forgot it: a new password
/// (`forgot-password`) proves the address, too.
#[utoipa::path(
    post,
    path = "/v1/auth/verify-email",
    tag = "identity",
    request_body = VerifyEmail,
    responses(
        (status = NO_CONTENT, description = "The address is proven"),
        (status = GONE, description = "The token was used already, or is too old"),
    )
)]
pub(crate) async fn verify_email(
    State(ctx): State<Ctx>,
    client: Client,
    Json(body): Json<VerifyEmail>,
) -> api::Result<StatusCode> {
    let secret = Secret::parse(&body.token).ok_or(Error::NotFound { kind: "token" })?;
    let now = ctx.clock.now();
    let system = ctx.table.system();
    let purpose = TokenPurpose::VerifyEmail;
    let token = system.token(&secret.hash(), purpose, now).await?;
    let known = ctx.stored_person(token.user).await?;
    token.check(&known)?;
    let password_version = ctx.registered_with(&known, &body.password).await?;
    let token = Token {
        password_version,
        ..token
    };
    let act = UserAct {
        at: now,
        kind: EventKind::UserEmailVerified,
        origin: client.origin(),
        detail: Value::Null,
    };
    // Whoever follows a link where nobody signed in yet is no stranger there from now on.
    let place = Device::place(token.user, client.origin(), now);
    system.verify_email(&token, place.as_ref(), &act).await?;
    Ok(StatusCode::NO_CONTENT)
}

impl Ctx {
    /// Checks that this is the password of a registration; its version. Otherwise whoever registers an address last would
    /// have theirs proven by its owner, to whom all mails look the same.
    async fn registered_with(&self, known: &StoredUser, typed: &str) -> Result<u64> {
        self.count_proof(known.user.id).await?;
        let version = self.version_of(known, &Password::typed(typed)).await?;
        let version = version.ok_or_else(|| {
            Error::field(
                "/password",
                "wrong_password",
                "the address was registered with another password: enter that one, or choose a new one by a link that we mail you",
            )
        })?;
        self.forget_proofs(known.user.id).await?;
        Ok(version)
    }
}
