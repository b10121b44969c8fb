//! `POST /v1/auth/register`

use api::{Client, Json, Secret};
use axum::extract::State;
use axum::response::IntoResponse;
use domain::email::EmailAddress;
use domain::event::EventKind;
use domain::tenant::TimeZoneName;
use domain::user::{NAME_MAX, User};
use domain::{Error, FieldError, Result, UserId};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use store::{
    AddressStanding, NewToken, Registered, Registration, StoredUser, TokenPurpose, UserAct,
};
use utoipa::ToSchema;

use crate::Ctx;
use crate::address::address;
use crate::mail_limits::MailCause;
use crate::mails::{LINK_LIFETIME, Outgoing};
use crate::password::{Password, Words};

/// Tries of a registration that others overtake: more than one means that somebody plays. After the last one the other
/// registration stands.
const TRIES: u32 = 3;
const LOCALE: &str = "en";

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Register {
    #[schema(example = "ada@example.com")]
    email: String,
    /// 15 to 256 characters of any kind.
    password: String,
    /// 1 to 100 characters.
    name: String,
}

/// Says only that it was understood.
#[derive(Serialize, ToSchema)]
pub(crate) struct Accepted {
    /// Always `accepted`.
    status: &'static str,
}

pub(crate) const ACCEPTED: (StatusCode, Json<Accepted>) =
    (StatusCode::ACCEPTED, Json(Accepted { status: "accepted" }));

/// Registers a person. The answer is the same whether or not the address is registered already; the mail tells.
#[utoipa::path(
    post,
    path = "/v1/auth/register",
    tag = "identity",
    request_body = Register,
    responses((status = ACCEPTED, description = "A mail is on its way", body = Accepted))
)]
pub(crate) async fn register(
    State(ctx): State<Ctx>,
    client: Client,
    Json(body): Json<Register>,
) -> api::Result<impl IntoResponse> {
    let newcomer = Newcomer::try_from(body)?;
    let cause = MailCause::Registration;
    ctx.admit_mail(cause, &newcomer.email, &client).await?;
    let outgoing = ctx.register(&newcomer, &client).await?;
    ctx.send(&outgoing).await;
    Ok(ACCEPTED)
}

/// A registration that may be stored.
struct Newcomer {
    email: EmailAddress,
    password: Password,
    name: String,
}

impl TryFrom<Register> for Newcomer {
    type Error = Error;

    fn try_from(body: Register) -> Result<Self> {
        let email = address(&body.email);
        let words = Words {
            address: email.as_ref().ok(),
            name: &body.name,
            workspaces: &[],
        };
        let password = Password::chosen(&body.password, "/password", words);
        let name = name(&body.name);
        match (email, password, name) {
            (Ok(email), Ok(password), Ok(name)) => Ok(Self {
                email,
                password,
                name,
            }),
            (email, password, name) => Err(Error::Invalid(
                [email.err(), password.err(), name.err()]
                    .into_iter()
                    .flatten()
                    .collect(),
            )),
        }
    }
}

/// What a person is called, as it is stored.
pub(crate) fn name(text: &str) -> std::result::Result<String, FieldError> {
    let name = text.trim();
    let length = name.chars().count();
    if length == 0 || length > NAME_MAX || name.chars().any(char::is_control) {
        return Err(FieldError::new(
            "/name",
            "invalid_name",
            "enter a name of 1 to 100 characters on one line",
        ));
    }
    Ok(name.to_owned())
}

impl Ctx {
    /// Stores the registration, or only the mail for somebody who is registered already, or wants an address that is kept
    /// for somebody else. Every way costs one hash, two reads and one write, so that its length tells nothing.
    async fn register(&self, newcomer: &Newcomer, client: &Client) -> Result<Outgoing> {
        let system = self.table.system();
        let new_id = UserId::generate(self.table.ids());
        let phc = self.hasher.hash(&newcomer.password, &*self.random).await?;
        for _ in 0..TRIES {
            let now = self.clock.now();
            let standing = system.address_standing(&newcomer.email, new_id, now);
            let AddressStanding { known, is_kept } = standing.await?;
            let (id, version) = match &known {
                Some(known) => (known.user.id, known.password.version + 1),
                None => (new_id, 1),
            };
            let password = self.seal_hash(id, version, &phc).await?;
            match &known {
                Some(known) if known.user.email_verified => {
                    let outgoing = self.already_registered_mail(&known.user).await?;
                    system.owe_mail(&outgoing.owed).await?;
                    return Ok(outgoing);
                }
                None if is_kept => return self.refuse_kept(&newcomer.email).await,
                Some(_) | None => {}
            }
            let user = self.unverified(newcomer, id, known.as_ref());
            let (token, outgoing) = self.verification(&user, version).await?;
            let registration = Registration {
                user,
                password,
                token,
                mail: outgoing.owed.clone(),
                act: UserAct {
                    at: now,
                    kind: EventKind::UserRegistered,
                    origin: client.origin(),
                    detail: Value::Null,
                },
            };
            let registered = match &known {
                Some(seen) => system.register_again(registration, seen).await?,
                None => system.register(registration).await?,
            };
            match registered {
                Registered::Done => return Ok(outgoing),
                Registered::Overtaken => {}
                // Since it was looked up.
                Registered::Reserved => return self.refuse_kept(&newcomer.email).await,
            }
        }
        // As if another had come right after this one. A refusal would tell that nobody has proven the address: where
        // somebody has, nobody is overtaken.
        self.another_link(&newcomer.email, client).await
    }

    /// The mail, owed, for somebody who wants an address that is kept for somebody else.
    async fn refuse_kept(&self, address: &EmailAddress) -> Result<Outgoing> {
        let outgoing = self.address_reserved_mail(address).await?;
        self.table.system().owe_mail(&outgoing.owed).await?;
        Ok(outgoing)
    }

    /// A new link for a person, and the mail that carries it.
    pub(crate) async fn verification(
        &self,
        user: &User,
        password_version: u64,
    ) -> Result<(NewToken, Outgoing)> {
        let secret = Secret::generate(&*self.random);
        let now = self.clock.now();
        let token = NewToken {
            secret: secret.hash(),
            purpose: TokenPurpose::VerifyEmail,
            user: user.id,
            address: user.email.clone(),
            password_version,
            expires_at: now.saturating_add(LINK_LIFETIME).unwrap_or(now),
        };
        let outgoing = self.verification_mail(user, &secret).await?;
        Ok((token, outgoing))
    }

    fn unverified(&self, newcomer: &Newcomer, id: UserId, known: Option<&StoredUser>) -> User {
        User {
            id,
            email: newcomer.email.clone(),
            email_verified: false,
            name: newcomer.name.clone(),
            locale: LOCALE.to_owned(),
            time_zone: TimeZoneName::utc(),
            avatar: None,
            version: known.map_or(1, |known| known.user.version + 1),
            created_at: known.map_or_else(|| self.clock.now(), |known| known.user.created_at),
        }
    }
}
