//! JSON bodies: refused with a problem that names the place, never with a text of the framework.

use axum::extract::{FromRequest, Request};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use domain::{Error, FieldError};
use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderValue};
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::error::Category;
use serde_path_to_error::{Path, Segment};

use crate::problem::Problem;
use crate::repeated::{push, repeated_member};

/// Largest JSON body, in bytes.
pub const BODY_MAX: usize = 256 * 1024;
/// A JSON body, in a request or an answer.
///
/// Refuses another content type with 415, a body over [`BODY_MAX`] with 413, what is not JSON with 400 and the
/// position, and what has a member twice or does not fit `T` with 422 and a JSON pointer. Types of requests refuse
/// unknown fields.
#[derive(Clone, Copy, Debug)]
pub struct Json<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Json<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &S) -> Result<Self, Problem> {
        let body = read(request).await?;
        Ok(Self(parse(&body)?))
    }
}

impl<T: Serialize> IntoResponse for Json<T> {
    fn into_response(self) -> Response {
        match serde_json::to_vec(&self.0) {
            Ok(body) => (
                [(CONTENT_TYPE, HeaderValue::from_static("application/json"))],
                body,
            )
                .into_response(),
            Err(cause) => {
                Problem::from(Error::internal("an answer cannot be written", cause)).into_response()
            }
        }
    }
}

/// Reads the body of a request whose content type says JSON.
pub(crate) async fn read(request: Request) -> Result<Bytes, Problem> {
    if !is_json(request.headers()) {
        return Err(Error::UnsupportedMediaType {
            expected: "application/json",
        }
        .into());
    }
    let body = Limited::new(request.into_body(), BODY_MAX);
    match body.collect().await {
        Ok(body) => Ok(body.to_bytes()),
        Err(error) if error.is::<LengthLimitError>() => {
            let limit = BODY_MAX as u64;
            Err(Error::TooLarge { limit }.into())
        }
        Err(_) => Err(Error::malformed("the body ended before it was complete").into()),
    }
}

/// Reads `T` from a JSON value that was put together of a request, with the same refusals as [`Json`].
pub fn from_value<T: DeserializeOwned>(value: &serde_json::Value) -> Result<T, Problem> {
    parse(value.to_string().as_bytes())
}

/// Reads `T` from a JSON document.
pub(crate) fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T, Problem> {
    // Syntax first: otherwise a wrong field in front hides that the rest is not JSON at all.
    let repeated = repeated_member(body).map_err(|error| syntax(&error))?;
    if let Some(pointer) = repeated {
        let message = "the member stands twice in its object";
        return Err(Error::field(pointer, "duplicate_field", message).into());
    }
    // A list would pass for an object whose members are given in order, without their names.
    if body.trim_ascii_start().first() == Some(&b'[') {
        let message = "invalid type: a list, expected an object";
        return Err(Error::field("", "wrong_type", message).into());
    }
    let mut deserializer = serde_json::Deserializer::from_slice(body);
    serde_path_to_error::deserialize(&mut deserializer).map_err(|error| {
        let pointer = pointer(error.path());
        let error = error.into_inner();
        match error.classify() {
            Category::Data => Error::Invalid(vec![field(pointer, &error)]).into(),
            Category::Syntax | Category::Eof | Category::Io => syntax(&error),
        }
    })
}

fn is_json(headers: &HeaderMap) -> bool {
    headers
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.split(';').next())
        .is_some_and(|kind| kind.trim().eq_ignore_ascii_case("application/json"))
}

fn syntax(error: &serde_json::Error) -> Problem {
    let detail = format!("the body is not JSON: {error}");
    Error::malformed(detail).into()
}

fn pointer(path: &Path) -> String {
    let mut pointer = String::new();
    for segment in path {
        match segment {
            Segment::Seq { index } => push(&mut pointer, &index.to_string()),
            Segment::Map { key } => push(&mut pointer, key),
            Segment::Enum { variant } => push(&mut pointer, variant),
            Segment::Unknown => {}
        }
    }
    pointer
}

fn field(mut pointer: String, error: &serde_json::Error) -> FieldError {
    let text = error.to_string();
    // The position says less than the pointer.
    let message = text
        .rsplit_once(" at line ")
        .map_or(text.as_str(), |(message, _)| message);
    let code = if message.starts_with("unknown field") {
        "unknown_field"
    } else if let Some(name) = message.strip_prefix("missing field ") {
        push(&mut pointer, name.trim_matches('`'));
        "missing_field"
    } else if message.starts_with("invalid type") || message.starts_with("invalid length") {
        "wrong_type"
    } else {
        "invalid_value"
    };
    FieldError::new(pointer, code, unquoted(message))
}

/// A refusal that does not repeat what was sent: in the wrong field it may be a secret, and answers are kept in logs of
/// clients.
pub(crate) fn unquoted(message: &str) -> String {
    let refusals = [
        ("unknown variant `", "`, expected ", "unknown variant"),
        (
            "invalid type: string \"",
            "\", expected ",
            "invalid type: string",
        ),
        (
            "invalid value: string \"",
            "\", expected ",
            "invalid value: string",
        ),
    ];
    for (begin, end, name) in refusals {
        // From the right: what was sent may have any text in it.
        if let Some((_, expected)) = message
            .strip_prefix(begin)
            .and_then(|rest| rest.rsplit_once(end))
        {
            return format!("{name}, expected {expected}");
        }
    }
    message.to_owned()
}
