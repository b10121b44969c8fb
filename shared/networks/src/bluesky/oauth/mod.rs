//! Accounts that are connected by their server's consent page (atproto.com/specs/oauth): pushed requests, PKCE, and
//! tokens that are bound to a key.

pub(crate) mod client;
mod discovery;
mod endpoints;

use domain::Clock;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use url::Url;

use self::client::{OauthClient, SCOPE};
use self::discovery::Authority;
use self::endpoints::{Endpoints, Granted, Pushed};
use super::dpop::ProofKey;
use super::errors::host;
use super::identity::{self, is_did};
use super::session::{Grant, Session};
use super::sign_in::DEFAULT_SERVICE;
use super::xrpc::Xrpc;
use super::{home, sign_in};
use crate::network::{
    Consent, ConsentError, ConsentPage, ConsentRequest, NetworkError, PendingConsent, Verifier,
};

/// Longer than any handle or address.
const INPUT_BYTES_MAX: usize = 512;

/// What an authorization remembers.
#[derive(Serialize, Deserialize)]
struct Pending {
    /// The server that was asked for the page.
    server: Url,
    issuer: String,
    token_endpoint: Url,
    revocation_endpoint: Option<Url>,
    client_id: String,
    return_to: String,
    /// The account that must come back, where it is known.
    did: Option<String>,
    verifier: Verifier,
    key: ProofKey,
}

/// Asks for a consent page.
pub(crate) async fn open(
    xrpc: &Xrpc,
    client: &OauthClient,
    request: ConsentRequest<'_>,
) -> Result<ConsentPage, NetworkError> {
    let known = request.account;
    let handle = typed(request.handle, "handle")?
        .map(|handle| handle.strip_prefix('@').unwrap_or(handle))
        .or(known.map(|account| account.handle.as_str()));
    let entry = entry(xrpc, request.server)?;
    let did = match (known, handle) {
        (Some(account), _) => Some(account.remote_id.clone()),
        (None, Some(handle)) => Some(did_of(xrpc, &entry, handle).await?),
        (None, None) => None,
    };
    let server = match (&did, request.server) {
        (Some(did), None) => home::server_of(xrpc.http(), did).await?,
        (Some(_) | None, _) => entry,
    };
    let authority = discovery::authority_of(xrpc.http(), &server).await?;
    let key = ProofKey::generate().map_err(unusable)?;
    let pushed = push(xrpc, client, &authority, &key, &request, handle).await?;
    let mut address = authority.authorization;
    address
        .query_pairs_mut()
        .append_pair("client_id", &client.id)
        .append_pair("request_uri", &pushed.request_uri);
    let pending = Pending {
        server,
        issuer: authority.issuer,
        token_endpoint: authority.token,
        revocation_endpoint: authority.revocation,
        client_id: client.id.clone(),
        return_to: client.return_to.clone(),
        did,
        verifier: request.verifier,
        key,
    };
    let pending = serde_json::to_string(&pending).map_err(unusable)?;
    Ok(ConsentPage {
        address,
        pending: PendingConsent::new(pending),
    })
}

/// Turns a consent into a session.
pub(crate) async fn connect(
    xrpc: &Xrpc,
    clock: &dyn Clock,
    pending: &PendingConsent,
    consent: Consent<'_>,
) -> Result<Session, ConsentError> {
    let pending: Pending = serde_json::from_str(pending.expose()).map_err(unusable)?;
    if consent.issuer != Some(pending.issuer.as_str()) {
        return Err(ConsentError::Forged {
            message: format!("the answer is not of {}", host(&pending.server)),
        });
    }
    let form = [
        ("grant_type", "authorization_code"),
        ("code", consent.code),
        ("redirect_uri", pending.return_to.as_str()),
        ("code_verifier", pending.verifier.expose()),
        ("client_id", pending.client_id.as_str()),
    ];
    let granted: Granted = endpoints(xrpc, &pending.key)
        .post(&pending.token_endpoint, &form)
        .await?;
    check(&granted)?;
    if pending.did.as_ref().is_some_and(|did| *did != granted.sub) {
        return Err(ConsentError::AnotherAccount {
            remote_id: granted.sub.clone(),
        });
    }
    let service = home_of(xrpc, &pending, &granted.sub).await?;
    let session = Session {
        service,
        did: granted.sub.clone(),
        handle: granted.sub.clone(),
        access: granted.access_token.clone(),
        refresh: granted.refresh_token.clone(),
        grant: Some(Grant {
            token_endpoint: pending.token_endpoint.clone(),
            revocation_endpoint: pending.revocation_endpoint.clone(),
            client_id: pending.client_id.clone(),
            ends_at: end(&granted, clock.now()),
            key: pending.key.clone(),
        }),
    };
    // The account's own server says whose token it is, and how the account is called.
    Ok(sign_in::prove(xrpc, session).await?)
}

/// Trades the refresh token, which is good for one use, for a new pair.
pub(crate) async fn refresh(
    xrpc: &Xrpc,
    session: &Session,
    grant: &Grant,
    now: Timestamp,
) -> Result<Session, NetworkError> {
    let form = [
        ("grant_type", "refresh_token"),
        ("refresh_token", session.refresh.as_str()),
        ("client_id", grant.client_id.as_str()),
    ];
    let granted: Granted = endpoints(xrpc, &grant.key)
        .post(&grant.token_endpoint, &form)
        .await?;
    check(&granted)?;
    if granted.sub != session.did {
        return Err(NetworkError::Unauthorized {
            message: "the server answered with the session of another account".to_owned(),
        });
    }
    Ok(Session {
        service: session.service.clone(),
        did: session.did.clone(),
        handle: session.handle.clone(),
        access: granted.access_token.clone(),
        refresh: granted.refresh_token.clone(),
        grant: Some(Grant {
            ends_at: end(&granted, now),
            ..grant.clone()
        }),
    })
}

/// Ends a session by its refresh token (RFC 7009). Where the server has no way to, it runs out by itself.
pub(crate) async fn revoke(
    xrpc: &Xrpc,
    session: &Session,
    grant: &Grant,
) -> Result<(), NetworkError> {
    let Some(endpoint) = &grant.revocation_endpoint else {
        return Ok(());
    };
    let form = [
        ("token", session.refresh.as_str()),
        ("token_type_hint", "refresh_token"),
        ("client_id", grant.client_id.as_str()),
    ];
    let told = endpoints(xrpc, &grant.key).command(endpoint, &form).await;
    told.map(drop)
}

async fn push(
    xrpc: &Xrpc,
    client: &OauthClient,
    authority: &Authority,
    key: &ProofKey,
    request: &ConsentRequest<'_>,
    handle: Option<&str>,
) -> Result<Pushed, NetworkError> {
    let challenge = request.verifier.challenge();
    let mut form = vec![
        ("response_type", "code"),
        ("client_id", client.id.as_str()),
        ("redirect_uri", client.return_to.as_str()),
        ("scope", SCOPE),
        ("state", request.state),
        ("code_challenge", challenge.as_str()),
        ("code_challenge_method", "S256"),
    ];
    form.extend(handle.map(|handle| ("login_hint", handle)));
    endpoints(xrpc, key)
        .post(&authority.pushed_request, &form)
        .await
}

/// The account's own server, if the authorization server may speak for it. One on loopback is in no public directory;
/// the policy lets it through only where that is meant.
async fn home_of(xrpc: &Xrpc, pending: &Pending, did: &str) -> Result<Url, ConsentError> {
    let server = if home::is_loopback(&pending.server) {
        pending.server.clone()
    } else {
        home::server_of(xrpc.http(), did).await?
    };
    let issuer = discovery::issuer_of(xrpc.http(), &server).await?;
    if issuer.is_none() || issuer != Url::parse(&pending.issuer).ok() {
        return Err(ConsentError::Forged {
            message: format!(
                "{} may not speak for the account, which lives at {}",
                pending.issuer,
                host(&server)
            ),
        });
    }
    Ok(server)
}

fn check(granted: &Granted) -> Result<(), NetworkError> {
    let is_bound = granted.token_type.eq_ignore_ascii_case("DPoP");
    let may_act = SCOPE
        .split(' ')
        .all(|wanted| granted.scope.split(' ').any(|scope| scope == wanted));
    if is_bound && may_act && is_did(&granted.sub) {
        return Ok(());
    }
    Err(NetworkError::Unauthorized {
        message: "the server did not grant what was asked for: allow all of it".to_owned(),
    })
}

fn end(granted: &Granted, now: Timestamp) -> Option<Timestamp> {
    let seconds = granted.expires_in?;
    now.checked_add(SignedDuration::from_secs(seconds)).ok()
}

async fn did_of(xrpc: &Xrpc, entry: &Url, handle: &str) -> Result<String, NetworkError> {
    if is_did(handle) {
        return Ok(handle.to_owned());
    }
    let found = identity::did_of_handle(xrpc, entry, handle).await;
    found.ok_or_else(|| NetworkError::Invalid {
        field: "handle",
        message: format!("{} does not know this handle", host(entry)),
    })
}

fn entry(xrpc: &Xrpc, server: Option<&str>) -> Result<Url, NetworkError> {
    let server = typed(server, "server")?.unwrap_or(DEFAULT_SERVICE);
    xrpc.http()
        .egress()
        .server(server)
        .map_err(|forbidden| NetworkError::Invalid {
            field: "server",
            message: forbidden.to_string(),
        })
}

fn typed<'a>(text: Option<&'a str>, field: &'static str) -> Result<Option<&'a str>, NetworkError> {
    let text = text.map(str::trim).filter(|text| !text.is_empty());
    if text.is_some_and(|text| text.len() > INPUT_BYTES_MAX) {
        return Err(NetworkError::Invalid {
            field,
            message: format!("at most {INPUT_BYTES_MAX} bytes"),
        });
    }
    Ok(text)
}

fn endpoints<'a>(xrpc: &'a Xrpc, key: &'a ProofKey) -> Endpoints<'a> {
    Endpoints {
        http: xrpc.http(),
        sender: xrpc.dpop(),
        key,
    }
}

/// Parsers quote the text, which is secret.
fn unusable<E>(_: E) -> NetworkError {
    NetworkError::Unavailable {
        message: "what this needs cannot be read or written".to_owned(),
    }
}
