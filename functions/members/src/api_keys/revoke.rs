//! `DELETE /v1/api-keys/{id}`

use api::permission::ManageApiKeys;
use api::{Can, Path};
use axum::extract::State;
use domain::ApiKeyId;
use http::StatusCode;

use crate::asker::{Asker, too_busy};
use crate::{Ctx, ROUNDS};

/// Ends a key at once, whoever made it. May be repeated.
#[utoipa::path(
    delete,
    path = "/v1/api-keys/{id}",
    tag = "api keys",
    params(("id" = String, Path, description = "The key")),
    responses((status = NO_CONTENT, description = "It does not work any more"))
)]
pub(crate) async fn revoke_api_key(
    State(ctx): State<Ctx>,
    caller: Can<ManageApiKeys>,
    Path(id): Path<ApiKeyId>,
) -> api::Result<StatusCode> {
    let mut asker = Asker::from(caller);
    for _ in 0..ROUNDS {
        let key = ctx.api_key(&asker, id).await?;
        let (tenant, act) = (ctx.tenant(&asker), ctx.act(&asker));
        let is_over =
            key.revoked_at.is_some() || tenant.revoke_api_key(&key, &asker.standing, &act).await?;
        if is_over {
            return Ok(StatusCode::NO_CONTENT);
        }
        asker = ctx.once_more::<ManageApiKeys>(&asker).await?;
    }
    Err(too_busy().into())
}
