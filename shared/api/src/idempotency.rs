//! Commands that may be repeated: `Idempotency-Key`.

use aws_lc_rs::digest;
use axum::extract::{FromRequest, MatchedPath, Request};
use domain::Error;
use http::HeaderMap;
use serde::de::DeserializeOwned;
use serde_json::Value;
use store::IdempotencyClaim;

use crate::json;
use crate::problem::Problem;

const HEADER: &str = "idempotency-key";
const LENGTH_MAX: usize = 255;

/// A creating request: its JSON body (as [`crate::Json`] reads it) and the claim of its idempotency key, if it has one.
///
/// With a claim, a handler first asks [`store::TenantTable::remembered`] what an earlier request made, and answers with
/// that; else it puts the claim into the transaction of the act, and asks again if the claim is refused there.
#[derive(Clone, Debug)]
pub struct Command<T> {
    /// What to do.
    pub body: T,
    /// The key, the route and the hash of the body.
    pub claim: Option<IdempotencyClaim>,
}

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Command<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &S) -> Result<Self, Problem> {
        let key = key(request.headers())?;
        let route = route(&request);
        let bytes = json::read(request).await?;
        let body = json::parse(&bytes)?;
        let claim = key
            .map(|key| {
                Ok::<_, Problem>(IdempotencyClaim {
                    route,
                    key,
                    request_hash: hash(&bytes)?,
                })
            })
            .transpose()?;
        Ok(Self { body, claim })
    }
}

fn route(request: &Request) -> String {
    let path = request
        .extensions()
        .get::<MatchedPath>()
        .map_or_else(|| request.uri().path(), MatchedPath::as_str);
    format!("{} {path}", request.method())
}

fn key(headers: &HeaderMap) -> Result<Option<String>, Problem> {
    let mut values = headers.get_all(HEADER).iter();
    let Some(value) = values.next() else {
        return Ok(None);
    };
    let text = value.to_str().unwrap_or_default();
    let is_printable = text.bytes().all(|byte| (0x20..=0x7e).contains(&byte));
    if text.is_empty() || text.len() > LENGTH_MAX || !is_printable || values.next().is_some() {
        return Err(Error::Malformed {
            code: "invalid_idempotency_key",
            detail: "send one Idempotency-Key of 1 to 255 printable ASCII characters".to_owned(),
            errors: Vec::new(),
        }
        .into());
    }
    Ok(Some(text.to_owned()))
}

/// The same for every spelling of the same JSON value: order of members and white space do not count.
fn hash(body: &[u8]) -> Result<String, Problem> {
    let unreadable = |error| Error::internal("a body that was read cannot be read again", error);
    let value: Value = serde_json::from_slice(body).map_err(unreadable)?;
    let canonical = serde_json::to_vec(&value).map_err(unreadable)?;
    Ok(hex::encode(digest::digest(&digest::SHA256, &canonical)))
}
