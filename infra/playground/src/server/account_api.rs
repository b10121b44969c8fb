//! What an account can do: sign in, upload, publish, look after jobs, list its own posts.

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use domain::text::has_more_graphemes_than;
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;

use super::Shared;
use super::answer::{self, Failure, read_json};
use super::behaviour::{Behaviour, CallKind, Mode};
use super::reader_api::identifier;
use super::store::Inserted;
use crate::wire::{
    ALT_TEXT_GRAPHEMES_MAX, Accepted, IMAGE_TYPES, IMAGES_MAX, Job, Me, OwnPosts, Publish,
    PublishPart, Session, SignIn, TEXT_BYTES_MAX, TEXT_GRAPHEMES_MAX, THREAD_PARTS_MAX, Uploaded,
};

pub(crate) async fn sign_in(
    State(shared): State<Shared>,
    body: Bytes,
) -> Result<Response, Failure> {
    let SignIn { identifier: name } = read_json(&body)?;
    let name = identifier(&name)?;
    let owner = name.clone();
    let token = shared
        .with_store(move |store| store.sign_in(&owner))
        .await?;
    let session = Session {
        identifier: name,
        token,
    };
    Ok((StatusCode::CREATED, Json(session)).into_response())
}

pub(crate) async fn me(
    State(shared): State<Shared>,
    headers: HeaderMap,
) -> Result<Json<Me>, Failure> {
    let (identifier, _) = enter(&shared, &headers, CallKind::Other).await?;
    Ok(Json(Me { identifier }))
}

pub(crate) async fn sign_out(
    State(shared): State<Shared>,
    headers: HeaderMap,
) -> Result<StatusCode, Failure> {
    let token = token(&headers)?;
    let ended = shared
        .with_store(move |store| store.sign_out(&token))
        .await?;
    if ended {
        Ok(StatusCode::NO_CONTENT)
    } else {
        Err(Failure::Unauthorized)
    }
}

pub(crate) async fn upload(
    State(shared): State<Shared>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Failure> {
    let (identifier, _) = enter(&shared, &headers, CallKind::Other).await?;
    let declared = headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    let Some(content_type) = IMAGE_TYPES.into_iter().find(|known| *known == declared) else {
        return Err(Failure::invalid(
            "",
            "the playground takes JPEG, PNG, WebP and GIF",
        ));
    };
    let id = shared
        .with_store(move |store| store.add_media(&identifier, content_type, &body))
        .await?;
    Ok((StatusCode::CREATED, Json(Uploaded { id })).into_response())
}

/// The call that publishes, and the only one that modes other than `revoked` change.
pub(crate) async fn publish(
    State(shared): State<Shared>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Failure> {
    let (identifier, behaviour) = enter(&shared, &headers, CallKind::Publish).await?;
    match behaviour.mode {
        Mode::RateLimited => {
            return Err(Failure::RateLimited {
                seconds: behaviour.delay_ms.div_ceil(1000),
            });
        }
        Mode::Rejected => return Err(Failure::Rejected),
        Mode::Ok
        | Mode::Slow
        | Mode::ErrorAfterAccept
        | Mode::LostAnswer
        | Mode::Processing
        | Mode::Revoked => {}
    }
    let Publish { parts } = read_json(&body)?;
    check(&parts)?;
    // A network goes on when its client hangs up; a handler of ours would be dropped with the connection.
    #[expect(
        clippy::disallowed_methods,
        reason = "runs in the local host only, and must outlive its connection"
    )]
    let accepting = tokio::spawn(accept(shared, identifier, behaviour, parts));
    accepting
        .await
        .map_err(|error| Failure::Internal(Box::new(error)))?
}

async fn accept(
    shared: Shared,
    identifier: String,
    behaviour: Behaviour,
    parts: Vec<PublishPart>,
) -> Result<Response, Failure> {
    if behaviour.mode == Mode::Slow {
        let due = after(shared.clock.now(), behaviour.delay_ms);
        let waiting = parts
            .first()
            .map(|first| shared.waiting.enter(&identifier, first, due));
        shared.clock.wait_until(due).await;
        let accepted = post(&shared, identifier, parts, 0).await;
        // Only now: there is no moment at which a read-back sees neither the call nor its post.
        drop(waiting);
        let (id, posted_at) = accepted?;
        return Ok((StatusCode::CREATED, Json(Accepted::Post { id, posted_at })).into_response());
    }
    let delay_ms = if behaviour.mode == Mode::Processing {
        behaviour.delay_ms
    } else {
        0
    };
    let (id, posted_at) = post(&shared, identifier, parts, delay_ms).await?;
    match behaviour.mode {
        Mode::ErrorAfterAccept => Err(Failure::AfterAccept),
        Mode::LostAnswer => Ok(answer::lost()),
        Mode::Processing => {
            let job = Accepted::Job {
                id,
                poll_at: posted_at,
            };
            Ok((StatusCode::ACCEPTED, Json(job)).into_response())
        }
        Mode::Ok | Mode::Slow | Mode::RateLimited | Mode::Rejected | Mode::Revoked => {
            Ok((StatusCode::CREATED, Json(Accepted::Post { id, posted_at })).into_response())
        }
    }
}

async fn post(
    shared: &Shared,
    identifier: String,
    parts: Vec<PublishPart>,
    delay_ms: u64,
) -> Result<(String, Timestamp), Failure> {
    let posted_at = whole_millisecond(after(shared.clock.now(), delay_ms));
    let inserted = shared
        .with_store(move |store| store.insert(&identifier, &parts, posted_at))
        .await?;
    match inserted {
        Inserted::Post(id) => Ok((id, posted_at)),
        Inserted::UnknownMedia => Err(Failure::invalid("/parts", "a medium does not exist")),
    }
}

/// A job has the id of its post.
pub(crate) async fn job(
    State(shared): State<Shared>,
    headers: HeaderMap,
    Path(id): Path<String>,
) -> Result<Json<Job>, Failure> {
    let (identifier, _) = enter(&shared, &headers, CallKind::Other).await?;
    let found = shared.with_store(move |store| store.post(&id)).await?;
    let post = found
        .filter(|post| post.identifier == identifier)
        .ok_or(Failure::NotFound)?;
    Ok(Json(if post.posted_at <= shared.clock.now() {
        Job::Done {
            id: post.id,
            posted_at: post.posted_at,
        }
    } else {
        Job::Running {
            poll_at: post.posted_at,
        }
    }))
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Since {
    since: Timestamp,
}

/// Own posts, with those that are accepted and not visible yet, and with calls that are still undecided.
pub(crate) async fn own_posts(
    State(shared): State<Shared>,
    headers: HeaderMap,
    query: Result<Query<Since>, axum::extract::rejection::QueryRejection>,
) -> Result<Json<OwnPosts>, Failure> {
    let (identifier, _) = enter(&shared, &headers, CallKind::Other).await?;
    let Query(Since { since }) = query.map_err(|error| Failure::Malformed(error.body_text()))?;
    let now = shared.clock.now();
    // Undecided calls first: a call that is decided in between is then seen twice, never not at all.
    let mut items = shared.waiting.of(&identifier);
    items.extend(
        shared
            .with_store(move |store| store.own_posts(&identifier, since, now))
            .await?,
    );
    Ok(Json(OwnPosts { items }))
}

fn token(headers: &HeaderMap) -> Result<String, Failure> {
    headers
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.strip_prefix("Bearer "))
        .map(str::to_owned)
        .ok_or(Failure::Unauthorized)
}

/// Who calls, and how the call is met.
async fn enter(
    shared: &Shared,
    headers: &HeaderMap,
    kind: CallKind,
) -> Result<(String, Behaviour), Failure> {
    let token = token(headers)?;
    let (identifier, behaviour) = shared
        .with_store(move |store| store.enter(&token, kind))
        .await?
        .ok_or(Failure::Unauthorized)?;
    if behaviour.mode == Mode::Revoked {
        return Err(Failure::Unauthorized);
    }
    Ok((identifier, behaviour))
}

fn check(parts: &[PublishPart]) -> Result<(), Failure> {
    if parts.is_empty() || parts.len() > 1 + count(THREAD_PARTS_MAX) {
        return Err(Failure::invalid("/parts", "send 1 to 10 parts"));
    }
    for part in parts {
        if part.text.trim().is_empty() && part.media.is_empty() {
            return Err(Failure::invalid(
                "/parts",
                "a post needs a text or an image",
            ));
        }
        if is_longer(&part.text, TEXT_GRAPHEMES_MAX) || part.text.len() > count(TEXT_BYTES_MAX) {
            return Err(Failure::invalid(
                "/parts",
                format!("a text has at most {TEXT_GRAPHEMES_MAX} characters"),
            ));
        }
        if part.media.len() > count(IMAGES_MAX) {
            return Err(Failure::invalid(
                "/parts",
                format!("a post has at most {IMAGES_MAX} images"),
            ));
        }
        if part
            .media
            .iter()
            .any(|medium| is_longer(&medium.alt_text, ALT_TEXT_GRAPHEMES_MAX))
        {
            return Err(Failure::invalid(
                "/parts",
                format!("an alternative text has at most {ALT_TEXT_GRAPHEMES_MAX} characters"),
            ));
        }
    }
    Ok(())
}

fn is_longer(text: &str, most: u32) -> bool {
    has_more_graphemes_than(text, count(most))
}

fn count(limit: u32) -> usize {
    usize::try_from(limit).unwrap_or(usize::MAX)
}

/// Times are kept in milliseconds; every answer names the same time.
fn whole_millisecond(instant: Timestamp) -> Timestamp {
    Timestamp::from_millisecond(instant.as_millisecond()).unwrap_or(instant)
}

fn after(now: Timestamp, delay_ms: u64) -> Timestamp {
    let delay = SignedDuration::from_millis(i64::try_from(delay_ms).unwrap_or(i64::MAX));
    now.saturating_add(delay).unwrap_or(now)
}
