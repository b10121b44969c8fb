//! `POST /v1/auth/forgot-password`

use api::{Json, Secret};
use axum::extract::State;
use axum::response::IntoResponse;
use domain::email::EmailAddress;
use domain::event::EventKind;
use domain::{Error, Result, UserId};
use http::HeaderMap;
use serde::Deserialize;
use serde_json::Value;
use store::{NewToken, TokenPurpose, UserAct};
use utoipa::ToSchema;

use crate::Ctx;
use crate::address::address;
use crate::client::Client;
use crate::mail_limits::MailCause;
use crate::mails::{LINK_LIFETIME, Outgoing};
use crate::register::{ACCEPTED, Accepted};

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ForgotPassword {
    #[schema(example = "ada@example.com")]
    email: String,
}

/// Sends a link that sets a new password. The answer is the same whether or not the address is registered; the mail
/// tells.
#[utoipa::path(
    post,
    path = "/v1/auth/forgot-password",
    tag = "identity",
    request_body = ForgotPassword,
    responses((status = ACCEPTED, description = "A mail is on its way", body = Accepted))
)]
pub(crate) async fn forgot_password(
    State(ctx): State<Ctx>,
    client: Client,
    headers: HeaderMap,
    Json(body): Json<ForgotPassword>,
) -> api::Result<impl IntoResponse> {
    let email = address(&body.email).map_err(Error::from)?;
    let cause = MailCause::NewPassword;
    ctx.admit_link(cause, &email, &client, &headers).await?;
    let outgoing = ctx.reset_link(&email, &client).await?;
    ctx.send(&outgoing).await;
    Ok(ACCEPTED)
}

impl Ctx {
    /// The mail, owed. Every way seals and sends one.
    async fn reset_link(&self, email: &EmailAddress, client: &Client) -> Result<Outgoing> {
        let system = self.table.system();
        let spare = UserId::generate(self.table.ids());
        let Some(known) = system.user_by_email(email, spare).await? else {
            let outgoing = self.unknown_address_mail(email).await?;
            system.owe_mail(&outgoing.owed).await?;
            return Ok(outgoing);
        };
        let secret = Secret::generate(&*self.random);
        let now = self.clock.now();
        let token = NewToken {
            secret: secret.hash(),
            purpose: TokenPurpose::ResetPassword,
            user: known.user.id,
            address: known.user.email.clone(),
            password_version: known.password.version,
            expires_at: now.saturating_add(LINK_LIFETIME).unwrap_or(now),
        };
        let act = UserAct {
            at: now,
            kind: EventKind::UserPasswordResetRequested,
            origin: client.origin(),
            detail: Value::Null,
        };
        let outgoing = self.reset_mail(&known.user, &secret).await?;
        system.send_token(&token, &outgoing.owed, &act).await?;
        Ok(outgoing)
    }
}
