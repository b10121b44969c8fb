//! The calls to an authorization server.

use std::time::Duration;

use domain::delivery::{Fault, FaultActor, FaultCategory};
use http::{Method, StatusCode, header};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use url::Url;
use url::form_urlencoded::Serializer;
use zeroize::{Zeroize, ZeroizeOnDrop};

use super::super::dpop::{Bound, DpopSender, ProofKey};
use super::super::errors::host;
use crate::http::{Answer, HttpClient, NoAnswer};
use crate::network::NetworkError;

const PAUSE: Duration = Duration::from_mins(1);
/// What a server says is shown to people: no more of it than helps.
const WORDS_MAX: usize = 300;

/// Where a pushed request waits (RFC 9126).
#[derive(Deserialize)]
pub(crate) struct Pushed {
    pub(crate) request_uri: String,
}

/// The answer of the token endpoint.
#[derive(Deserialize, Zeroize, ZeroizeOnDrop)]
pub(crate) struct Granted {
    pub(crate) access_token: String,
    pub(crate) refresh_token: String,
    #[zeroize(skip)]
    pub(crate) token_type: String,
    /// Seconds.
    #[zeroize(skip)]
    pub(crate) expires_in: Option<i64>,
    #[zeroize(skip)]
    pub(crate) scope: String,
    /// The account's DID.
    #[zeroize(skip)]
    pub(crate) sub: String,
}

/// An authorization server as one session calls it.
pub(crate) struct Endpoints<'a> {
    pub(crate) http: &'a HttpClient,
    pub(crate) sender: &'a DpopSender,
    pub(crate) key: &'a ProofKey,
}

impl Endpoints<'_> {
    /// Posts a form with a proof of the session's key.
    pub(crate) async fn post<T: DeserializeOwned>(
        &self,
        url: &Url,
        form: &[(&str, &str)],
    ) -> Result<T, NetworkError> {
        let answer = self.command(url, form).await?;
        serde_json::from_slice(&answer.body).map_err(|_| NetworkError::Unavailable {
            message: format!("{} does not answer like a Bluesky server", host(url)),
        })
    }

    /// The same where nothing is told.
    pub(crate) async fn command(
        &self,
        url: &Url,
        form: &[(&str, &str)],
    ) -> Result<Answer, NetworkError> {
        let body = Serializer::new(String::new()).extend_pairs(form).finish();
        let request = self
            .http
            .post(url.clone())
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header(header::ACCEPT, "application/json")
            .body(body);
        let bound = Bound {
            method: Method::POST,
            url,
            key: self.key,
            token: None,
        };
        let sent = self.sender.send(request, &bound).await;
        let answer = sent.map_err(|error| no_answer(&error, url))?;
        if answer.status.is_success() {
            Ok(answer)
        } else {
            Err(refusal(&answer, url))
        }
    }
}

fn no_answer(error: &NoAnswer, url: &Url) -> NetworkError {
    NetworkError::Unavailable {
        message: format!("{}: {error}", host(url)),
    }
}

/// Only `invalid_grant` says that a person must come again; whatever else a server finds wrong may be our document that
/// it cannot read right now.
fn refusal(answer: &Answer, url: &Url) -> NetworkError {
    #[derive(Default, Deserialize)]
    #[serde(default)]
    struct Body {
        error: String,
        error_description: String,
    }
    let body: Body = serde_json::from_slice(&answer.body).unwrap_or_default();
    let words = domain::text::snippet(&body.error_description, WORDS_MAX);
    let words = if words.is_empty() {
        format!("status {}", answer.status.as_u16())
    } else {
        words
    };
    match (body.error.as_str(), answer.status) {
        ("invalid_grant", _) => NetworkError::Unauthorized { message: words },
        (_, StatusCode::TOO_MANY_REQUESTS) => NetworkError::RateLimited {
            retry_after: answer.retry_after().unwrap_or(PAUSE),
        },
        ("invalid_request" | "invalid_scope", _) => NetworkError::Refused(Fault::new(
            "network_rejected",
            FaultCategory::Permission,
            FaultActor::User,
            words,
            "Check the handle and the server, or connect with an app password.",
        )),
        _ => NetworkError::Unavailable {
            message: format!("{}: {words}", host(url)),
        },
    }
}
