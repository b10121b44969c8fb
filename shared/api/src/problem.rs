//! Every refusal and failure as `application/problem+json` (RFC 9457).

use std::sync::Arc;

use axum::response::{IntoResponse, Response};
use domain::{Error, FieldError};
use http::header::{CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderValue, StatusCode};
use serde::Serialize;
use utoipa::ToSchema;

use crate::gate::{NOT_RECENT, PROOF_LIFETIME};

/// Seconds after which a caller may repeat what failed because something did not answer.
const RETRY_UNAVAILABLE: u64 = 5;

/// What handlers answer with.
pub type Result<T> = std::result::Result<T, Problem>;

/// A [`domain::Error`] on its way out. The edge adds the request id and logs it, once.
#[derive(Clone, Debug)]
pub struct Problem(Arc<Error>);

impl Problem {
    /// What went wrong.
    pub fn error(&self) -> &Error {
        &self.0
    }

    /// The HTTP status of it.
    pub fn status(&self) -> StatusCode {
        status(&self.0)
    }

    /// Seconds after which the caller may try again, at the time `now`.
    pub(crate) fn retry_after(&self, now: jiff::Timestamp) -> Option<u64> {
        match &*self.0 {
            // One more second, since the instant has a fraction and the header has none.
            Error::RateLimited { retry_at } | Error::HeldBack { retry_at, .. } => {
                Some(domain::clock::seconds_between(now, *retry_at) + 1)
            }
            Error::Unavailable { .. } => Some(RETRY_UNAVAILABLE),
            _ => None,
        }
    }

    /// The document that the caller reads.
    pub(crate) fn document(&self, instance: Option<String>) -> ProblemDocument {
        let error = &*self.0;
        ProblemDocument {
            kind: format!("/problems/{}", error.code()),
            title: title(error),
            status: self.status().as_u16(),
            detail: detail(error),
            instance,
            code: error.code(),
            errors: fields(error).iter().map(ProblemField::from).collect(),
        }
    }
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        Self(Arc::new(error))
    }
}

/// The body of every answer that is not a success (RFC 9457).
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Problem)]
pub struct ProblemDocument {
    /// Where this kind of problem is explained, relative to the service.
    #[serde(rename = "type")]
    #[schema(example = "/problems/invalid_request")]
    kind: String,
    /// The kind of problem, for people.
    title: &'static str,
    /// The HTTP status.
    status: u16,
    /// What happened and what to do, for people.
    detail: String,
    /// The request's id, for questions to us.
    #[serde(skip_serializing_if = "Option::is_none")]
    instance: Option<String>,
    /// The kind of problem, for programs.
    #[schema(example = "invalid_request")]
    code: &'static str,
    /// The fields at fault.
    errors: Vec<ProblemField>,
}

/// One field at fault.
#[derive(Clone, Debug, Serialize, ToSchema)]
struct ProblemField {
    /// JSON pointer (RFC 6901) into the body, or the name of a query parameter.
    pointer: String,
    /// What is wrong, for programs.
    code: &'static str,
    /// What to do, for people.
    message: String,
}

impl From<&FieldError> for ProblemField {
    fn from(field: &FieldError) -> Self {
        Self {
            pointer: field.pointer.clone(),
            code: field.code,
            message: field.message.clone(),
        }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = render(&self, None);
        let headers = response.headers_mut();
        if self.status() == StatusCode::UNAUTHORIZED {
            headers.insert(WWW_AUTHENTICATE, challenge(self.0.code()));
        }
        response.extensions_mut().insert(self);
        response
    }
}

/// What a caller must show instead (RFC 9110, 11.6.1; RFC 9470, 3).
fn challenge(code: &str) -> HeaderValue {
    if code == NOT_RECENT {
        let text = format!(
            "Bearer error=\"{NOT_RECENT}\", max_age={}",
            PROOF_LIFETIME.as_secs()
        );
        if let Ok(value) = HeaderValue::from_str(&text) {
            return value;
        }
    }
    HeaderValue::from_static("Bearer")
}

/// Completes a problem at the edge: the request id, and when to try again.
pub(crate) fn complete(
    mut response: Response,
    problem: &Problem,
    request_id: &str,
    now: jiff::Timestamp,
) -> Response {
    let (_, body) = render(problem, Some(request_id.to_owned())).into_parts();
    *response.body_mut() = body;
    response.headers_mut().remove(http::header::CONTENT_LENGTH);
    if let Some(seconds) = problem.retry_after(now) {
        response.headers_mut().insert(RETRY_AFTER, seconds.into());
    }
    response
}

fn render(problem: &Problem, instance: Option<String>) -> Response {
    let body = serde_json::to_vec(&problem.document(instance)).unwrap_or_default();
    (
        problem.status(),
        [(
            CONTENT_TYPE,
            HeaderValue::from_static("application/problem+json"),
        )],
        body,
    )
        .into_response()
}

fn status(error: &Error) -> StatusCode {
    match error {
        Error::Invalid(_)
        | Error::NetworkRefused { .. }
        | Error::Unusable { .. }
        | Error::KeyReused => StatusCode::UNPROCESSABLE_ENTITY,
        Error::Malformed { .. } => StatusCode::BAD_REQUEST,
        Error::Unauthenticated { .. } => StatusCode::UNAUTHORIZED,
        Error::Forbidden { .. } => StatusCode::FORBIDDEN,
        Error::NotFound { .. } | Error::UnknownReference(_) => StatusCode::NOT_FOUND,
        Error::Conflict { .. }
        | Error::AccountNeedsReconnect { .. }
        | Error::OwnKeyRefused { .. } => StatusCode::CONFLICT,
        Error::Gone { .. } => StatusCode::GONE,
        Error::StaleVersion => StatusCode::PRECONDITION_FAILED,
        Error::VersionRequired => StatusCode::PRECONDITION_REQUIRED,
        Error::QuotaExceeded { .. } => StatusCode::PAYMENT_REQUIRED,
        Error::RateLimited { .. } | Error::HeldBack { .. } => StatusCode::TOO_MANY_REQUESTS,
        Error::TooLarge { .. } => StatusCode::PAYLOAD_TOO_LARGE,
        Error::UnsupportedMediaType { .. } => StatusCode::UNSUPPORTED_MEDIA_TYPE,
        Error::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
        Error::Unavailable { .. } => StatusCode::SERVICE_UNAVAILABLE,
        Error::Corrupt { .. } | Error::Internal { .. } => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

fn title(error: &Error) -> &'static str {
    match error {
        Error::Invalid(_) => "Some fields are not valid",
        Error::KeyReused => "The idempotency key belongs to another request",
        Error::Malformed { .. } => "The request cannot be read",
        Error::Unauthenticated { .. } => "Not signed in",
        Error::Forbidden { .. } => "Not allowed",
        Error::NotFound { .. } | Error::UnknownReference(_) => "Not found",
        Error::Conflict { .. } => "It does not fit the present state",
        Error::Gone { .. } => "No longer usable",
        Error::StaleVersion => "It was changed in the meantime",
        Error::VersionRequired => "The call needs a version",
        Error::QuotaExceeded { .. } => "A limit of the plan is reached",
        Error::RateLimited { .. } | Error::HeldBack { .. } => "Too many requests",
        Error::TooLarge { .. } => "The body is too large",
        Error::UnsupportedMediaType { .. } => "The content type is not supported",
        Error::MethodNotAllowed => "The method is not allowed",
        Error::AccountNeedsReconnect { .. } => "The account must be connected again",
        Error::OwnKeyRefused { .. } => "The encryption key cannot be used",
        Error::NetworkRefused { .. } => "The network refused it",
        Error::Unusable { .. } => "The upload cannot be used",
        Error::Unavailable { .. } => "Not available just now",
        Error::Corrupt { .. } | Error::Internal { .. } => "Something went wrong on our side",
    }
}

/// What the caller reads. Our own faults say nothing about their insides.
fn detail(error: &Error) -> String {
    match error {
        Error::Unavailable { .. } => "try again in a few seconds".to_owned(),
        Error::Corrupt { .. } | Error::Internal { .. } => {
            "we have been told about it; quote the instance when you ask us".to_owned()
        }
        Error::Invalid(_)
        | Error::KeyReused
        | Error::Malformed { .. }
        | Error::Unauthenticated { .. }
        | Error::Forbidden { .. }
        | Error::NotFound { .. }
        | Error::UnknownReference(_)
        | Error::Conflict { .. }
        | Error::Gone { .. }
        | Error::StaleVersion
        | Error::VersionRequired
        | Error::QuotaExceeded { .. }
        | Error::RateLimited { .. }
        | Error::HeldBack { .. }
        | Error::TooLarge { .. }
        | Error::UnsupportedMediaType { .. }
        | Error::MethodNotAllowed
        | Error::AccountNeedsReconnect { .. }
        | Error::OwnKeyRefused { .. }
        | Error::NetworkRefused { .. }
        | Error::Unusable { .. } => error.to_string(),
    }
}

fn fields(error: &Error) -> &[FieldError] {
    match error {
        Error::Invalid(errors)
        | Error::UnknownReference(errors)
        | Error::Malformed { errors, .. } => errors,
        _ => &[],
    }
}
