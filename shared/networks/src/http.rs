//! The one HTTP client for all networks: bounded in time and size, never follows redirects, never repeats a request,
//! and keeps to the egress policy.

use std::error::Error as StdError;
use std::fmt;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::{HeaderMap, StatusCode, header};
use reqwest::RequestBuilder;
use reqwest::dns::Resolve;
use url::Url;

use crate::egress::{CheckedResolver, Egress, Forbidden, SystemLookUp, forbidden_below};

/// A server that cannot be reached shall not use up the time of the call: TCP repeats its first packet after 1 s and
/// 3 s, so 5 s survive two lost packets.
const CONNECT_TIME: Duration = Duration::from_secs(5);

/// The publishing protocol gives a call 30 s; whoever answers later is treated as one who did not answer.
pub const CALL_TIME: Duration = Duration::from_secs(30);

/// Shorter than the keep-alive of common servers (Node 5 s, nginx 75 s): a request on a connection that the server is
/// just closing would be lost with an unknown outcome.
const IDLE_TIME: Duration = Duration::from_secs(4);

/// The answers that we read are a few kilobytes; a hostile server may send without end.
const ANSWER_BYTES_MAX: usize = 1024 * 1024;

const USER_AGENT: &str = concat!("M1Autoposter/", env!("CARGO_PKG_VERSION"));

/// The client. Cheap to clone; clones share connections.
#[derive(Clone, Debug)]
pub struct HttpClient {
    client: reqwest::Client,
    egress: Egress,
}

/// The client could not be built: the TLS roots of the machine are missing.
#[derive(Debug, thiserror::Error)]
#[error("the HTTP client could not be built")]
pub struct ClientNotBuilt(#[source] reqwest::Error);

/// A complete answer of any status.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The status.
    pub status: StatusCode,
    /// The header fields.
    pub headers: HeaderMap,
    /// The whole body, at most 1 MiB.
    pub body: Bytes,
}

/// Why there is no answer. The split is the one that matters to a publisher: can the request have had an effect?
#[derive(Debug, thiserror::Error)]
pub enum NoAnswer {
    /// The egress policy forbids the destination; nothing was sent.
    #[error(transparent)]
    Forbidden(Forbidden),
    /// No connection came about; nothing was sent.
    #[error("no connection: {0}")]
    NotSent(Reason),
    /// The request may have arrived, but no complete answer came back.
    #[error("no complete answer: {0}")]
    Lost(Reason),
}

impl NoAnswer {
    pub(crate) fn not_sent(reason: String) -> Self {
        Self::NotSent(Reason(reason))
    }
}

/// What the transport says, without the URL: it may hold what a person typed.
#[derive(Debug)]
pub struct Reason(String);

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl HttpClient {
    /// A client that keeps to `egress`. The process must have installed its rustls provider before.
    pub fn new(egress: Egress) -> Result<Self, ClientNotBuilt> {
        Self::with_look_up(egress, SystemLookUp)
    }

    /// The same, with names that `look_up` answers.
    pub(crate) fn with_look_up(
        egress: Egress,
        look_up: impl Resolve + 'static,
    ) -> Result<Self, ClientNotBuilt> {
        let client = reqwest::Client::builder()
            .user_agent(USER_AGENT)
            .connect_timeout(CONNECT_TIME)
            .timeout(CALL_TIME)
            .pool_idle_timeout(IDLE_TIME)
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            // A proxy would resolve names by itself and so undo the check of addresses.
            .no_proxy()
            .dns_resolver(CheckedResolver::new(egress.clone(), look_up))
            .build()
            .map_err(ClientNotBuilt)?;
        Ok(Self { client, egress })
    }

    /// The policy that this client keeps to.
    pub fn egress(&self) -> &Egress {
        &self.egress
    }

    /// Starts a GET request.
    pub fn get(&self, url: Url) -> RequestBuilder {
        self.client.get(url)
    }

    /// Starts a POST request.
    pub fn post(&self, url: Url) -> RequestBuilder {
        self.client.post(url)
    }

    /// Sends the request once and reads the whole answer.
    pub async fn send(&self, request: RequestBuilder) -> Result<Answer, NoAnswer> {
        let mut response = request.send().await.map_err(|error| {
            if let Some(forbidden) = forbidden_below(&error) {
                NoAnswer::Forbidden(forbidden)
            } else if error.is_connect() || error.is_builder() {
                NoAnswer::NotSent(reason(error))
            } else {
                NoAnswer::Lost(reason(error))
            }
        })?;
        let mut body = BytesMut::new();
        while let Some(chunk) = response
            .chunk()
            .await
            .map_err(|error| NoAnswer::Lost(reason(error)))?
        {
            if body.len() + chunk.len() > ANSWER_BYTES_MAX {
                return Err(NoAnswer::Lost(Reason(format!(
                    "the answer is larger than {ANSWER_BYTES_MAX} bytes"
                ))));
            }
            body.extend_from_slice(&chunk);
        }
        Ok(Answer {
            status: response.status(),
            headers: std::mem::take(response.headers_mut()),
            body: body.freeze(),
        })
    }
}

impl Answer {
    /// How long the server asks to wait: `Retry-After` in seconds (RFC 9110 §10.2.3; the date form is not used by the
    /// networks that we know).
    pub fn retry_after(&self) -> Option<Duration> {
        let text = self.headers.get(header::RETRY_AFTER)?.to_str().ok()?;
        text.trim().parse().ok().map(Duration::from_secs)
    }
}

/// The innermost cause is the one that helps a person ("connection refused", "unknown host").
fn reason(error: reqwest::Error) -> Reason {
    if error.is_timeout() {
        return Reason("time-out".to_owned());
    }
    let error = error.without_url();
    let mut innermost: &dyn StdError = &error;
    while let Some(cause) = innermost.source() {
        innermost = cause;
    }
    Reason(innermost.to_string())
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use super::*;

    #[tokio::test]
    async fn request_to_a_name_with_a_private_address_is_forbidden_before_it_connects() {
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let port = listener.local_addr().unwrap().port();
        let client = HttpClient::new(Egress::Public).unwrap();
        // Like a name whose address changes after it was checked: only the resolver stands in the way.
        let url = Url::parse(&format!("http://localhost:{port}/")).unwrap();

        let refused = client.send(client.get(url)).await;

        assert!(
            matches!(refused, Err(NoAnswer::Forbidden(Forbidden::NotPublic))),
            "{refused:?}"
        );
        assert!(listener.accept().is_err());
    }
}
