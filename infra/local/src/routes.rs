//! All paths of the host: the API, the local helpers, the dashboard for the rest.

use std::net::Ipv4Addr;
use std::sync::Arc;

use anyhow::Context as _;
use api::ClientAddress;
use api::edge::{self, Edge};
use axum::body::Body;
use axum::extract::State;
use axum::http::header::{CONTENT_SECURITY_POLICY, CONTENT_TYPE, HOST};
use axum::http::{HeaderValue, Request, StatusCode};
use axum::middleware::from_fn;
use axum::response::{IntoResponse as _, Redirect, Response};
use axum::routing::{get, post};
use axum::{Extension, Router};
use domain::UserId;
use serde::Deserialize;
use serde_json::{Value, json};
use tower::ServiceExt as _;
use url::Url;

use crate::body;
use crate::functions::Functions;
use crate::objects;
use crate::outbox::Outbox;
use crate::services::Services;
use crate::web::{self, Dashboard};

/// The whole host as one router.
pub(crate) fn router(
    services: &Services,
    functions: &Functions,
    dashboard: Dashboard,
) -> anyhow::Result<Router> {
    let (api, document) = functions.routers().split_for_parts();
    let document =
        serde_json::to_value(document).context("the API's document cannot be written")?;
    // Only this machine reaches the host.
    let client = ClientAddress(Ipv4Addr::LOCALHOST.into());
    let api = edge::finish(
        api.layer(from_fn(body::refuse_missing))
            .layer(Extension(client)),
        Edge {
            clock: Arc::clone(&services.clock),
            random: Arc::clone(&services.random),
        },
    );
    let rest = Rest {
        api,
        dashboard,
        base: services.base.clone(),
    };
    Ok(Router::new()
        .route("/health", get(health))
        .with_state(services.clone())
        .merge(documents(&document))
        .merge(outbox(services.outbox.clone()))
        .merge(supporters(functions.clone()))
        .merge(objects::router(services.objects.clone()))
        .merge(services.playground.router())
        .fallback(move |request: Request<Body>| rest.clone().serve(request)))
}

/// What has no route of the host's own.
#[derive(Clone)]
struct Rest {
    api: Router,
    dashboard: Dashboard,
    base: Url,
}

impl Rest {
    async fn serve(self, request: Request<Body>) -> Response {
        let path = request.uri().path();
        let is_api = ["/v1", "/.well-known", "/local"].iter().any(|prefix| {
            path.strip_prefix(prefix)
                .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        });
        if is_api {
            self.call(request).await
        } else if let Some(address) = self.own_address(&request) {
            Redirect::temporary(address.as_str()).into_response()
        } else {
            self.dashboard.serve(request).await
        }
    }

    async fn call(self, request: Request<Body>) -> Response {
        let request = body::whole(request).await;
        let Ok(answer) = self.api.oneshot(request).await;
        answer
    }

    /// The same page at the host's own address, for who typed its other name: sessions and signed addresses belong to
    /// one origin.
    fn own_address(&self, request: &Request<Body>) -> Option<Url> {
        let shown = request.headers().get(HOST)?.to_str().ok()?;
        if shown != format!("127.0.0.1:{}", self.base.port()?) {
            return None;
        }
        self.base
            .join(request.uri().path_and_query()?.as_str())
            .ok()
    }
}

/// Ready once the table answers. `local` tells the dashboard that mails lie in the outbox here.
async fn health(State(services): State<Services>) -> api::Result<axum::Json<Value>> {
    services.table.ping().await?;
    Ok(axum::Json(json!({ "status": "ok", "local": true })))
}

fn documents(document: &Value) -> Router {
    let json = document.to_string();
    let page = web::page(document);
    Router::new()
        .route(
            "/openapi.json",
            get(async move || ([(CONTENT_TYPE, "application/json")], json.clone())),
        )
        .route(
            "/docs",
            get(async move || {
                let headers = [
                    (
                        CONTENT_TYPE,
                        HeaderValue::from_static("text/html; charset=utf-8"),
                    ),
                    (
                        CONTENT_SECURITY_POLICY,
                        HeaderValue::from_static(
                            "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
                        ),
                    ),
                ];
                (headers, page.clone()).into_response()
            }),
        )
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OutboxQuery {
    to: Option<String>,
}

fn outbox(outbox: Outbox) -> Router {
    async fn list(
        State(outbox): State<Outbox>,
        api::Query(query): api::Query<OutboxQuery>,
    ) -> api::Result<axum::Json<Value>> {
        let items = outbox.mails(query.to).await?;
        Ok(axum::Json(json!({ "items": items })))
    }
    Router::new()
        .route("/local/outbox", get(list))
        .with_state(outbox)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Supporter {
    user_id: UserId,
}

/// Lets somebody support tenants that allow it; in a deployment an operator orders that.
fn supporters(functions: Functions) -> Router {
    async fn appoint(
        State(functions): State<Functions>,
        api::Json(supporter): api::Json<Supporter>,
    ) -> api::Result<StatusCode> {
        functions.appoint_supporter(supporter.user_id).await?;
        Ok(StatusCode::NO_CONTENT)
    }
    Router::new()
        .route("/local/supporters", post(appoint))
        .with_state(functions)
}
