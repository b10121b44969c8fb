//! Publishing: prepare (nothing visible), call (records under our own keys), read back.

use bytes::Bytes;
use domain::Clock;
use domain::delivery::{Evidence, ProofKind};
use futures::future::try_join_all;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::errors::{self, call_outcome, network_error, partial_thread};
use super::facets;
use super::record::{self, COLLECTION, Image, Options, StrongRef};
use super::session::Session;
use super::xrpc::{Xrpc, XrpcError};
use super::{identity, tid};
use crate::http::CALL_TIME;
use crate::network::{
    Attachment, CallOutcome, Credential, NetworkError, Part, Prepared, PublishRequest, ReadBack,
};

/// How far a server's time may be from ours before we show our own.
const CLOCK_DIFFERENCE_MAX: SignedDuration = SignedDuration::from_mins(5);

/// What `prepare` made: one entry per part of the thread.
#[derive(Serialize, Deserialize)]
struct Draft {
    posts: Vec<DraftPost>,
}

#[derive(Serialize, Deserialize)]
struct DraftPost {
    rkey: String,
    /// Complete but for its place in the thread, which needs the content hashes of the posts before.
    record: Value,
}

#[derive(Deserialize)]
struct Written {
    uri: String,
    cid: String,
    commit: Option<Commit>,
}

#[derive(Deserialize)]
struct Commit {
    /// The repository's revision: a TID, whose time is the time of the write.
    rev: String,
}

/// Uploads images, settles mentions, builds the records.
pub(crate) async fn prepare(
    xrpc: &Xrpc,
    session: &Session,
    request: &PublishRequest,
) -> Result<Prepared, NetworkError> {
    let options = Options::parse(&request.options)
        .map_err(|_| NetworkError::Refused(errors::options_fault()))?;
    let posts = request
        .parts
        .iter()
        .enumerate()
        .map(|(position, part)| prepare_part(xrpc, session, request, &options, position, part));
    let draft = Draft {
        posts: try_join_all(posts).await?,
    };
    serde_json::to_value(&draft)
        .map(Prepared)
        .map_err(|_| NetworkError::Refused(errors::draft_fault()))
}

async fn prepare_part(
    xrpc: &Xrpc,
    session: &Session,
    request: &PublishRequest,
    options: &Options,
    position: usize,
    part: &Part,
) -> Result<DraftPost, NetworkError> {
    let spans = facets::detect(&part.text);
    let handles = spans.iter().filter_map(facets::Span::handle).collect();
    let images = try_join_all(
        part.attachments
            .iter()
            .map(|attachment| upload(xrpc, session, attachment)),
    );
    let (dids, images) = futures::join!(identity::dids_of_handles(xrpc, session, handles), images);
    let facets = spans
        .iter()
        .filter_map(|span| record::facet(span, &dids))
        .collect();
    Ok(DraftPost {
        rkey: tid::record_key(request.delivery, position),
        record: record::post(&part.text, request.due, options, facets, &images?),
    })
}

async fn upload(
    xrpc: &Xrpc,
    session: &Session,
    attachment: &Attachment,
) -> Result<Image, NetworkError> {
    #[derive(Deserialize)]
    struct Uploaded {
        blob: Value,
    }
    let uploaded: Uploaded = xrpc
        .upload(
            &session.service,
            "com.atproto.repo.uploadBlob",
            &attachment.content_type,
            Bytes::clone(&attachment.bytes),
            &session.access,
        )
        .await
        .map_err(|error| network_error(&error, &session.service))?;
    Ok(Image {
        blob: uploaded.blob,
        alt_text: attachment.alt_text.clone(),
        width: attachment.width,
        height: attachment.height,
    })
}

/// Writes the records in order. `putRecord` with the same key and content changes nothing, and with another content
/// (an earlier revision) edits in place: there is never a second post.
pub(crate) async fn call(
    xrpc: &Xrpc,
    clock: &dyn Clock,
    credential: &Credential,
    request: &PublishRequest,
    prepared: &Prepared,
) -> CallOutcome {
    let Ok(session) = Session::of_credential(credential) else {
        return CallOutcome::Unauthorized(errors::sign_in_fault());
    };
    let Ok(draft) = Draft::deserialize(&prepared.0) else {
        return CallOutcome::NoEffect {
            fault: errors::draft_fault(),
            retry_after: None,
        };
    };
    // Each request has its own time limit, but the parts of a thread share that of the call.
    match tokio::time::timeout(CALL_TIME, write_all(xrpc, clock, &session, request, draft)).await {
        Ok(outcome) => outcome,
        Err(_) => CallOutcome::Unknown(errors::unknown_fault(
            &errors::host(&session.service),
            "time-out",
        )),
    }
}

async fn write_all(
    xrpc: &Xrpc,
    clock: &dyn Clock,
    session: &Session,
    request: &PublishRequest,
    draft: Draft,
) -> CallOutcome {
    let parts = draft.posts.len();
    let mut root: Option<(StrongRef, Evidence)> = None;
    let mut parent: Option<StrongRef> = None;
    for (position, mut post) in draft.posts.into_iter().enumerate() {
        if let (Some((root, _)), Some(parent)) = (&root, &parent) {
            record::reply_to(&mut post.record, root, parent);
        }
        let written = match write(xrpc, session, &request.identity.remote_id, &post).await {
            Ok(written) => written,
            Err(error) => {
                let outcome = call_outcome(&error, &session.service);
                return if position == 0 {
                    outcome
                } else {
                    partial_thread(outcome, position, parts)
                };
            }
        };
        let strong = StrongRef {
            uri: written.uri,
            cid: written.cid,
        };
        if root.is_none() {
            let evidence = Evidence {
                remote_id: Some(strong.uri.clone()),
                permalink: Some(permalink(request, &post.rkey)),
                proof: ProofKind::Response,
                published_at: written_at(written.commit.as_ref(), clock.now()),
            };
            root = Some((strong.clone(), evidence));
        }
        parent = Some(strong);
    }
    match root {
        Some((_, evidence)) => CallOutcome::Published(evidence),
        None => CallOutcome::Refused(errors::draft_fault()),
    }
}

async fn write(
    xrpc: &Xrpc,
    session: &Session,
    repo: &str,
    post: &DraftPost,
) -> Result<Written, XrpcError> {
    let input = json!({
        "repo": repo,
        "collection": COLLECTION,
        "rkey": post.rkey,
        "record": post.record,
        "validate": true,
    });
    xrpc.procedure(
        &session.service,
        "com.atproto.repo.putRecord",
        &input,
        Some(&session.access),
    )
    .await
}

/// When the server wrote the record; our own time where it made no commit, since nothing changed, or is far off.
fn written_at(commit: Option<&Commit>, now: Timestamp) -> Timestamp {
    commit
        .and_then(|commit| tid::micros_of(&commit.rev))
        .and_then(|micros| Timestamp::from_microsecond(micros).ok())
        .filter(|written| now.duration_since(*written).abs() <= CLOCK_DIFFERENCE_MAX)
        .unwrap_or(now)
}

/// Where people see a post. A handle that its domain no longer confirms is served as `handle.invalid`.
fn permalink(request: &PublishRequest, rkey: &str) -> String {
    let identity = &request.identity;
    let who = match identity.handle.as_str() {
        "" | "handle.invalid" => &identity.remote_id,
        handle => handle,
    };
    format!("https://bsky.app/profile/{who}/post/{rkey}")
}

/// Looks for the records under their keys. A thread counts as out only with all its parts.
pub(crate) async fn read_back(
    xrpc: &Xrpc,
    session: &Session,
    request: &PublishRequest,
    called_at: Timestamp,
) -> Result<ReadBack, NetworkError> {
    #[derive(Deserialize)]
    struct Found {
        uri: String,
    }
    let mut first: Option<Evidence> = None;
    for position in 0..request.parts.len() {
        let rkey = tid::record_key(request.delivery, position);
        let found: Result<Found, XrpcError> = xrpc
            .query(
                &session.service,
                "com.atproto.repo.getRecord",
                &[
                    ("repo", &request.identity.remote_id),
                    ("collection", COLLECTION),
                    ("rkey", &rkey),
                ],
                // Records are public: reading them works with a dead session too.
                None,
            )
            .await;
        match found {
            Ok(found) => {
                first.get_or_insert(Evidence {
                    remote_id: Some(found.uri),
                    permalink: Some(permalink(request, &rkey)),
                    proof: ProofKind::ReadBack,
                    published_at: called_at,
                });
            }
            Err(XrpcError::Refused(refusal)) if refusal.error == "RecordNotFound" => {
                return Ok(ReadBack::Absent);
            }
            Err(error) => return Err(network_error(&error, &session.service)),
        }
    }
    Ok(first.map_or(ReadBack::Absent, ReadBack::Found))
}
