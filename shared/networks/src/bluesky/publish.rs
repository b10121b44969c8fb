//! Publishing: prepare (nothing visible), call (one write under our own keys), read back.

use bytes::Bytes;
use domain::Clock;
use domain::delivery::{Evidence, ProofKind};
use futures::future::try_join_all;
use http::StatusCode;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::errors::{self, call_outcome, network_error};
use super::facets;
use super::record::{self, COLLECTION, Image, Options, StrongRef};
use super::session::Session;
use super::xrpc::{Access, Xrpc, XrpcError};
use super::{cid, identity, tid};
use crate::network::{
    Attachment, CallOutcome, Credential, NetworkError, Part, Prepared, PublishRequest, ReadBack,
};

/// How far a server's time may be from ours before we show our own.
const CLOCK_DIFFERENCE_MAX: SignedDuration = SignedDuration::from_mins(5);

/// What `prepare` made: one record per part of the thread, complete.
#[derive(Serialize, Deserialize)]
struct Draft {
    posts: Vec<DraftPost>,
}

#[derive(Serialize, Deserialize)]
struct DraftPost {
    rkey: String,
    record: Value,
}

#[derive(Deserialize)]
struct Put {
    uri: String,
    commit: Option<Commit>,
}

#[derive(Deserialize)]
struct Applied {
    results: Vec<Created>,
    commit: Option<Commit>,
}

#[derive(Deserialize)]
struct Created {
    uri: String,
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
    let mut posts = try_join_all(posts).await?;
    chain(&request.identity.remote_id, &mut posts)
        .ok_or_else(|| NetworkError::Refused(errors::draft_fault()))?;
    serde_json::to_value(Draft { posts })
        .map(Prepared)
        .map_err(|_| NetworkError::Refused(errors::draft_fault()))
}

/// Makes each post after the first a reply to the one before. `None` where a record is not one.
fn chain(repo: &str, posts: &mut [DraftPost]) -> Option<()> {
    let Some((first, others)) = posts.split_first_mut() else {
        return Some(());
    };
    if others.is_empty() {
        return Some(());
    }
    let root = reference(repo, first)?;
    let mut parent = root.clone();
    for post in others {
        record::reply_to(&mut post.record, &root, &parent);
        parent = reference(repo, post)?;
    }
    Some(())
}

fn reference(repo: &str, post: &DraftPost) -> Option<StrongRef> {
    Some(StrongRef {
        uri: uri(repo, &post.rkey),
        cid: cid::of_record(&post.record)?,
    })
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
            session.access(),
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

/// Writes everything at once: a thread is out as a whole or not at all, so no outcome leaves a part of it behind.
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
    let draft = Draft::deserialize(&prepared.0).ok();
    let posts = draft.map(|draft| draft.posts).unwrap_or_default();
    let Some((first, others)) = posts.split_first() else {
        return CallOutcome::NoEffect {
            fault: errors::draft_fault(),
            retry_after: None,
        };
    };
    let repo = &request.identity.remote_id;
    let written = if others.is_empty() {
        put(xrpc, &session, repo, first).await
    } else {
        create_all(xrpc, &session, repo, &posts).await
    };
    match written {
        Ok(commit) => CallOutcome::Published(Evidence {
            remote_id: Some(uri(repo, &first.rkey)),
            permalink: Some(permalink(request, &first.rkey)),
            proof: ProofKind::Response,
            published_at: written_at(commit.as_ref(), clock.now()),
        }),
        Err(error) => call_outcome(&error, &session.service),
    }
}

/// `putRecord` with the same key and content changes nothing, and with another content (an earlier revision) edits in
/// place: there is never a second post.
async fn put(
    xrpc: &Xrpc,
    session: &Session,
    repo: &str,
    post: &DraftPost,
) -> Result<Option<Commit>, XrpcError> {
    let input = json!({
        "repo": repo,
        "collection": COLLECTION,
        "rkey": post.rkey,
        "record": post.record,
        "validate": true,
    });
    let method = "com.atproto.repo.putRecord";
    let put: Put = xrpc
        .procedure(&session.service, method, &input, session.access())
        .await?;
    must_name(repo, std::slice::from_ref(post), &[put.uri])?;
    Ok(put.commit)
}

/// One commit with all records or none. A key that is taken fails the server, which a look then explains: there is never
/// a second thread.
async fn create_all(
    xrpc: &Xrpc,
    session: &Session,
    repo: &str,
    posts: &[DraftPost],
) -> Result<Option<Commit>, XrpcError> {
    let writes: Vec<Value> = posts
        .iter()
        .map(|post| {
            json!({
                "$type": "com.atproto.repo.applyWrites#create",
                "collection": COLLECTION,
                "rkey": post.rkey,
                "value": post.record,
            })
        })
        .collect();
    let input = json!({ "repo": repo, "writes": writes, "validate": true });
    let method = "com.atproto.repo.applyWrites";
    let applied: Applied = xrpc
        .procedure(&session.service, method, &input, session.access())
        .await?;
    let uris: Vec<_> = applied
        .results
        .into_iter()
        .map(|created| created.uri)
        .collect();
    must_name(repo, posts, &uris)?;
    Ok(applied.commit)
}

/// An answer that does not name our records proves nothing.
fn must_name(repo: &str, posts: &[DraftPost], uris: &[String]) -> Result<(), XrpcError> {
    let ours = posts.iter().map(|post| uri(repo, &post.rkey));
    if ours.eq(uris.iter().cloned()) {
        Ok(())
    } else {
        Err(XrpcError::Unreadable {
            status: StatusCode::OK,
        })
    }
}

fn uri(repo: &str, rkey: &str) -> String {
    format!("at://{repo}/{COLLECTION}/{rkey}")
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

/// Looks for the records under their keys. Some of several can only be there when somebody removed the others: then
/// neither "out" nor "absent" is true, and a person must say what it is.
pub(crate) async fn read_back(
    xrpc: &Xrpc,
    session: &Session,
    request: &PublishRequest,
    called_at: Timestamp,
) -> Result<ReadBack, NetworkError> {
    let rkeys: Vec<String> = (0..request.parts.len())
        .map(|position| tid::record_key(request.delivery, position))
        .collect();
    let repo = &request.identity.remote_id;
    let looks = rkeys.iter().map(|rkey| is_there(xrpc, session, repo, rkey));
    let looks = try_join_all(looks).await?;
    let there = looks.iter().filter(|is_there| **is_there).count();
    Ok(match rkeys.first() {
        Some(first) if there == rkeys.len() => ReadBack::Found(Evidence {
            remote_id: Some(uri(repo, first)),
            permalink: Some(permalink(request, first)),
            proof: ProofKind::ReadBack,
            published_at: called_at,
        }),
        Some(_) if there > 0 => {
            ReadBack::Ambiguous(errors::thread_incomplete_fault(there, rkeys.len()))
        }
        Some(_) | None => ReadBack::Absent,
    })
}

async fn is_there(
    xrpc: &Xrpc,
    session: &Session,
    repo: &str,
    rkey: &str,
) -> Result<bool, NetworkError> {
    let parameters = [("repo", repo), ("collection", COLLECTION), ("rkey", rkey)];
    let method = "com.atproto.repo.getRecord";
    // Records are public: reading them works with a dead session too.
    let found: Result<Value, XrpcError> = xrpc
        .query(&session.service, method, &parameters, Access::Nobody)
        .await;
    match found {
        // A server that is none answers anything.
        Ok(found) if found.get("uri").is_some_and(Value::is_string) => Ok(true),
        Ok(_) => Err(errors::no_record(&session.service)),
        Err(XrpcError::Refused(refusal)) if refusal.error == "RecordNotFound" => Ok(false),
        Err(error) => Err(network_error(&error, &session.service)),
    }
}
