//! The outermost layer of every HTTP function: request id, span, one log line per failure, panics and unknown paths
//! as problems, refusals in the audit log, headers that every answer has.

use std::any::Any;
use std::error::Error as StdError;
use std::sync::Arc;
use std::time::Instant;

use axum::Router;
use axum::extract::{MatchedPath, Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use domain::error::Class;
use domain::{Clock, Error, Random};
use http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
};
use http::{HeaderName, HeaderValue};
use tower_http::catch_panic::CatchPanicLayer;
use tracing::Instrument;

use crate::gateway;
use crate::problem::{self, Problem};
use crate::witness::{Asked, Witness};

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// What the edge needs.
#[derive(Clone, Debug)]
pub struct Edge {
    /// Says when a refused caller may come back.
    pub clock: Arc<dyn Clock>,
    /// Makes request ids.
    pub random: Arc<dyn Random>,
}

/// Puts the edge around a function's routes. Unknown paths are answered here: add other fallbacks outside.
pub fn finish(routes: Router, edge: Edge) -> Router {
    routes
        .fallback(async || Problem::from(Error::NotFound { kind: "path" }))
        .method_not_allowed_fallback(async || Problem::from(Error::MethodNotAllowed))
        .layer(CatchPanicLayer::custom(panicked))
        .layer(axum::middleware::from_fn_with_state(edge, around))
}

async fn around(State(edge): State<Edge>, mut request: Request, next: Next) -> Response {
    let began = Instant::now();
    let request_id = request_id(&*edge.random);
    let method = request.method().clone();
    let route = request
        .extensions()
        .get::<MatchedPath>()
        .map_or("unknown", MatchedPath::as_str)
        .to_owned();
    let asked = Asked {
        route: format!("{method} {route}"),
        path: request.uri().path().to_owned(),
    };
    if let Some(address) = gateway::client_address(request.extensions()) {
        request.extensions_mut().insert(address);
    }
    let witness = Witness::default();
    request.extensions_mut().insert(witness.clone());
    let act = tracing::field::Empty;
    let span = tracing::info_span!("request", %request_id, %method, route, act);
    async move {
        let mut response = next.run(request).await;
        if let Some(problem) = response.extensions_mut().remove::<Problem>() {
            log(&problem);
            witness.note(problem.error(), &asked).await;
            response = problem::complete(response, &problem, &request_id, edge.clock.now());
        }
        witness.add_headers(response.headers_mut());
        add_headers(&mut response, &request_id);
        tracing::info!(
            status = response.status().as_u16(),
            latency_ms = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX),
            "answered"
        );
        response
    }
    .instrument(span)
    .await
}

fn request_id(random: &dyn Random) -> String {
    let mut bytes = [0_u8; 16];
    random.fill(&mut bytes);
    format!("req_{}", hex::encode(bytes))
}

/// The only place that logs errors of requests: with all causes, since the caller sees none.
fn log(problem: &Problem) {
    let error = problem.error();
    let code = error.code();
    match error.class() {
        Class::Fault => tracing::error!(code, causes = %causes(error), "{error}"),
        Class::Transient => tracing::warn!(code, causes = %causes(error), "{error}"),
        Class::Caller | Class::Person => tracing::info!(code, "refused"),
    }
}

fn causes(error: &Error) -> String {
    let mut chain = Vec::new();
    let mut next = error.source();
    while let Some(cause) = next {
        chain.push(cause.to_string());
        next = cause.source();
    }
    chain.join(": ")
}

fn add_headers(response: &mut Response, request_id: &str) {
    let headers = response.headers_mut();
    if let Ok(value) = HeaderValue::from_str(request_id) {
        headers.insert(REQUEST_ID, value);
    }
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers
        .entry(CACHE_CONTROL)
        .or_insert(HeaderValue::from_static("no-store"));
    headers
        .entry(CONTENT_SECURITY_POLICY)
        .or_insert(HeaderValue::from_static(
            "default-src 'none'; frame-ancestors 'none'",
        ));
    headers
        .entry(REFERRER_POLICY)
        .or_insert(HeaderValue::from_static("no-referrer"));
}

/// The panic's own text is already on stderr, by the panic hook.
fn panicked(_payload: Box<dyn Any + Send + 'static>) -> Response {
    Problem::from(Error::Internal {
        what: "a handler panicked",
        cause: None,
    })
    .into_response()
}
