//! Refuses requests that another site makes a browser send.

use domain::{Error, Result};
use http::header::ORIGIN;
use http::{HeaderMap, Method};

const SEC_FETCH_SITE: &str = "sec-fetch-site";

/// Whether a request that carries the session cookie may be answered.
///
/// Browsers say where a request comes from in `Sec-Fetch-Site`, older ones in `Origin`. `same-site` is not enough:
/// tenants with a domain of their own live on sibling names. Where both are absent no browser sent it, and what is no
/// browser has no business with the cookie.
pub(crate) fn check(method: &Method, headers: &HeaderMap, own_origin: &str) -> Result<()> {
    let is_safe = matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS);
    if is_safe || comes_from(headers, own_origin) == Some(true) {
        return Ok(());
    }
    Err(refused())
}

/// The same for a request that has no session yet but asks for one: programs may, other sites may not, since they
/// would sign a visitor in as somebody else.
pub(crate) fn check_sign_in(headers: &HeaderMap, own_origin: &str) -> Result<()> {
    match comes_from(headers, own_origin) {
        Some(true) | None => Ok(()),
        Some(false) => Err(refused()),
    }
}

/// Whether the request comes from our own origin; `None` if it does not say.
fn comes_from(headers: &HeaderMap, own_origin: &str) -> Option<bool> {
    let fetch_site = headers
        .get(SEC_FETCH_SITE)
        .map(|site| site.as_bytes() == b"same-origin");
    let origin = || {
        headers
            .get(ORIGIN)
            .map(|origin| origin.as_bytes() == own_origin.as_bytes())
    };
    fetch_site.or_else(origin)
}

fn refused() -> Error {
    Error::Forbidden {
        code: "cross_site_request",
        detail: "requests with the session cookie must come from the dashboard itself".to_owned(),
    }
}
