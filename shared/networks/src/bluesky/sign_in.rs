//! Sessions: opened with an app password, proven, refreshed, ended.

use std::collections::BTreeMap;

use http::StatusCode;
use serde::{Deserialize, Serialize};
use url::Url;

use super::errors::{account_fault, host, network_error};
use super::home;
use super::identity::is_did;
use super::session::{Session, Tokens};
use super::xrpc::{Access, Refusal, Xrpc, XrpcError};
use crate::network::NetworkError;

pub(crate) const DEFAULT_SERVICE: &str = "https://bsky.social";

/// Longer than any handle, address or app password.
const INPUT_BYTES_MAX: usize = 512;

/// Opens a session with what a person typed.
pub(crate) async fn create(
    xrpc: &Xrpc,
    credentials: &BTreeMap<String, String>,
) -> Result<Session, NetworkError> {
    #[derive(Serialize)]
    struct Input<'a> {
        identifier: &'a str,
        password: &'a str,
    }
    let service = service(xrpc, credentials)?;
    let identifier = field(
        credentials,
        "identifier",
        "enter the account's handle, such as alice.bsky.social",
    )?;
    let password = field(
        credentials,
        "app_password",
        "enter an app password; Bluesky makes them under Settings, Privacy and security, App passwords",
    )?;
    let input = Input {
        identifier: identifier.strip_prefix('@').unwrap_or(identifier),
        password,
    };
    let tokens: Tokens = xrpc
        .procedure(
            &service,
            "com.atproto.server.createSession",
            &input,
            Access::Nobody,
        )
        .await
        .map_err(|error| sign_in_error(&error, &service))?;
    let session = session(service, &tokens)?;
    home::check(xrpc.http(), &session.service, &session.did).await?;
    Ok(session)
}

fn service(xrpc: &Xrpc, credentials: &BTreeMap<String, String>) -> Result<Url, NetworkError> {
    let typed = credentials
        .get("service")
        .map(|typed| typed.trim())
        .filter(|typed| !typed.is_empty())
        .unwrap_or(DEFAULT_SERVICE);
    if typed.len() > INPUT_BYTES_MAX {
        return Err(too_long("service"));
    }
    xrpc.http()
        .egress()
        .server(typed)
        .map_err(|forbidden| NetworkError::Invalid {
            field: "service",
            message: forbidden.to_string(),
        })
}

fn field<'a>(
    credentials: &'a BTreeMap<String, String>,
    name: &'static str,
    missing: &str,
) -> Result<&'a str, NetworkError> {
    let typed = credentials
        .get(name)
        .map(|typed| typed.trim())
        .unwrap_or_default();
    if typed.is_empty() {
        return Err(NetworkError::Invalid {
            field: name,
            message: missing.to_owned(),
        });
    }
    if typed.len() > INPUT_BYTES_MAX {
        return Err(too_long(name));
    }
    Ok(typed)
}

fn too_long(field: &'static str) -> NetworkError {
    NetworkError::Invalid {
        field,
        message: format!("at most {INPUT_BYTES_MAX} bytes"),
    }
}

fn session(service: Url, tokens: &Tokens) -> Result<Session, NetworkError> {
    if !is_did(&tokens.did) {
        return Err(NetworkError::Invalid {
            field: "service",
            message: format!(
                "{} names an account by something that is not a DID",
                host(&service)
            ),
        });
    }
    if tokens.active == Some(false) {
        return Err(NetworkError::Refused(account_fault(&Refusal {
            status: StatusCode::FORBIDDEN,
            error: tokens.status.clone().unwrap_or_default(),
            message: "the account is not active".to_owned(),
            retry_after: None,
        })));
    }
    Ok(Session::new(service, tokens))
}

/// At sign-in a person is there who can correct what they typed, so more is their mistake than later.
fn sign_in_error(error: &XrpcError, service: &Url) -> NetworkError {
    match error {
        XrpcError::Unreadable { status } => NetworkError::Invalid {
            field: "service",
            message: format!(
                "{} does not answer like a Bluesky server (status {}): check the address",
                host(service),
                status.as_u16()
            ),
        },
        XrpcError::Refused(refusal) if refusal.error == "AuthFactorTokenRequired" => {
            NetworkError::Invalid {
                field: "app_password",
                message: "this is the account's main password: use an app password instead"
                    .to_owned(),
            }
        }
        XrpcError::Refused(refusal) if refusal.is_of_credentials() => NetworkError::Unauthorized {
            message: format!(
                "{} does not know this handle and app password",
                host(service)
            ),
        },
        XrpcError::Refused(refusal) if refusal.error == "InvalidRequest" => NetworkError::Invalid {
            field: "identifier",
            message: format!("{} refuses: {}", host(service), refusal.message),
        },
        XrpcError::Forbidden(_)
        | XrpcError::NotSent { .. }
        | XrpcError::Lost { .. }
        | XrpcError::Refused(_) => network_error(error, service),
    }
}

/// Asks the server whose session it is; refreshes it where only the access token has expired, except one of a consent
/// page, whose refresh must be reserved.
pub(crate) async fn prove(xrpc: &Xrpc, session: Session) -> Result<Session, NetworkError> {
    #[derive(Deserialize)]
    struct Output {
        handle: String,
        did: String,
        active: Option<bool>,
    }
    let proven: Result<Output, XrpcError> = xrpc
        .query(
            &session.service,
            "com.atproto.server.getSession",
            &[],
            session.access(),
        )
        .await;
    match proven {
        Ok(output) if output.did != session.did || output.active == Some(false) => {
            Err(NetworkError::Unauthorized {
                message:
                    "the session is no longer one of this account, or the account is not active"
                        .to_owned(),
            })
        }
        Ok(output) => {
            let mut session = session;
            session.handle = output.handle;
            Ok(session)
        }
        Err(XrpcError::Refused(refusal))
            if refusal.asks_for_refresh() && session.grant.is_none() =>
        {
            refresh(xrpc, &session).await
        }
        Err(error) => Err(network_error(&error, &session.service)),
    }
}

/// Trades the refresh token for a new pair. The old refresh token dies soon after.
pub(crate) async fn refresh(xrpc: &Xrpc, session: &Session) -> Result<Session, NetworkError> {
    let tokens: Tokens = xrpc
        .bare_procedure(
            &session.service,
            "com.atproto.server.refreshSession",
            &session.refresh,
        )
        .await
        .map_err(|error| network_error(&error, &session.service))?;
    if tokens.did != session.did {
        return Err(NetworkError::Unauthorized {
            message: "the server answered with the session of another account".to_owned(),
        });
    }
    self::session(session.service.clone(), &tokens)
}

/// Ends a session by its refresh token. Servers do not look up access tokens: the one that goes with it is taken until it
/// runs out, for two hours at most.
pub(crate) async fn end(xrpc: &Xrpc, session: &Session) -> Result<(), NetworkError> {
    xrpc.command(
        &session.service,
        "com.atproto.server.deleteSession",
        &session.refresh,
    )
    .await
    .map_err(|error| network_error(&error, &session.service))
}
