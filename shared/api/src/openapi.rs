//! The OpenAPI document: what all functions share of it.

use utoipa::openapi::security::{ApiKey, ApiKeyValue, Http, HttpAuthScheme, SecurityScheme};
use utoipa::openapi::{InfoBuilder, OpenApi, OpenApiBuilder};
use utoipa::{PartialSchema, ToSchema};

use crate::problem::ProblemDocument;

/// The scheme of the browser's session cookie.
pub(crate) const SESSION: &str = "session";
/// The scheme of a program's access token.
pub(crate) const BEARER: &str = "bearer";
/// The scheme of a program's key, where one is taken.
pub(crate) const API_KEY: &str = "api_key";

/// A document without paths: give it to `OpenApiRouter::with_openapi`, then merge the functions' routers into it.
pub fn base() -> OpenApi {
    let mut document = OpenApiBuilder::new()
        .info(
            InfoBuilder::new()
                .title("M1Autoposter")
                .version("1")
                .description(Some(
                    "Posts to social networks: once, at the time that was meant, and you know whether it did.",
                ))
                .build(),
        )
        .build();
    let components = document.components.get_or_insert_default();
    let mut schemas = vec![(
        ProblemDocument::name().into_owned(),
        ProblemDocument::schema(),
    )];
    ProblemDocument::schemas(&mut schemas);
    components.schemas.extend(schemas);
    components.add_security_scheme(
        SESSION,
        SecurityScheme::ApiKey(ApiKey::Cookie(ApiKeyValue::with_description(
            "__Host-sid",
            "The dashboard's session. Unsafe methods must come from the dashboard's own origin.",
        ))),
    );
    components.add_security_scheme(
        BEARER,
        SecurityScheme::Http(
            Http::builder()
                .scheme(HttpAuthScheme::Bearer)
                .bearer_format("JWT")
                .build(),
        ),
    );
    components.add_security_scheme(
        API_KEY,
        SecurityScheme::Http(
            Http::builder()
                .scheme(HttpAuthScheme::Bearer)
                .bearer_format("m1_live_…")
                .description(Some("A key that was made under `/v1/api-keys`."))
                .build(),
        ),
    );
    document
}
