//! `POST /v1/auth/resend-verification`

use api::{Client, Json};
use axum::extract::State;
use axum::response::IntoResponse;
use domain::email::EmailAddress;
use domain::event::EventKind;
use domain::{Error, Result, UserId};
use serde::Deserialize;
use serde_json::Value;
use store::UserAct;
use utoipa::ToSchema;

use crate::Ctx;
use crate::address::address;
use crate::mail_limits::MailCause;
use crate::mails::Outgoing;
use crate::register::{ACCEPTED, Accepted};

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ResendVerification {
    #[schema(example = "ada@example.com")]
    email: String,
}

/// Sends a new link to an address that is registered and not yet proven. The answer is always the same.
#[utoipa::path(
    post,
    path = "/v1/auth/resend-verification",
    tag = "identity",
    request_body = ResendVerification,
    responses((status = ACCEPTED, description = "If a link is owed, it is on its way", body = Accepted))
)]
pub(crate) async fn resend_verification(
    State(ctx): State<Ctx>,
    client: Client,
    Json(body): Json<ResendVerification>,
) -> api::Result<impl IntoResponse> {
    let email = address(&body.email).map_err(Error::from)?;
    let cause = MailCause::Verification;
    ctx.admit_mail(cause, &email, &client).await?;
    let outgoing = ctx.another_link(&email, &client).await?;
    ctx.send(&outgoing).await;
    Ok(ACCEPTED)
}

impl Ctx {
    /// The mail, owed. Every way seals and sends one, so that its length tells nothing.
    pub(crate) async fn another_link(
        &self,
        email: &EmailAddress,
        client: &Client,
    ) -> Result<Outgoing> {
        let system = self.table.system();
        let spare = UserId::generate(self.table.ids());
        let known = system.user_by_email(email, spare).await?;
        let Some(known) = known else {
            let outgoing = self.unknown_address_mail(email).await?;
            system.owe_mail(&outgoing.owed).await?;
            return Ok(outgoing);
        };
        if known.user.email_verified {
            let outgoing = self.already_registered_mail(&known.user).await?;
            system.owe_mail(&outgoing.owed).await?;
            return Ok(outgoing);
        }
        let (token, outgoing) = self
            .verification(&known.user, known.password.version)
            .await?;
        let act = UserAct {
            at: self.clock.now(),
            kind: EventKind::UserVerificationRequested,
            origin: client.origin(),
            detail: Value::Null,
        };
        system.send_token(&token, &outgoing.owed, &act).await?;
        Ok(outgoing)
    }
}
