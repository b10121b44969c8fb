//! `POST /v1/auth/new-browser`

use api::{Json, Secret};
use axum::extract::State;
use axum::response::IntoResponse;
use domain::email::EmailAddress;
use domain::event::EventKind;
use domain::{Error, Result, UserId};
use http::HeaderMap;
use serde::Deserialize;
use serde_json::Value;
use store::{TokenPurpose, UserAct};
use utoipa::ToSchema;

use crate::Ctx;
use crate::address::address;
use crate::client::Client;
use crate::mail_limits::MailCause;
use crate::mails::{ADMISSION_LIFETIME, Outgoing};
use crate::register::{ACCEPTED, Accepted};

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewBrowser {
    #[schema(example = "ada@example.com")]
    email: String,
}

/// Sends a link that lets a browser in which the account does not know, where `login` answered `sign_ins_held_back`,
/// `sign_in_delayed` or `sign_in_blocked`. The answer is the same whether or not the address is registered; the mail tells.
#[utoipa::path(
    post,
    path = "/v1/auth/new-browser",
    tag = "identity",
    request_body = NewBrowser,
    responses((status = ACCEPTED, description = "A mail is on its way", body = Accepted))
)]
pub(crate) async fn new_browser(
    State(ctx): State<Ctx>,
    client: Client,
    headers: HeaderMap,
    Json(body): Json<NewBrowser>,
) -> api::Result<impl IntoResponse> {
    let email = address(&body.email).map_err(Error::from)?;
    let cause = MailCause::NewBrowser;
    ctx.admit_link(cause, &email, &client, &headers).await?;
    let outgoing = ctx.admission_link(&email, &client).await?;
    ctx.send(&outgoing).await;
    Ok(ACCEPTED)
}

impl Ctx {
    /// The mail, owed. Every way seals and sends one.
    async fn admission_link(&self, email: &EmailAddress, client: &Client) -> Result<Outgoing> {
        let system = self.table.system();
        let spare = UserId::generate(self.table.ids());
        let Some(known) = system.user_by_email(email, spare).await? else {
            let outgoing = self.unknown_address_mail(email).await?;
            system.owe_mail(&outgoing.owed).await?;
            return Ok(outgoing);
        };
        let secret = Secret::generate(&*self.random);
        let purpose = TokenPurpose::AdmitBrowser;
        let address = &known.user.email;
        let token = self.token(&known, &secret, purpose, address, ADMISSION_LIFETIME);
        let origin = client.origin();
        let outgoing = self.admission_mail(&known.user, &secret, &origin).await?;
        let act = UserAct {
            at: self.clock.now(),
            kind: EventKind::UserBrowserAdmissionRequested,
            origin,
            detail: Value::Null,
        };
        system.send_token(&token, &outgoing.owed, &act).await?;
        Ok(outgoing)
    }
}
