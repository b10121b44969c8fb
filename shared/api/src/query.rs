//! Query parameters: an unknown or unreadable one is refused by name.

use axum::extract::FromRequestParts;
use domain::{Error, FieldError};
use http::request::Parts;
use serde::de::DeserializeOwned;

use crate::json::unquoted;
use crate::problem::Problem;

/// The query parameters of a request. `T` denies unknown fields; whatever it refuses is a 400.
#[derive(Clone, Copy, Debug)]
pub struct Query<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Query<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let query = parts.uri.query().unwrap_or_default();
        let deserializer = serde_urlencoded::Deserializer::new(form_urlencoded(query));
        serde_path_to_error::deserialize(deserializer)
            .map(Self)
            .map_err(|error| {
                let name = error.path().to_string();
                refuse(&name, &error.into_inner().to_string())
            })
    }
}

fn form_urlencoded(query: &str) -> url::form_urlencoded::Parse<'_> {
    url::form_urlencoded::parse(query.as_bytes())
}

fn refuse(name: &str, message: &str) -> Problem {
    let quoted = || message.split('`').nth(1).unwrap_or_default().to_owned();
    let (name, code) = if message.starts_with("unknown field") {
        (quoted(), "unknown_parameter")
    } else if message.starts_with("missing field") {
        (quoted(), "missing_parameter")
    } else if message.starts_with("duplicate field") {
        (quoted(), "duplicate_parameter")
    } else {
        (name.to_owned(), "invalid_parameter")
    };
    let message = unquoted(message);
    Error::Malformed {
        code: "malformed_request",
        detail: format!("the query parameter `{name}` is not valid: {message}"),
        errors: vec![FieldError::new(name, code, message)],
    }
    .into()
}
