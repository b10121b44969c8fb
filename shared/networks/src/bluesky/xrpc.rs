//! The transport of the AT protocol (atproto.com/specs/xrpc): methods by name, JSON in and out, named errors.

use std::time::Duration;

use bytes::Bytes;
use http::{StatusCode, header};
use reqwest::RequestBuilder;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use url::Url;

use crate::egress::Forbidden;
use crate::http::{Answer, HttpClient, NoAnswer};

/// A name or a message from a server is shown to people and stored: no more of it than helps.
const WORDS_MAX: usize = 300;

#[derive(Clone, Debug)]
pub(crate) struct Xrpc {
    http: HttpClient,
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
    pub(crate) fn new(http: HttpClient) -> Self {
        Self { http }
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
        token: Option<&str>,
    ) -> Result<T, XrpcError> {
        let request = self.http.get(endpoint(service, method, parameters)?);
        self.send(with_token(request, token)).await
    }

    /// A procedure with a JSON body.
    pub(crate) async fn procedure<T: DeserializeOwned>(
        &self,
        service: &Url,
        method: &str,
        input: &(impl Serialize + Sync),
        token: Option<&str>,
    ) -> Result<T, XrpcError> {
        let request = self.http.post(endpoint(service, method, &[])?).json(input);
        self.send(with_token(request, token)).await
    }

    /// A procedure without a body.
    pub(crate) async fn bare_procedure<T: DeserializeOwned>(
        &self,
        service: &Url,
        method: &str,
        token: &str,
    ) -> Result<T, XrpcError> {
        let request = self.http.post(endpoint(service, method, &[])?);
        self.send(with_token(request, Some(token))).await
    }

    /// A procedure without a body whose answer has none either.
    pub(crate) async fn command(
        &self,
        service: &Url,
        method: &str,
        token: &str,
    ) -> Result<(), XrpcError> {
        let request = self.http.post(endpoint(service, method, &[])?);
        self.answer(with_token(request, Some(token)))
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
        token: &str,
    ) -> Result<T, XrpcError> {
        let request = self
            .http
            .post(endpoint(service, method, &[])?)
            .header(header::CONTENT_TYPE, content_type)
            .body(bytes);
        self.send(with_token(request, Some(token))).await
    }

    async fn send<T: DeserializeOwned>(&self, request: RequestBuilder) -> Result<T, XrpcError> {
        let answer = self.answer(request).await?;
        serde_json::from_slice(&answer.body).map_err(|_| XrpcError::Unreadable {
            status: answer.status,
        })
    }

    async fn answer(&self, request: RequestBuilder) -> Result<Answer, XrpcError> {
        let answer = self.http.send(request).await.map_err(|error| match error {
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

fn with_token(request: RequestBuilder, token: Option<&str>) -> RequestBuilder {
    match token {
        Some(token) => request.bearer_auth(token),
        None => request,
    }
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
