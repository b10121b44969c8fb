//! `POST /v1/auth/reset-second-factor` and `POST /v1/auth/stop-second-factor-reset`: both sides of the link of somebody
//! whom their tenants let start over.

use api::{Client, Json, Secret};
use axum::extract::State;
use domain::event::EventKind;
use domain::{Error, Result};
use http::StatusCode;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::Deserialize;
use serde_json::Value;
use store::{FactorsReset, ResetVerdict, StoredUser, Token, TokenPurpose, UserAct};
use utoipa::ToSchema;

use crate::Ctx;

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ResetSecondFactor {
    /// What the link in the mail has after `token=`.
    token: String,
}

/// Removes the passkeys, the authenticator app and the recovery codes of somebody who lost them, with the token of the
/// link that was mailed when their tenant approved it: three days after all of their tenants have. Every sign-in ends;
/// signing in needs the password, as before.
#[utoipa::path(
    post,
    path = "/v1/auth/reset-second-factor",
    tag = "identity",
    request_body = ResetSecondFactor,
    responses(
        (status = NO_CONTENT, description = "Nothing but the password guards the account now"),
        (status = CONFLICT, description = "`reset_too_early` or `reset_not_approved`"),
        (status = GONE, description = "The token was used already, or is too old"),
    )
)]
pub(crate) async fn reset_second_factor(
    State(ctx): State<Ctx>,
    client: Client,
    Json(body): Json<ResetSecondFactor>,
) -> api::Result<StatusCode> {
    let token = ctx.reset_token(&body).await?;
    let seen = ctx.stored_person(token.user).await?;
    let now = ctx.clock.now();
    let system = ctx.table.system();
    let approvals = match system.factor_reset_verdict(&seen, now).await? {
        ResetVerdict::Usable(approvals) => approvals,
        ResetVerdict::TooEarly(from) => return Err(too_early(&seen, from).into()),
        ResetVerdict::NotApproved => return Err(not_approved().into()),
    };
    let origin = client.origin();
    let outgoing = ctx.factors_reset_mail(&seen.user, &origin).await?;
    let reset = FactorsReset {
        token: &token,
        seen: &seen,
        approvals: &approvals,
        mail: &outgoing.owed,
        act: UserAct {
            at: now,
            kind: EventKind::UserFactorsReset,
            origin,
            detail: Value::Null,
        },
    };
    if !system.reset_second_factors(reset).await? {
        // One was taken back in this moment.
        return Err(not_approved().into());
    }
    ctx.send(&outgoing).await;
    Ok(StatusCode::NO_CONTENT)
}

/// Stops what `reset-second-factor` would do, with the same token: whatever tenants have approved until now is void.
#[utoipa::path(
    post,
    path = "/v1/auth/stop-second-factor-reset",
    tag = "identity",
    request_body = ResetSecondFactor,
    responses(
        (status = NO_CONTENT, description = "The second factors stay as they are"),
        (status = GONE, description = "The token was used already, or is too old"),
    )
)]
pub(crate) async fn stop_second_factor_reset(
    State(ctx): State<Ctx>,
    client: Client,
    Json(body): Json<ResetSecondFactor>,
) -> api::Result<StatusCode> {
    let token = ctx.reset_token(&body).await?;
    let act = UserAct {
        at: ctx.clock.now(),
        kind: EventKind::UserFactorResetStopped,
        origin: client.origin(),
        detail: Value::Null,
    };
    ctx.table.system().stop_factor_resets(&token, &act).await?;
    Ok(StatusCode::NO_CONTENT)
}

impl Ctx {
    async fn reset_token(&self, body: &ResetSecondFactor) -> Result<Token> {
        let secret = Secret::parse(&body.token).ok_or(Error::NotFound { kind: "token" })?;
        let purpose = TokenPurpose::ResetSecondFactor;
        let system = self.table.system();
        system
            .token(&secret.hash(), purpose, self.clock.now())
            .await
    }
}

fn too_early(person: &StoredUser, from: Timestamp) -> Error {
    let zone = TimeZone::get(person.user.time_zone.as_str()).unwrap_or(TimeZone::UTC);
    let from = from.to_zoned(zone).strftime("%Y-%m-%d %H:%M (%Q)");
    Error::conflict(
        "reset_too_early",
        format!("follow the link again from {from} on"),
    )
}

fn not_approved() -> Error {
    Error::conflict(
        "reset_not_approved",
        "every workspace that you belong to must allow it: ask somebody there who manages members",
    )
}
