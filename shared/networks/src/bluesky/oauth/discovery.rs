//! Who may speak for an account: from its server to the authorization server that it names, and what that one offers
//! (atproto.com/specs/oauth#authorization-servers). Every address in it is somebody else's claim, so each is checked as
//! one that a person typed.

use http::StatusCode;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use url::Url;

use super::super::errors::host;
use crate::http::{HttpClient, NoAnswer};
use crate::network::NetworkError;

/// An authorization server.
#[derive(Clone, Debug)]
pub(crate) struct Authority {
    pub(crate) issuer: String,
    pub(crate) authorization: Url,
    pub(crate) pushed_request: Url,
    pub(crate) token: Url,
    /// Where sessions are ended (RFC 7009), if they can be.
    pub(crate) revocation: Option<Url>,
}

/// RFC 9728, as far as we need it.
#[derive(Deserialize)]
struct Resource {
    resource: String,
    authorization_servers: Vec<String>,
}

/// RFC 8414, RFC 9126 and RFC 9207, as far as we need them.
#[derive(Deserialize)]
struct Metadata {
    issuer: String,
    authorization_endpoint: String,
    token_endpoint: String,
    pushed_authorization_request_endpoint: String,
    #[serde(default)]
    revocation_endpoint: Option<String>,
    #[serde(default)]
    authorization_response_iss_parameter_supported: bool,
    #[serde(default)]
    code_challenge_methods_supported: Vec<String>,
    #[serde(default)]
    dpop_signing_alg_values_supported: Vec<String>,
}

/// The authorization server of a server of accounts. The network's entry server holds no accounts and is one itself.
pub(crate) async fn authority_of(
    http: &HttpClient,
    server: &Url,
) -> Result<Authority, NetworkError> {
    let issuer = issuer_of(http, server).await?;
    let issuer = issuer.as_ref().unwrap_or(server);
    let path = "/.well-known/oauth-authorization-server";
    let metadata: Metadata = fetch(http, issuer, path)
        .await?
        .ok_or_else(|| no_consent_page(server))?;
    authority(http, issuer, metadata).ok_or_else(|| no_consent_page(server))
}

/// The authorization server that a server of accounts names; `None` where it names none.
pub(crate) async fn issuer_of(
    http: &HttpClient,
    server: &Url,
) -> Result<Option<Url>, NetworkError> {
    let path = "/.well-known/oauth-protected-resource";
    let Some(found): Option<Resource> = fetch(http, server, path).await? else {
        return Ok(None);
    };
    let own = Url::parse(&found.resource).ok();
    if own.as_ref().map(Url::origin) != Some(server.origin()) {
        return Err(invalid(format!(
            "{} calls itself {}: enter that address",
            host(server),
            domain::text::snippet(&found.resource, 100)
        )));
    }
    let [issuer] = found.authorization_servers.as_slice() else {
        return Err(no_consent_page(server));
    };
    let issuer = http.egress().server(issuer);
    issuer
        .map(Some)
        .map_err(|forbidden| invalid(forbidden.to_string()))
}

fn authority(http: &HttpClient, issuer: &Url, metadata: Metadata) -> Option<Authority> {
    let is_itself = Url::parse(&metadata.issuer).ok()? == *issuer;
    let names = |list: &[String], wanted: &str| list.iter().any(|name| name == wanted);
    let is_fit = metadata.authorization_response_iss_parameter_supported
        && names(&metadata.code_challenge_methods_supported, "S256")
        && names(&metadata.dpop_signing_alg_values_supported, "ES256");
    let address = |text: &str| http.egress().address(text).ok();
    (is_itself && is_fit).then_some(())?;
    Some(Authority {
        authorization: address(&metadata.authorization_endpoint)?,
        pushed_request: address(&metadata.pushed_authorization_request_endpoint)?,
        token: address(&metadata.token_endpoint)?,
        revocation: metadata.revocation_endpoint.as_deref().and_then(address),
        issuer: metadata.issuer,
    })
}

/// `None` where there is no such document.
async fn fetch<T: DeserializeOwned>(
    http: &HttpClient,
    server: &Url,
    path: &str,
) -> Result<Option<T>, NetworkError> {
    let url = server
        .join(path)
        .map_err(|_| invalid("the address of the server cannot be used".to_owned()))?;
    let answer = http
        .send(http.get(url))
        .await
        .map_err(|error| match error {
            NoAnswer::Forbidden(forbidden) => invalid(forbidden.to_string()),
            NoAnswer::NotSent(_) | NoAnswer::Lost(_) => NetworkError::Unavailable {
                message: format!("{}: {error}", host(server)),
            },
        })?;
    match answer.status {
        // Many servers answer any path with a page.
        StatusCode::OK => Ok(serde_json::from_slice(&answer.body).ok()),
        status if status.is_server_error() => Err(NetworkError::Unavailable {
            message: format!("{} failed (status {})", host(server), status.as_u16()),
        }),
        // Also a redirect, which nobody follows.
        _ => Ok(None),
    }
}

fn no_consent_page(server: &Url) -> NetworkError {
    invalid(format!(
        "{} has no consent page that we can use: check the address, or connect with an app password",
        host(server)
    ))
}

fn invalid(message: String) -> NetworkError {
    NetworkError::Invalid {
        field: "server",
        message,
    }
}
