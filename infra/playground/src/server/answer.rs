//! Answers of the network: problems (RFC 9457) and the answer that never comes.

use std::error::Error as StdError;
use std::io;

use axum::body::{Body, Bytes};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::de::DeserializeOwned;
use serde_json::json;

/// Why a call got nothing.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The request cannot be read.
    Malformed(String),
    /// The request is readable, but not acceptable.
    Invalid {
        pointer: &'static str,
        detail: String,
    },
    /// No valid session.
    Unauthorized,
    NotFound,
    /// A page of another origin sent a form.
    CrossSite,
    /// The account must wait so many seconds.
    RateLimited {
        seconds: u64,
    },
    /// The behaviour `rejected`.
    Rejected,
    /// The behaviour `error_after_accept`.
    AfterAccept,
    /// The network's own fault.
    Internal(Box<dyn StdError + Send + Sync>),
}

impl Failure {
    pub(crate) fn invalid(pointer: &'static str, detail: impl Into<String>) -> Self {
        Self::Invalid {
            pointer,
            detail: detail.into(),
        }
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let (status, code, detail) = match &self {
            Self::Malformed(detail) => {
                (StatusCode::BAD_REQUEST, "malformed_request", detail.clone())
            }
            Self::Invalid { detail, .. } => (
                StatusCode::UNPROCESSABLE_ENTITY,
                "invalid_request",
                detail.clone(),
            ),
            Self::Unauthorized => (
                StatusCode::UNAUTHORIZED,
                "unauthorized",
                "the playground does not accept this session: connect the account again".to_owned(),
            ),
            Self::NotFound => (
                StatusCode::NOT_FOUND,
                "not_found",
                "there is nothing here".to_owned(),
            ),
            Self::CrossSite => (
                StatusCode::FORBIDDEN,
                "cross_site_request",
                "send the form from the playground's own page".to_owned(),
            ),
            Self::RateLimited { seconds } => (
                StatusCode::TOO_MANY_REQUESTS,
                "rate_limited",
                format!("the playground asks to wait for {seconds} s"),
            ),
            Self::Rejected => (
                StatusCode::UNPROCESSABLE_ENTITY,
                "rejected",
                "the playground was told to reject posts of this account".to_owned(),
            ),
            Self::AfterAccept => (
                StatusCode::INTERNAL_SERVER_ERROR,
                "internal",
                "the playground was told to answer so".to_owned(),
            ),
            Self::Internal(error) => {
                tracing::error!(error = error.as_ref(), "the playground failed");
                (
                    StatusCode::INTERNAL_SERVER_ERROR,
                    "internal",
                    "the playground failed".to_owned(),
                )
            }
        };
        let mut problem = json!({
            "type": "about:blank",
            "title": status.canonical_reason(),
            "status": status.as_u16(),
            "code": code,
            "detail": detail,
        });
        if let (Self::Invalid { pointer, .. }, Some(fields)) = (&self, problem.as_object_mut()) {
            let errors = json!([{"pointer": pointer, "code": "invalid", "message": detail}]);
            fields.insert("errors".to_owned(), errors);
        }
        let mut response = (status, problem.to_string()).into_response();
        let headers = response.headers_mut();
        headers.insert(
            header::CONTENT_TYPE,
            HeaderValue::from_static("application/problem+json"),
        );
        if let Self::RateLimited { seconds } = self {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}

/// Closes the connection without a single byte of an answer: the body fails before the first flush, upon which the
/// server drops the connection with the head still in its buffer.
pub(crate) fn lost() -> Response {
    let body = futures::stream::once(async {
        Err::<Bytes, _>(io::Error::from(io::ErrorKind::ConnectionAborted))
    });
    Response::new(Body::from_stream(body))
}

/// Reads a JSON body; what is wrong with it comes back as a precise answer.
pub(crate) fn read_json<T: DeserializeOwned>(body: &[u8]) -> Result<T, Failure> {
    serde_json::from_slice(body).map_err(|error| match error.classify() {
        serde_json::error::Category::Data => Failure::invalid("", error.to_string()),
        serde_json::error::Category::Io
        | serde_json::error::Category::Syntax
        | serde_json::error::Category::Eof => Failure::Malformed(error.to_string()),
    })
}
