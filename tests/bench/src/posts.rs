//! Posts as the API would write them, written in bulk.

use anyhow::{Result, ensure};
use domain::delivery::acts::Plan;
use domain::delivery::{Delivery, Target};
use domain::event::{Actor, EventKind, Subject};
use domain::network::NetworkId;
use domain::post::{Body, Content, Override, Post, TargetContent};
use domain::preflight::validate;
use domain::schedule::Schedule;
use domain::tenant::{Limits, TimeZoneName};
use domain::{DeliveryId, PostId, UserId};
use futures::{StreamExt as _, TryStreamExt as _, stream};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use store::{Act, Commit, IdempotencyClaim, NewPost, Table, TenantScope};

use crate::caller::Owner;

/// Writes under way at once.
const AT_ONCE: usize = 8;
const MAX_LATENESS: SignedDuration = SignedDuration::from_hours(6);
/// The text of a post of usual length, behind its number.
const TEXT: &str = "The Analytical Engine weaves algebraic patterns just as the Jacquard loom weaves flowers \
                    and leaves. Read the notes: https://example.com/notes #engine #loom";

/// A post to be written.
#[derive(Clone, Debug)]
pub(crate) struct Draft {
    pub(crate) owner: Owner,
    pub(crate) number: usize,
    pub(crate) due: Timestamp,
}

/// The text of a post with this number.
pub(crate) fn text(number: usize) -> String {
    format!("{number} {TEXT}")
}

/// The number in a post's text.
pub(crate) fn number_in(text: &str) -> Option<usize> {
    text.split_once(' ')?.0.parse().ok()
}

/// What a creation leaves for the audit log.
type Events = Vec<(EventKind, Subject, Value)>;

/// Writes the posts; answers the ids, in any order. Their events are left out, which are sealed within a minute and so
/// before a post of usual foresight is due: a host that starts on so many at once would seal them in the time of what is
/// measured.
pub(crate) async fn write_all(table: &Table, drafts: Vec<Draft>) -> Result<Vec<PostId>> {
    let author = UserId::generate(table.ids());
    stream::iter(drafts)
        .map(|draft| create(table, author, draft, None, |_, _| Vec::new()))
        .buffer_unordered(AT_ONCE)
        .try_collect()
        .await
}

/// Writes one post with exactly what a request to create it writes.
pub(crate) async fn write(
    table: &Table,
    author: UserId,
    draft: Draft,
    claim: Option<&IdempotencyClaim>,
) -> Result<PostId> {
    let events = |id, due| {
        let detail = json!({ "targets": 1, "due_at": due });
        vec![(EventKind::PostCreated, Subject::Post(id), detail)]
    };
    create(table, author, draft, claim, events).await
}

async fn create(
    table: &Table,
    author: UserId,
    draft: Draft,
    claim: Option<&IdempotencyClaim>,
    events: impl FnOnce(PostId, Timestamp) -> Events,
) -> Result<PostId> {
    let Draft { owner, number, due } = draft;
    let (ids, now) = (table.ids(), Timestamp::now());
    let id = PostId::generate(ids);
    let target = Target {
        id: DeliveryId::generate(ids),
        tenant: owner.tenant,
        post: id,
        account: owner.account,
        network: NetworkId::PLAYGROUND,
    };
    let text = text(number);
    let snippet = domain::text::snippet(&text, domain::post::SNIPPET_MAX);
    let body = Body {
        revision: 1,
        base: Content {
            text,
            ..Content::default()
        },
        targets: vec![TargetContent {
            delivery: target.id,
            account: target.account,
            network: target.network.clone(),
            overridden: Override::default(),
            options: Value::Null,
        }],
    };
    let post = Post {
        id,
        tenant: owner.tenant,
        version: 1,
        body: 1,
        schedule: Some(Schedule {
            local: due.to_zoned(jiff::tz::TimeZone::UTC).datetime(),
            zone: TimeZoneName::utc(),
            due,
            adjusted: false,
            database: "bench".to_owned(),
        }),
        tags: Vec::new(),
        snippet,
        created_by: author,
        created_at: now,
        updated_at: now,
    };
    let checked = validate(&[]).map_err(|found| anyhow::anyhow!("{found:?}"))?;
    let delivery = Delivery {
        body: 1,
        ..Delivery::scheduled(target, Plan::new(&checked, due, MAX_LATENESS))
    };
    let new = NewPost {
        post: &post,
        body: &body,
        deliveries: std::slice::from_ref(&delivery),
        limits: Limits {
            posts_per_month: 10_000_000,
            targets_per_month: 10_000_000,
            ..Limits::DEFAULT
        },
        claim,
        events: events(id, due),
    };
    let act = Act {
        actor: Actor::User(author),
        at: now,
    };
    let scope = TenantScope::of_delivery(&delivery);
    let commit = table.tenant(&scope).create_post(new, &act).await?;
    ensure!(commit == Commit::Done, "a post was refused");
    Ok(id)
}
