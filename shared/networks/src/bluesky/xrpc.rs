//! The transport of the AT protocol (atproto.com/specs/xrpc): methods by name, JSON in and out, named errors.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use domain::Clock;
use http::{HeaderValue, Method, StatusCode, header};
use reqwest::RequestBuilder;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use url::Url;

use super::dpop::{Bound, DpopSender, ProofKey};
use crate::egress::Forbidden;
use crate::http::{Answer, HttpClient, NoAnswer};

/// A name or a message from a server is shown to people and stored: no more of it than helps.
const WORDS_MAX: usize = 300;

#[derive(Clone, Debug)]
pub(crate) struct Xrpc {
    http: HttpClient,
    dpop: DpopSender,
}

/// By what a call is allowed.
#[derive(Clone, Copy)]
pub(crate) enum Access<'a> {
    /// It is open to everybody.
    Nobody,
    /// A token that whoever has it can use.
    Bearer(&'a str),
    /// A token that is bound to a key.
    Proven { token: &'a str, key: &'a ProofKey },
}

/// Why a method gave no result.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum XrpcError {
    /// The egress policy forbids the server; nothing was sent.
    Forbidden(Forbidden),
    /// No connection came about; nothing was sent.
    NotSent { reason: String },
    /// The request may have arrived, but no complete answer came.
    Lost { reason: String },
    /// An answer that is not of this protocol.
    Unreadable { status: StatusCode },
    /// The server's refusal, in its words.
    Refused(Refusal),
}

/// A refusal in the form of the protocol.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) status: StatusCode,
    /// The name to branch on, such as `ExpiredToken`.
    pub(crate) error: String,
    /// For people; may be empty.
    pub(crate) message: String,
    pub(crate) retry_after: Option<Duration>,
}

impl Xrpc {
    pub(crate) fn new(http: HttpClient, clock: Arc<dyn Clock>) -> Self {
        Self {
            dpop: DpopSender::new(http.clone(), clock),
            http,
        }
    }

    pub(crate) fn dpop(&self) -> &DpopSender {
        &self.dpop
    }

    pub(crate) fn http(&self) -> &HttpClient {
        &self.http
    }

    /// A query: reads only.
    pub(crate) async fn query<T: DeserializeOwned>(
        &self,
        service: &Url,
        method: &str,
        parameters: &[(&str, &str)],
        access: Access<'_>,
    ) -> Result<T, XrpcError> {
        let url = endpoint(service, method, parameters)?;
        let request = self.http.get(url.clone());
        self.send(request, Method::GET, &url, access).await
    }

    /// A procedure with a JSON body.
    pub(crate) async fn procedure<T: DeserializeOwned>(
        &self,
        service: &Url,
        method: &str,
        input: &(impl Serialize + Sync),
        access: Access<'_>,
    ) -> Result<T, XrpcError> {
        let url = endpoint(service, method, &[])?;
        let request = self.http.post(url.clone()).json(input);
        self.send(request, Method::POST, &url, access).await
    }

    /// A procedure without a body.
    pub(crate) async fn bare_procedure<T: DeserializeOwned>(
        &self,
        service: &Url,
        method: &str,
        token: &str,
    ) -> Result<T, XrpcError> {
        let url = endpoint(service, method, &[])?;
        let request = self.http.post(url.clone());
        self.send(request, Method::POST, &url, Access::Bearer(token))
            .await
    }

    /// A procedure without a body whose answer has none either.
    pub(crate) async fn command(
        &self,
        service: &Url,
        method: &str,
        token: &str,
    ) -> Result<(), XrpcError> {
        let url = endpoint(service, method, &[])?;
        let request = self.http.post(url.clone());
        self.answer(request, Method::POST, &url, Access::Bearer(token))
            .await
            .map(drop)
    }

    /// A procedure with a body of bytes.
    pub(crate) async fn upload<T: DeserializeOwned>(
        &self,
        service: &Url,
        method: &str,
        content_type: &str,
        bytes: Bytes,
        access: Access<'_>,
    ) -> Result<T, XrpcError> {
        let url = endpoint(service, method, &[])?;
        let request = self
            .http
            .post(url.clone())
            .header(header::CONTENT_TYPE, content_type)
            .body(bytes);
        self.send(request, Method::POST, &url, access).await
    }

    async fn send<T: DeserializeOwned>(
        &self,
        request: RequestBuilder,
        method: Method,
        url: &Url,
        access: Access<'_>,
    ) -> Result<T, XrpcError> {
        let answer = self.answer(request, method, url, access).await?;
        serde_json::from_slice(&answer.body).map_err(|_| XrpcError::Unreadable {
            status: answer.status,
        })
    }

    async fn answer(
        &self,
        request: RequestBuilder,
        method: Method,
        url: &Url,
        access: Access<'_>,
    ) -> Result<Answer, XrpcError> {
        let sent = match access {
            Access::Nobody => self.http.send(request).await,
            Access::Bearer(token) => self.http.send(request.bearer_auth(token)).await,
            Access::Proven { token, key } => {
                let request = request.header(header::AUTHORIZATION, proven(token)?);
                let token = Some(token);
                let bound = Bound {
                    method,
                    url,
                    key,
                    token,
                };
                self.dpop.send(request, &bound).await
            }
        };
        let answer = sent.map_err(|error| match error {
            NoAnswer::Forbidden(forbidden) => XrpcError::Forbidden(forbidden),
            NoAnswer::NotSent(reason) => XrpcError::NotSent {
                reason: reason.to_string(),
            },
            NoAnswer::Lost(reason) => XrpcError::Lost {
                reason: reason.to_string(),
            },
        })?;
        if answer.status.is_success() {
            Ok(answer)
        } else {
            Err(refusal(&answer))
        }
    }
}

fn endpoint(service: &Url, method: &str, parameters: &[(&str, &str)]) -> Result<Url, XrpcError> {
    let mut url = service
        .join(&format!("/xrpc/{method}"))
        .map_err(|_| XrpcError::Forbidden(Forbidden::NotAUrl))?;
    if !parameters.is_empty() {
        url.query_pairs_mut().extend_pairs(parameters);
    }
    Ok(url)
}

fn proven(token: &str) -> Result<HeaderValue, XrpcError> {
    let mut value =
        HeaderValue::try_from(format!("DPoP {token}")).map_err(|_| XrpcError::NotSent {
            reason: "the token cannot be sent".to_owned(),
        })?;
    value.set_sensitive(true);
    Ok(value)
}

/// Proxies in front of a server answer 429 and 5xx with bodies of their own: there the status says enough.
fn refusal(answer: &Answer) -> XrpcError {
    let body: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
    let words = |field: &str| -> Option<String> {
        let text = body.get(field)?.as_str()?;
        Some(domain::text::snippet(text, WORDS_MAX))
    };
    let error = match words("error") {
        Some(error) => error,
        None if answer.status == StatusCode::TOO_MANY_REQUESTS => "RateLimitExceeded".to_owned(),
        None if answer.status == StatusCode::PAYLOAD_TOO_LARGE => "PayloadTooLarge".to_owned(),
        None if answer.status.is_server_error() => String::new(),
        None => {
            return XrpcError::Unreadable {
                status: answer.status,
            };
        }
    };
    XrpcError::Refused(Refusal {
        status: answer.status,
        error,
        message: words("message").unwrap_or_default(),
        retry_after: answer.retry_after(),
    })
}
