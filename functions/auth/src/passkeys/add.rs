//! `POST /v1/me/passkeys/options` and `POST /v1/me/passkeys`

use api::{Client, Json, SignedIn};
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use domain::event::EventKind;
use domain::{Error, PasskeyId, Result};
use http::StatusCode;
use http::header::SET_COOKIE;
use serde::{Deserialize, Serialize};
use serde_json::json;
use store::{FactorChange, FactorChanged, Passkey, UserAct};
use utoipa::ToSchema;

use super::proof::{Proof, descriptors, logged, refused_at};
use super::{MOST, PasskeyView, name};
use crate::Ctx;
use crate::webauthn::{CreationOptions, NewCredential, Registration};

/// Longest list of ways to reach a passkey, and longest word in it.
const TRANSPORTS_MAX: usize = 8;
const TRANSPORT_MAX: usize = 32;

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AddPasskey {
    /// 1 to 100 characters.
    name: String,
    registration: Registration,
}

/// A new passkey.
#[derive(Serialize, ToSchema)]
pub(crate) struct AddedPasskey {
    passkey: PasskeyView,
    /// Codes for when everything else is lost: each works once. They are shown once, with the first passkey of somebody
    /// who has no authenticator app.
    #[serde(skip_serializing_if = "Option::is_none")]
    recovery_codes: Option<Vec<String>>,
}

/// What a browser needs to make a passkey.
#[utoipa::path(
    post,
    path = "/v1/me/passkeys/options",
    tag = "identity",
    responses((status = OK, description = "For `navigator.credentials.create`", body = CreationOptions))
)]
pub(crate) async fn passkey_options(
    State(ctx): State<Ctx>,
    caller: SignedIn,
) -> api::Result<Json<CreationOptions>> {
    let user = ctx.person(caller.user).await?;
    let passkeys = ctx.table.system().passkeys(user.id).await?;
    check_number(&passkeys)?;
    let proof = Proof::Adding(&caller.credential);
    let (challenge, timeout) = ctx.challenge(proof).await?;
    let handle = user.id.to_string();
    Ok(Json(CreationOptions::new(
        &ctx.relying_party(),
        challenge.expose(),
        timeout,
        (&handle, user.email.as_str(), &user.name),
        descriptors(&passkeys),
    )))
}

/// Adds a passkey: from now on it signs in by itself, and the password alone no more. All other sign-ins end.
#[utoipa::path(
    post,
    path = "/v1/me/passkeys",
    tag = "identity",
    request_body = AddPasskey,
    responses((status = CREATED, description = "It is added", body = AddedPasskey))
)]
pub(crate) async fn add_passkey(
    State(ctx): State<Ctx>,
    caller: SignedIn,
    client: Client,
    Json(body): Json<AddPasskey>,
) -> api::Result<Response> {
    let name = name(&body.name).map_err(|error| Error::Invalid(vec![error]))?;
    let user = ctx.person(caller.user).await?;
    let made = ctx.new_credential(&caller, &body.registration).await?;
    let made = made.ok_or_else(|| refused_at("/registration"))?;
    let factors = ctx.factors(user.id).await?;
    check_number(&factors.passkeys)?;
    if factors
        .passkeys
        .iter()
        .any(|known| known.credential == made.id)
    {
        return Err(refused_at("/registration").into());
    }
    let now = ctx.clock.now();
    let passkey = Passkey {
        id: PasskeyId::generate(ctx.table.ids()),
        user: user.id,
        credential: made.id,
        public_key: made.public_key,
        sign_count: made.sign_count,
        is_backup_eligible: made.is_backup_eligible,
        is_backed_up: made.is_backed_up,
        transports: transports(&body.registration),
        name,
        created_at: now,
        last_used_at: None,
    };
    let codes = (!factors.is_guarded()).then(|| ctx.new_codes());
    let hashes = codes.as_ref().map(|(_, hashes)| hashes.as_slice());
    let outgoing = ctx
        .passkey_added_mail(&user, &passkey.name, &client.origin())
        .await?;
    let renewed = ctx.renewed(&caller.credential);
    let change = FactorChange {
        credential: &caller.credential,
        session: renewed.as_ref().map(|renewed| &renewed.session),
        mail: &outgoing.owed,
        act: UserAct {
            at: now,
            kind: EventKind::UserPasskeyAdded,
            origin: client.origin(),
            detail: json!({ "passkey": passkey.id, "name": passkey.name }),
        },
    };
    let system = ctx.table.system();
    match system.add_passkey(&passkey, hashes, change).await? {
        FactorChanged::Done => {}
        FactorChanged::SignedOut => return Err(Error::unauthenticated().into()),
        FactorChanged::Overtaken | FactorChanged::NotThere => {
            return Err(Error::StaleVersion.into());
        }
    }
    ctx.send(&outgoing).await;
    let answer = AddedPasskey {
        passkey: PasskeyView::from(&passkey),
        recovery_codes: codes.map(|(codes, _)| codes.into_list()),
    };
    let cookie = renewed.map(|renewed| [(SET_COOKIE, renewed.set_cookie)]);
    Ok((StatusCode::CREATED, cookie, Json(answer)).into_response())
}

impl Ctx {
    /// What the browser made for a challenge of this sign-in; `None` where it is refused.
    async fn new_credential(
        &self,
        caller: &SignedIn,
        registration: &Registration,
    ) -> Result<Option<NewCredential>> {
        let proof = Proof::Adding(&caller.credential);
        if !self
            .answers_challenge(registration.client_data(), proof)
            .await?
        {
            return Ok(None);
        }
        let made = self.relying_party().registered(registration);
        Ok(logged(made, caller.user))
    }
}

fn check_number(passkeys: &[Passkey]) -> Result<()> {
    if passkeys.len() < MOST {
        return Ok(());
    }
    Err(Error::conflict(
        "too_many_passkeys",
        format!("you have {MOST} passkeys: remove one first"),
    ))
}

/// As the browser said; what is no word of the standard's kind is left out.
fn transports(registration: &Registration) -> Vec<String> {
    let is_word = |word: &&String| {
        let mut bytes = word.bytes();
        word.len() <= TRANSPORT_MAX && bytes.all(|byte| byte.is_ascii_lowercase() || byte == b'-')
    };
    let words = registration.transports().iter().filter(is_word);
    words.take(TRANSPORTS_MAX).cloned().collect()
}
