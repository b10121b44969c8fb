//! What readers see, and the switches of the behaviour.

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use domain::text::has_control_characters;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::Shared;
use super::answer::{Failure, read_json};
use super::behaviour::{Behaviour, Mode};
use super::store::Post;
use crate::PREFIX;
use crate::wire::{DELAY_MS_MAX, IDENTIFIER_MAX};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct OfAccount {
    identifier: String,
}

#[derive(Debug, Serialize)]
pub(crate) struct Posts {
    items: Vec<PostCard>,
}

#[derive(Debug, Serialize)]
struct PostCard {
    id: String,
    text: String,
    media: Vec<MediaCard>,
    reply_to: Option<String>,
    posted_at: String,
}

#[derive(Debug, Serialize)]
struct MediaCard {
    url: String,
    content_type: String,
    alt_text: String,
}

#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct BehaviourBody {
    identifier: String,
    mode: Mode,
    delay_ms: Option<u64>,
    times: Option<u64>,
}

/// Everything that is visible of an account, oldest first.
pub(crate) async fn posts(
    State(shared): State<Shared>,
    headers: HeaderMap,
    query: Result<Query<OfAccount>, axum::extract::rejection::QueryRejection>,
) -> Result<Json<Posts>, Failure> {
    let Query(of) = query.map_err(|error| Failure::Malformed(error.body_text()))?;
    let identifier = identifier(&of.identifier)?;
    let now = shared.clock.now();
    let posts = shared
        .with_store(move |store| store.visible_posts(&identifier, now))
        .await?;
    let origin = origin(&headers);
    Ok(Json(Posts {
        items: posts.into_iter().map(|post| card(post, &origin)).collect(),
    }))
}

pub(crate) async fn media(
    State(shared): State<Shared>,
    Path(id): Path<String>,
) -> Result<Response, Failure> {
    let found = shared.with_store(move |store| store.media(&id)).await?;
    let (content_type, bytes) = found.ok_or(Failure::NotFound)?;
    let headers = [
        (header::CONTENT_TYPE, content_type),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff".to_owned()),
    ];
    Ok((headers, bytes).into_response())
}

pub(crate) async fn put_behaviour(
    State(shared): State<Shared>,
    body: Bytes,
) -> Result<Json<BehaviourBody>, Failure> {
    let body: BehaviourBody = read_json(&body)?;
    let (identifier, behaviour) = set_behaviour(&shared, body).await?;
    Ok(Json(BehaviourBody {
        identifier,
        mode: behaviour.mode,
        delay_ms: Some(behaviour.delay_ms),
        times: behaviour.times,
    }))
}

pub(crate) async fn set_behaviour(
    shared: &Shared,
    body: BehaviourBody,
) -> Result<(String, Behaviour), Failure> {
    let identifier = identifier(&body.identifier)?;
    let delay_ms = body.delay_ms.unwrap_or(body.mode.default_delay_ms());
    if delay_ms > DELAY_MS_MAX {
        return Err(Failure::invalid(
            "/delay_ms",
            format!("delay_ms is at most {DELAY_MS_MAX}"),
        ));
    }
    if body
        .times
        .is_some_and(|times| i64::try_from(times).is_err())
    {
        return Err(Failure::invalid("/times", "times is too large"));
    }
    let behaviour = if body.times == Some(0) {
        Behaviour::default()
    } else {
        Behaviour {
            mode: body.mode,
            delay_ms,
            times: body.times,
        }
    };
    let owner = identifier.clone();
    shared
        .with_store(move |store| store.set_behaviour(&owner, behaviour))
        .await?;
    Ok((identifier, behaviour))
}

impl BehaviourBody {
    pub(crate) fn new(
        identifier: String,
        mode: Mode,
        delay_ms: Option<u64>,
        times: Option<u64>,
    ) -> Self {
        Self {
            identifier,
            mode,
            delay_ms,
            times,
        }
    }
}

/// The name of an account: anything that people can read.
pub(crate) fn identifier(text: &str) -> Result<String, Failure> {
    let name = text.trim();
    if name.is_empty()
        || name.chars().count() > IDENTIFIER_MAX
        || has_control_characters(name)
        || name.contains(['\n', '\r', '\t'])
    {
        return Err(Failure::invalid(
            "/identifier",
            format!("a name has 1 to {IDENTIFIER_MAX} characters on one line"),
        ));
    }
    Ok(name.to_owned())
}

/// Media addresses are absolute, so that a program can open them as they are.
fn origin(headers: &HeaderMap) -> String {
    let host = headers
        .get(header::HOST)
        .and_then(|host| host.to_str().ok())
        .filter(|host| {
            host.bytes().all(|byte| {
                byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b':' | b'[' | b']')
            })
        });
    host.map_or_else(String::new, |host| format!("http://{host}"))
}

fn card(post: Post, origin: &str) -> PostCard {
    PostCard {
        id: post.id,
        text: post.text,
        media: post
            .media
            .into_iter()
            .map(|medium| MediaCard {
                url: format!("{origin}{PREFIX}/media/{}", medium.id),
                content_type: medium.content_type,
                alt_text: medium.alt_text,
            })
            .collect(),
        reply_to: post.reply_to,
        posted_at: with_millis(post.posted_at),
    }
}

/// RFC 3339 with exactly three digits of a second.
pub(crate) fn with_millis(instant: Timestamp) -> String {
    instant.strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string()
}
