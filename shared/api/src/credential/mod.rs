//! What a request shows of who asks.

use domain::{Error, Result};
use http::HeaderMap;
use http::header::{AUTHORIZATION, COOKIE};

pub(crate) mod api_key;
pub(crate) mod cookie;
pub(crate) mod cross_site;
pub(crate) mod device;
pub mod token;

use api_key::ApiKeyText;
use cookie::{CookieKind, SessionCookie};

/// The credential of a request.
#[derive(Debug)]
pub(crate) enum Shown {
    /// A browser's session cookie.
    Session(SessionCookie),
    /// A program's access token, not verified.
    AccessToken(String),
    /// A program's key.
    ApiKey(ApiKeyText),
}

/// Reads the credential of a request. One request shows one credential: which of two would count is a question that
/// attackers like to answer.
pub(crate) fn shown(headers: &HeaderMap, cookie: CookieKind) -> Result<Shown> {
    let session = cookie::values(cookie.name(), headers.get_all(COOKIE));
    let mut authorization = headers.get_all(AUTHORIZATION).iter();
    match (session.as_slice(), authorization.next()) {
        ([], None) => Err(Error::unauthenticated()),
        ([value], None) => SessionCookie::parse(value)
            .map(Shown::Session)
            .ok_or_else(Error::unauthenticated),
        ([], Some(value)) if authorization.next().is_none() => {
            bearer(value).ok_or_else(Error::unauthenticated)
        }
        _ => Err(Error::Malformed {
            code: "mixed_credentials",
            detail: "send either the session cookie or one Authorization header".to_owned(),
            errors: Vec::new(),
        }),
    }
}

fn bearer(value: &http::HeaderValue) -> Option<Shown> {
    let (scheme, token) = value.to_str().ok()?.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("bearer") {
        return None;
    }
    let token = token.trim();
    if token.starts_with(api_key::PREFIX) {
        return ApiKeyText::parse(token).map(Shown::ApiKey);
    }
    Some(Shown::AccessToken(token.to_owned()))
}
