//! `/v1/me/second-factor`: an authenticator app and recovery codes.

use api::{Client, Json, Rebound, SignedIn};
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use domain::event::EventKind;
use domain::{Error, Result};
use http::StatusCode;
use http::header::SET_COOKIE;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use store::{Credential, FactorChange, FactorChanged, SecretHash, UserAct};
use url::form_urlencoded::byte_serialize;
use utoipa::ToSchema;

use crate::Ctx;
use crate::recovery_code::{COUNT, RecoveryCode};
use crate::second_factor::{TRIES, binding};
use crate::totp::{Seed, digits};

/// What apps call us.
const ISSUER: &str = "M1Autoposter";

/// How somebody proves themselves beside their password.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SecondFactor {
    /// Whether signing in asks for a code of an authenticator app.
    authenticator: bool,
    /// Passkeys, which sign in by themselves; with one of them the password alone does not.
    passkeys: usize,
    /// Recovery codes that were not used yet.
    recovery_codes_left: usize,
    /// Whether somebody could let the caller start over who lost everything: where not, a recovery code is the only way
    /// back.
    can_be_reset: bool,
}

/// What an authenticator app needs. It is shown once.
#[derive(Serialize, ToSchema)]
pub(crate) struct Offer {
    /// Base32.
    secret: String,
    /// The same as a link that apps open, or as a QR code shows it.
    uri: String,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Confirm {
    /// Six digits.
    code: String,
}

/// Codes for when passkeys and authenticator app are lost: each works once. They are shown once.
#[derive(Serialize, ToSchema)]
pub(crate) struct RecoveryCodes {
    recovery_codes: Vec<String>,
}

/// What signing in asks for beside the password.
#[utoipa::path(
    get,
    path = "/v1/me/second-factor",
    tag = "identity",
    responses((status = OK, description = "The state", body = SecondFactor))
)]
pub(crate) async fn get_second_factor(
    State(ctx): State<Ctx>,
    caller: SignedIn,
) -> api::Result<Json<SecondFactor>> {
    let factors = ctx.factors(caller.user).await?;
    let system = ctx.table.system();
    let left = system.recovery_codes_left(caller.user).await?;
    let approving = system.approving_tenants(caller.user).await?;
    Ok(Json(SecondFactor {
        authenticator: factors.authenticator.is_some(),
        passkeys: factors.passkeys.len(),
        recovery_codes_left: left,
        can_be_reset: !approving.is_empty(),
    }))
}

/// Offers a secret for an authenticator app; `confirm` makes it count.
#[utoipa::path(
    post,
    path = "/v1/me/second-factor/authenticator",
    tag = "identity",
    responses((status = OK, description = "For the app", body = Offer))
)]
pub(crate) async fn offer_authenticator(
    State(ctx): State<Ctx>,
    caller: SignedIn,
) -> api::Result<Json<Offer>> {
    let user = ctx.person(caller.user).await?;
    let now = ctx.clock.now();
    let seed = Seed::generate(&*ctx.random);
    let version = u64::try_from(now.as_millisecond()).unwrap_or_default();
    let binding = binding(user.id, version);
    let sealed = ctx.envelope.seal(&binding, seed.as_bytes()).await?;
    let system = ctx.table.system();
    if !system
        .offer_authenticator(user.id, sealed.as_bytes(), version, now)
        .await?
    {
        return Err(Error::conflict(
            "authenticator_active",
            "an authenticator app is active already: remove it first",
        )
        .into());
    }
    let secret = seed.text();
    let account: String = byte_serialize(user.email.as_str().as_bytes()).collect();
    let uri = format!("otpauth://totp/{ISSUER}:{account}?secret={secret}&issuer={ISSUER}");
    Ok(Json(Offer { secret, uri }))
}

/// Makes the app count, by a code that it shows. All other sign-ins end.
#[utoipa::path(
    post,
    path = "/v1/me/second-factor/authenticator/confirm",
    tag = "identity",
    request_body = Confirm,
    responses((status = OK, description = "Signing in asks for codes from now on", body = RecoveryCodes))
)]
pub(crate) async fn confirm_authenticator(
    State(ctx): State<Ctx>,
    caller: SignedIn,
    client: Client,
    Json(body): Json<Confirm>,
) -> api::Result<Response> {
    let user = ctx.person(caller.user).await?;
    ctx.count_proof(user.id).await?;
    let system = ctx.table.system();
    let offered = system.authenticator(user.id).await?;
    let offered = offered.filter(|authenticator| !authenticator.is_active);
    let offered = offered.ok_or_else(|| {
        Error::conflict(
            "authenticator_not_offered",
            "ask for a secret first: POST /v1/me/second-factor/authenticator",
        )
    })?;
    let seed = ctx.seed(user.id, &offered).await?;
    let step = digits(&body.code).and_then(|code| seed.step_of(&code, ctx.clock.now()));
    let step = step.ok_or_else(|| wrong_code("/code"))?;
    let (codes, hashes) = ctx.new_codes();
    let outgoing = ctx
        .authenticator_added_mail(&user, &client.origin())
        .await?;
    let renewed = ctx.renewed(&caller.credential);
    let change = FactorChange {
        credential: &caller.credential,
        session: renewed.as_ref().map(|renewed| &renewed.session),
        mail: &outgoing.owed,
        act: ctx.factor_act(EventKind::UserAuthenticatorAdded, &client),
    };
    match system
        .activate_authenticator(user.id, offered.version, step, &hashes, change)
        .await?
    {
        FactorChanged::Done => {}
        FactorChanged::SignedOut => return Err(Error::unauthenticated().into()),
        FactorChanged::Overtaken | FactorChanged::NotThere => {
            return Err(Error::StaleVersion.into());
        }
    }
    ctx.forget_proofs(user.id).await?;
    ctx.send(&outgoing).await;
    let cookie = renewed.map(|renewed| [(SET_COOKIE, renewed.set_cookie)]);
    Ok((cookie, Json(codes)).into_response())
}

/// Removes the authenticator app. All other sign-ins end; where no passkey guards the account its recovery codes go, too.
#[utoipa::path(
    delete,
    path = "/v1/me/second-factor/authenticator",
    tag = "identity",
    responses(
        (status = NO_CONTENT, description = "Signing in asks for no codes of it any more"),
        (status = CONFLICT, description = "`last_second_factor`"),
    )
)]
pub(crate) async fn remove_authenticator(
    State(ctx): State<Ctx>,
    caller: SignedIn,
    client: Client,
) -> api::Result<Response> {
    for _ in 0..TRIES {
        if let Some(removed) = ctx.try_remove_authenticator(&caller, &client).await? {
            return Ok(removed);
        }
    }
    Err(Error::StaleVersion.into())
}

/// Makes new recovery codes; all earlier ones are void from then on.
#[utoipa::path(
    post,
    path = "/v1/me/second-factor/recovery-codes",
    tag = "identity",
    responses((status = OK, description = "The new ones", body = RecoveryCodes))
)]
pub(crate) async fn renew_recovery_codes(
    State(ctx): State<Ctx>,
    caller: SignedIn,
    client: Client,
) -> api::Result<Json<RecoveryCodes>> {
    let user = ctx.person(caller.user).await?;
    let (codes, hashes) = ctx.new_codes();
    let outgoing = ctx
        .recovery_codes_renewed_mail(&user, &client.origin())
        .await?;
    let act = ctx.factor_act(EventKind::UserRecoveryCodesRenewed, &client);
    let factor = ctx.factors(user.id).await?.any();
    let factor = factor.ok_or(Error::NotFound {
        kind: "second factor",
    })?;
    let system = ctx.table.system();
    if !system
        .replace_recovery_codes(user.id, factor, &hashes, &outgoing.owed, &act)
        .await?
    {
        return Err(Error::StaleVersion.into());
    }
    ctx.send(&outgoing).await;
    Ok(Json(codes))
}

/// A code that is wrong, or was used already.
pub(crate) fn wrong_code(pointer: &str) -> Error {
    Error::field(
        pointer,
        "wrong_code",
        "this code is wrong, too old or was used already: enter the next one",
    )
}

impl RecoveryCodes {
    /// As people keep them.
    pub(crate) fn into_list(self) -> Vec<String> {
        self.recovery_codes
    }
}

impl Ctx {
    /// New recovery codes: for the person, and as the table knows them.
    pub(crate) fn new_codes(&self) -> (RecoveryCodes, Vec<SecretHash>) {
        let codes: Vec<RecoveryCode> = (0..COUNT)
            .map(|_| RecoveryCode::generate(&*self.random))
            .collect();
        let hashes = codes.iter().map(RecoveryCode::hash).collect();
        let recovery_codes = codes.iter().map(RecoveryCode::text).collect();
        (RecoveryCodes { recovery_codes }, hashes)
    }

    /// What takes the place of a browser's session after a change of how its person signs in. The change proves nothing
    /// anew: a password alone would pass for both factors, and one proof for ever.
    pub(crate) fn renewed(&self, credential: &Credential) -> Option<Rebound> {
        match credential {
            Credential::Session(old) => Some(self.gate.renew(&*self.random, old)),
            Credential::Family(_) => None,
        }
    }

    /// The answer to a removal; `None` where the person's second factors changed meanwhile.
    async fn try_remove_authenticator(
        &self,
        caller: &SignedIn,
        client: &Client,
    ) -> Result<Option<Response>> {
        let person = self.counted_person(caller.user).await?;
        let user = &person.user;
        let factors = self.factors(user.id).await?;
        if factors.authenticator.is_some() {
            self.check_last_factor(user.id, &factors).await?;
        }
        let outgoing = self
            .authenticator_removed_mail(user, &client.origin())
            .await?;
        let renewed = self.renewed(&caller.credential);
        let change = FactorChange {
            credential: &caller.credential,
            session: renewed.as_ref().map(|renewed| &renewed.session),
            mail: &outgoing.owed,
            act: self.factor_act(EventKind::UserAuthenticatorRemoved, client),
        };
        let codes: Option<&[SecretHash]> = factors.passkeys.is_empty().then_some(&[]);
        let system = self.table.system();
        match system.remove_authenticator(&person, codes, change).await? {
            FactorChanged::Done => {}
            FactorChanged::Overtaken => return Ok(None),
            FactorChanged::SignedOut => return Err(Error::unauthenticated()),
            FactorChanged::NotThere => {
                return Err(Error::NotFound {
                    kind: "authenticator",
                });
            }
        }
        self.send(&outgoing).await;
        let cookie = renewed.map(|renewed| [(SET_COOKIE, renewed.set_cookie)]);
        Ok(Some((StatusCode::NO_CONTENT, cookie, ()).into_response()))
    }

    fn factor_act(&self, kind: EventKind, client: &Client) -> UserAct {
        UserAct {
            at: self.clock.now(),
            kind,
            origin: client.origin(),
            detail: Value::Null,
        }
    }
}
