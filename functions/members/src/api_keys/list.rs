//! `GET /v1/api-keys`

use api::permission::ManageApiKeys;
use api::{Can, Json};
use axum::extract::State;

use super::view::{ApiKeyList, ApiKeyView};
use crate::Ctx;
use crate::asker::Asker;

/// All keys of the tenant, without their secrets.
#[utoipa::path(
    get,
    path = "/v1/api-keys",
    tag = "api keys",
    responses((status = OK, description = "The keys, newest first", body = ApiKeyList))
)]
pub(crate) async fn list_api_keys(
    State(ctx): State<Ctx>,
    caller: Can<ManageApiKeys>,
) -> api::Result<Json<ApiKeyList>> {
    let keys = ctx.tenant(&Asker::from(caller)).api_keys().await?;
    let now = ctx.clock.now();
    let items = keys.iter().map(|key| ApiKeyView::new(key, now)).collect();
    Ok(Json(ApiKeyList { items, next: None }))
}
