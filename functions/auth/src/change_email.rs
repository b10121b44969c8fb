//! `/v1/me/email` and the links of its mails.

use api::{Client, Json, Secret, SignedIn};
use axum::extract::State;
use axum::response::IntoResponse;
use domain::email::EmailAddress;
use domain::event::EventKind;
use domain::{Error, Result, UserId};
use http::StatusCode;
use jiff::SignedDuration;
use serde::Deserialize;
use serde_json::{Value, json};
use store::{EmailChange, EmailRevert, NewToken, StoredUser, Token, TokenPurpose, UserAct};
use utoipa::ToSchema;

use crate::Ctx;
use crate::address::address;
use crate::mail_limits::MailCause;
use crate::mails::LINK_LIFETIME;
use crate::password::Password;
use crate::register::{ACCEPTED, Accepted};
use crate::second_factor::TRIES;

/// How long a change can be taken back.
const REVERT_LIFETIME: SignedDuration = SignedDuration::from_hours(7 * 24);
/// How long nobody else changes how the person signs in while a change is taken back: no request takes longer, and where
/// its process dies the link still works.
const HELD: SignedDuration = SignedDuration::from_secs(30);

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ChangeEmail {
    #[schema(example = "countess@example.com")]
    email: String,
    /// Whether all other sign-ins end once the address is confirmed.
    #[serde(default = "yes")]
    #[schema(default = true)]
    end_other_sessions: bool,
}

fn yes() -> bool {
    true
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ConfirmEmail {
    /// What the link in the mail has after `token=`.
    token: String,
}

/// Sends a link to a new address; following it makes the address the caller's. The answer is the same whether or not
/// somebody else has the address; the mail tells.
#[utoipa::path(
    post,
    path = "/v1/me/email",
    tag = "identity",
    request_body = ChangeEmail,
    responses((status = ACCEPTED, description = "A mail is on its way", body = Accepted))
)]
pub(crate) async fn change_email(
    State(ctx): State<Ctx>,
    caller: SignedIn,
    client: Client,
    Json(body): Json<ChangeEmail>,
) -> api::Result<impl IntoResponse> {
    let email = address(&body.email).map_err(Error::from)?;
    let known = ctx.stored_person(caller.user).await?;
    if email.normalized() == known.user.email.normalized() {
        return Err(Error::field("/email", "same_email", "this is your address already").into());
    }
    let cause = MailCause::NewAddress;
    ctx.admit_mail(cause, &email, &client).await?;
    let system = ctx.table.system();
    let spare = UserId::generate(ctx.table.ids());
    let outgoing = if system.user_by_email(&email, spare).await?.is_some() {
        let outgoing = ctx.address_in_use_mail(&email).await?;
        system.owe_mail(&outgoing.owed).await?;
        outgoing
    } else {
        let secret = Secret::generate(&*ctx.random);
        let purpose = TokenPurpose::ChangeEmail;
        let token = ctx.token(&known, &secret, purpose, &email, LINK_LIFETIME);
        let outgoing = ctx.confirm_email_mail(&known.user, &email, &secret).await?;
        let act = email_act(
            &ctx,
            EventKind::UserEmailChangeRequested,
            &client,
            Value::Null,
        );
        if body.end_other_sessions {
            let kept = &caller.credential;
            system
                .send_ending_token(&token, kept, &outgoing.owed, &act)
                .await?;
        } else {
            system.send_token(&token, &outgoing.owed, &act).await?;
        }
        outgoing
    };
    ctx.send(&outgoing).await;
    Ok(ACCEPTED)
}

/// Makes a new address the person's, with the token of the link that was sent to it. All sign-ins end but the one that
/// asked for it, unless that was not wanted. The old address gets a link that takes it back for seven days.
#[utoipa::path(
    post,
    path = "/v1/auth/confirm-email",
    tag = "identity",
    request_body = ConfirmEmail,
    responses(
        (status = NO_CONTENT, description = "The address is changed"),
        (status = GONE, description = "The token was used already, or is too old"),
    )
)]
pub(crate) async fn confirm_email(
    State(ctx): State<Ctx>,
    client: Client,
    Json(body): Json<ConfirmEmail>,
) -> api::Result<StatusCode> {
    let (token, address) = ctx
        .address_token(&body.token, TokenPurpose::ChangeEmail)
        .await?;
    let seen = ctx.stored_person(token.user).await?;
    let secret = Secret::generate(&*ctx.random);
    let old = &seen.user.email;
    let revert = ctx.token(
        &seen,
        &secret,
        TokenPurpose::RevertEmail,
        old,
        REVERT_LIFETIME,
    );
    let outgoing = ctx
        .email_changed_mail(&seen.user, &address, &secret, REVERT_LIFETIME)
        .await?;
    let change = EmailChange {
        token: &token,
        address: &address,
        seen: &seen,
        revert: &revert,
        mail: &outgoing.owed,
        act: email_act(
            &ctx,
            EventKind::UserEmailChanged,
            &client,
            json!({
                "email": address,
                "ended_other_sessions": token.ends_all_but.is_some(),
            }),
        ),
    };
    ctx.table.system().change_email(change).await?;
    ctx.send(&outgoing).await;
    Ok(StatusCode::NO_CONTENT)
}

/// Takes a change of the address back, with the token of the link that was sent to the old one. Every sign-in ends, and
/// password, passkeys, authenticator app and recovery codes work no more, nor do the links of later changes; a link that
/// sets a new password is sent to the address.
#[utoipa::path(
    post,
    path = "/v1/auth/revert-email",
    tag = "identity",
    request_body = ConfirmEmail,
    responses(
        (status = NO_CONTENT, description = "The old address is back"),
        (status = GONE, description = "The token was used already, or is too old"),
    )
)]
pub(crate) async fn revert_email(
    State(ctx): State<Ctx>,
    client: Client,
    Json(body): Json<ConfirmEmail>,
) -> api::Result<StatusCode> {
    let (token, address) = ctx
        .address_token(&body.token, TokenPurpose::RevertEmail)
        .await?;
    let seen = ctx.stored_person(token.user).await?;
    seen.check_way_back(&token)?;
    let nobody_knows = Password::typed(Secret::generate(&*ctx.random).expose());
    let unknown = ctx.hasher.hash(&nobody_knows, &*ctx.random).await?;
    let now = ctx.clock.now();
    let until = now.saturating_add(HELD).unwrap_or(now);
    ctx.table.system().hold_for_revert(&token, until).await?;
    for _ in 0..TRIES {
        if ctx
            .try_revert_email(&token, &address, &unknown, &client)
            .await?
        {
            return Ok(StatusCode::NO_CONTENT);
        }
    }
    Err(Error::StaleVersion.into())
}

fn email_act(ctx: &Ctx, kind: EventKind, client: &Client, detail: Value) -> UserAct {
    UserAct {
        at: ctx.clock.now(),
        kind,
        origin: client.origin(),
        detail,
    }
}

impl Ctx {
    /// A token for a mail to `address`.
    pub(crate) fn token(
        &self,
        known: &StoredUser,
        secret: &Secret,
        purpose: TokenPurpose,
        address: &EmailAddress,
        lifetime: SignedDuration,
    ) -> NewToken {
        let now = self.clock.now();
        NewToken {
            secret: secret.hash(),
            purpose,
            user: known.user.id,
            address: address.clone(),
            password_version: known.password.version,
            expires_at: now.saturating_add(lifetime).unwrap_or(now),
        }
    }

    /// Gives the person a password that nobody knows, by its hash. `false` where they changed meanwhile.
    async fn try_revert_email(
        &self,
        token: &Token,
        address: &EmailAddress,
        unknown: &str,
        client: &Client,
    ) -> Result<bool> {
        let seen = self.stored_person(token.user).await?;
        let version = seen.password.version + 1;
        let password = self.seal_hash(token.user, version, unknown).await?;
        let secret = Secret::generate(&*self.random);
        let purpose = TokenPurpose::ResetPassword;
        let reset = NewToken {
            password_version: version,
            ..self.token(&seen, &secret, purpose, address, LINK_LIFETIME)
        };
        let mut owner = seen.user.clone();
        owner.email.clone_from(address);
        let outgoing = self.email_reverted_mail(&owner, &secret).await?;
        let revert = EmailRevert {
            token,
            address,
            seen: &seen,
            password,
            reset: &reset,
            mail: &outgoing.owed,
            act: email_act(
                self,
                EventKind::UserEmailReverted,
                client,
                json!({ "email": address }),
            ),
        };
        if !self.table.system().revert_email(revert).await? {
            return Ok(false);
        }
        self.send(&outgoing).await;
        Ok(true)
    }

    async fn address_token(
        &self,
        text: &str,
        purpose: TokenPurpose,
    ) -> Result<(Token, EmailAddress)> {
        let secret = Secret::parse(text).ok_or(Error::NotFound { kind: "token" })?;
        let system = self.table.system();
        let token = system
            .token(&secret.hash(), purpose, self.clock.now())
            .await?;
        let address = token.address.clone();
        let address =
            address.ok_or_else(|| Error::corrupt("one_time_token", "it has no address"))?;
        Ok((token, address))
    }
}
