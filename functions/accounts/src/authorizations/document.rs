//! `GET /v1/networks/bluesky/client-metadata.json`

use api::Json;
use axum::extract::State;
use domain::Error;
use domain::network::NetworkId;
use serde_json::Value;

use crate::Ctx;

/// How servers of Bluesky know this product: its address is the product's name to them. Not found where the product is
/// reached at no https address.
#[utoipa::path(
    get,
    path = "/v1/networks/bluesky/client-metadata.json",
    tag = "accounts",
    responses((status = OK, description = "The client's metadata (RFC 7591)", body = Object))
)]
pub(crate) async fn bluesky_client(State(ctx): State<Ctx>) -> api::Result<Json<Value>> {
    let network = ctx.networks.get(&NetworkId::BLUESKY);
    let document = network.and_then(|network| network.consent()?.client_document());
    let document = document.ok_or(Error::NotFound { kind: "client" })?;
    Ok(Json(document))
}
