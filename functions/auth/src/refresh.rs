//! `POST /v1/auth/refresh`

use api::Json;
use axum::extract::State;
use domain::event::EventKind;
use domain::{Error, Result};
use serde::Deserialize;
use serde_json::json;
use store::{RefreshFamily, Rotation, UserAct};
use utoipa::ToSchema;

use crate::Ctx;
use crate::access::{RefreshSecret, Tokens};
use crate::client::Client;

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
    let next = used.next(&*ctx.random);
    let rotation = ctx
        .table
        .system()
        .rotate_family(
            used.user,
            used.family,
            &used.hashes(),
            &next.hashes().secret,
            ctx.clock.now(),
        )
        .await?;
    match rotation {
        Rotation::Rotated(family) => Ok(Json(ctx.tokens(&family, &next).await?)),
        Rotation::Reused(family) => {
            tracing::warn!(family = %family.id, "a refresh token was used twice");
            ctx.end_copied(&family, &client).await?;
            Err(refused().into())
        }
        Rotation::Unknown => Err(refused().into()),
    }
}

impl Ctx {
    /// Ends a family of which somebody has a copy, and tells its person.
    async fn end_copied(&self, family: &RefreshFamily, client: &Client) -> Result<()> {
        let user = self.person(family.user).await?;
        let outgoing = self.sign_in_ended_mail(&user).await?;
        let act = UserAct {
            at: self.clock.now(),
            kind: EventKind::UserRefreshTokenReused,
            origin: client.origin(),
            detail: json!({ "family": family.id }),
        };
        let system = self.table.system();
        // Of all who come back with an old token one ends it.
        if system
            .end_copied_family(family, &outgoing.owed, &act)
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
