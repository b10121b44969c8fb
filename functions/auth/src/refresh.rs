//! `POST /v1/auth/refresh`

use api::{Client, Json};
use axum::extract::State;
use domain::access_policy::SignInAge;
use domain::event::EventKind;
use domain::{Error, Result};
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use serde_json::json;
use store::{RefreshFamily, Rotation, UserAct};
use utoipa::ToSchema;

use crate::Ctx;
use crate::access::{RefreshSecret, Tokens};

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Refresh {
    refresh_token: String,
}

/// Renews an access token. Each refresh token works once; a used one that comes back ends the sign-in, since somebody
/// may have copied it.
#[utoipa::path(
    post,
    path = "/v1/auth/refresh",
    tag = "identity",
    request_body = Refresh,
    responses((status = OK, description = "A new pair", body = Tokens))
)]
pub(crate) async fn refresh(
    State(ctx): State<Ctx>,
    client: Client,
    Json(body): Json<Refresh>,
) -> api::Result<Json<Tokens>> {
    let used = RefreshSecret::parse(&body.refresh_token).ok_or_else(refused)?;
    ctx.ready_to_issue().await?;
    let now = ctx.clock.now();
    let idle = ctx.idle_of(&used, now).await?;
    let next = used.next(&*ctx.random);
    let rotation = ctx
        .table
        .system()
        .rotate_family(
            used.user,
            used.family,
            &used.hashes(),
            &next.hashes().secret,
            idle,
            now,
        )
        .await?;
    match rotation {
        Rotation::Rotated(family) => Ok(Json(ctx.tokens(&family, &next).await?)),
        Rotation::Reused(family) => {
            tracing::warn!(family = %family.id, root = %family.root, "a refresh token was used twice");
            ctx.end_copied(&family, &client).await?;
            Err(refused().into())
        }
        Rotation::Unknown => Err(refused().into()),
    }
}

impl Ctx {
    /// The longest time without use of the family whose newest token this is. Refuses it once its sign-in ended, and while its tenant wants to know
    /// again who its person is: the token is not used up, but only another sign-in helps.
    async fn idle_of(&self, used: &RefreshSecret, now: Timestamp) -> Result<SignedDuration> {
        let system = self.table.system();
        let shown = used.hashes();
        let family = system.family_of(used.user, used.family, &shown).await?;
        let Some(family) = family else {
            return Ok(SignedDuration::ZERO);
        };
        if system.is_ended(&family).await? {
            // Whoever ended its sign-in died before it was removed.
            system.sweep_program(&family).await?;
            return Err(refused());
        }
        let idle = family.idle_by(now);
        if let Some(tenant) = family.tenant {
            let age = SignInAge {
                proved: now.duration_since(family.proved_at),
                idle,
            };
            if !system.access_policy(tenant).await?.takes_sign_in(age) {
                return Err(Error::Unauthenticated {
                    code: "session_expired",
                    detail: "the tenant wants to know again who you are: sign in again",
                });
            }
        }
        Ok(idle)
    }

    /// Ends the sign-in of a family of which somebody has a copy, and tells its person.
    async fn end_copied(&self, family: &RefreshFamily, client: &Client) -> Result<()> {
        let user = self.person(family.user).await?;
        let outgoing = self.sign_in_ended_mail(&user).await?;
        let act = UserAct {
            at: self.clock.now(),
            kind: EventKind::UserRefreshTokenReused,
            origin: client.origin(),
            detail: json!({ "family": family.id, "sign_in": family.root }),
        };
        let system = self.table.system();
        // Of all who come back with an old token one ends it.
        if system
            .end_copied_program(family, &outgoing.owed, &act)
            .await?
        {
            self.send(&outgoing).await;
        }
        Ok(())
    }
}

fn refused() -> Error {
    Error::Unauthenticated {
        code: "invalid_refresh_token",
        detail: "the refresh token was used, has ended or is not ours: sign in again",
    }
}
