//! Who people are: handles, DIDs, names and pictures.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use domain::account::RemoteIdentity;
use futures::StreamExt as _;
use serde::Deserialize;
use url::Url;

use super::session::Session;
use super::xrpc::{Access, Xrpc, XrpcError};

/// Names are shown everywhere; the network's own limit is 64 graphemes.
const NAME_GRAPHEMES_MAX: usize = 64;

/// Time for all mentions of a post together: a server asks others, which may be slow, and the post is due.
const MENTIONS_TIME: Duration = Duration::from_secs(5);
/// A text has room for hundreds of mentions; the server shall not see them as a flood.
const MENTIONS_AT_ONCE: usize = 4;

/// Whether a text has the form of a DID that the network uses (atproto.com/specs/did).
pub(crate) fn is_did(text: &str) -> bool {
    let rest = text
        .strip_prefix("did:plc:")
        .or_else(|| text.strip_prefix("did:web:"));
    text.len() <= 2048
        && rest.is_some_and(|rest| {
            !rest.is_empty()
                && rest.bytes().all(|byte| {
                    byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b':' | b'%' | b'_')
                })
        })
}

/// Name and picture of the session's account. A server without an application view behind it has no profiles, and a
/// profile is no reason to fail: then the handle is the name.
pub(crate) async fn of_session(xrpc: &Xrpc, session: &Session) -> RemoteIdentity {
    #[derive(Default, Deserialize)]
    #[serde(rename_all = "camelCase", default)]
    struct Profile {
        display_name: Option<String>,
        avatar: Option<String>,
    }
    let profile: Profile = xrpc
        .query(
            &session.service,
            "app.bsky.actor.getProfile",
            &[("actor", &session.did)],
            session.access(),
        )
        .await
        .unwrap_or_default();
    let name = profile
        .display_name
        .map(|name| domain::text::snippet(&name, NAME_GRAPHEMES_MAX))
        .filter(|name| !name.is_empty());
    RemoteIdentity {
        remote_id: session.did.clone(),
        handle: session.handle.clone(),
        name: name.unwrap_or_else(|| session.handle.clone()),
        avatar_url: profile
            .avatar
            .filter(|url| url.starts_with("https://") && url.len() <= 2048),
    }
}

/// The DIDs behind handles. A handle that nobody has, or about which nobody answers in time, is left out: its mention
/// stays plain text, as in the network's own application, and does not hold up the post.
pub(crate) async fn dids_of_handles(
    xrpc: &Xrpc,
    session: &Session,
    handles: BTreeSet<String>,
) -> BTreeMap<String, String> {
    let deadline = tokio::time::Instant::now() + MENTIONS_TIME;
    futures::stream::iter(handles)
        .map(async |handle| {
            let did = did_of_handle(xrpc, &session.service, &handle);
            let did = tokio::time::timeout_at(deadline, did).await.ok()??;
            Some((handle, did))
        })
        .buffer_unordered(MENTIONS_AT_ONCE)
        .filter_map(async |found| found)
        .collect()
        .await
}

/// The DID behind a handle, as this server knows it.
pub(crate) async fn did_of_handle(xrpc: &Xrpc, server: &Url, handle: &str) -> Option<String> {
    #[derive(Deserialize)]
    struct Resolved {
        did: String,
    }
    let resolved: Result<Resolved, XrpcError> = xrpc
        .query(
            server,
            "com.atproto.identity.resolveHandle",
            &[("handle", handle)],
            Access::Nobody,
        )
        .await;
    resolved
        .ok()
        .map(|resolved| resolved.did)
        .filter(|did| is_did(did))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn did_of_another_form_is_refused() {
        assert!(is_did("did:plc:ewvi7nxzyoun6zhxrhs64oiz") && is_did("did:web:example.org"));
        for text in [
            "",
            "did:plc:",
            "did:key:zabc",
            "did:web:a/b",
            "alice.test",
            "did:plc:a b",
        ] {
            assert!(!is_did(text), "{text}");
        }
    }
}
