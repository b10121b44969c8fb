//! `GET /.well-known/jwks.json`

use api::Json;
use axum::extract::State;
use axum::response::IntoResponse;
use http::header::CACHE_CONTROL;
use serde::Serialize;
use store::SigningKey;
use utoipa::ToSchema;

use crate::Ctx;

/// A set of public keys (RFC 7517).
#[derive(Serialize, ToSchema)]
pub(crate) struct KeySet {
    keys: Vec<PublicKey>,
}

/// A public key.
#[derive(Serialize, ToSchema)]
struct PublicKey {
    kty: &'static str,
    crv: &'static str,
    alg: &'static str,
    #[serde(rename = "use")]
    usage: &'static str,
    kid: String,
    x: String,
    y: String,
}

impl From<&SigningKey> for PublicKey {
    fn from(key: &SigningKey) -> Self {
        Self {
            kty: "EC",
            crv: "P-256",
            alg: "ES256",
            usage: "sig",
            kid: key.kid.clone(),
            x: key.x.clone(),
            y: key.y.clone(),
        }
    }
}

/// The public keys of access tokens.
#[utoipa::path(
    get,
    path = "/.well-known/jwks.json",
    tag = "identity",
    responses((status = OK, description = "The keys", body = KeySet))
)]
pub(crate) async fn list_keys(State(ctx): State<Ctx>) -> api::Result<impl IntoResponse> {
    let keyring = ctx.gate.keyring().await?;
    let keys = keyring.signing.iter().map(PublicKey::from).collect();
    let fresh = [(CACHE_CONTROL, "public, max-age=300")];
    Ok((fresh, Json(KeySet { keys })))
}
