//! `POST /v1/auth/refresh`

use api::Json;
use axum::extract::State;
use domain::{Error, Result, UserId};
use serde::Deserialize;
use store::Rotation;
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
            ctx.tell_of_reuse(family.user).await?;
            Err(refused().into())
        }
        Rotation::Unknown => Err(refused().into()),
    }
}

impl Ctx {
    async fn tell_of_reuse(&self, user: UserId) -> Result<()> {
        let user = self.person(user).await?;
        let outgoing = self.sign_in_ended_mail(&user).await?;
        self.table.system().owe_mail(&outgoing.owed).await?;
        self.send(&outgoing).await;
        Ok(())
    }
}

fn refused() -> Error {
    Error::Unauthenticated {
        code: "invalid_refresh_token",
        detail: "the refresh token was used, has ended or is not ours: sign in again",
    }
}
