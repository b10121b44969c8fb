//! More than fits into one answer of the table.

use domain::event::{Actor, EventKind, Subject};
use domain::media::{Media, MediaState};
use domain::tenant::Limits;
use domain::{Clock, Error, MediaId};
use serde_json::json;
use store::{Act, Commit, MediaCreated, NewMedia, PostChange, Table};
use testkit::TestClock;
use testkit::table::Engine;

use crate::answers::{Answers, tables};
use crate::posts::{Owner, owner, scheduled};

const KIB: usize = 1024;

/// A query's answer holds 1 MB.
#[tokio::test]
async fn query_of_more_than_a_megabyte_is_read_to_its_end() {
    let clock = TestClock::at("2026-12-01T09:00:00Z");
    let (plain, table, meddler) = tables(&clock, Answers::Whole).await;
    let owner = owner(&plain, &clock).await;
    let delivery = scheduled(&plain, &clock, &owner, clock.now()).await;
    let posts = plain.tenant(&owner.scope);
    let first = posts.post(delivery.post).await.unwrap().unwrap().post;
    for version in 2..=13 {
        let mut post = first.clone();
        post.version = version;
        let detail = json!({ "long": "x".repeat(200 * KIB) });
        let change = PostChange {
            seen: version - 1,
            post: &post,
            targets: 1,
            limits: Limits::DEFAULT,
            body: None,
            deliveries: vec![],
            media_gained: vec![],
            media_lost: vec![],
            events: vec![(EventKind::PostEdited, Subject::Post(first.id), detail)],
        };
        assert_eq!(
            posts.change_post(change, &act(&clock)).await.unwrap(),
            Commit::Done
        );
    }

    let timeline = table.tenant(&owner.scope).timeline(first.id).await.unwrap();

    assert_eq!(timeline.events.len(), 13);
    // 2.4 MB are three answers at least; the attempts, of which there are none, one more.
    assert!(meddler.requests() >= 4, "{}", meddler.requests());
}

/// A batch read's answer holds 16 MB.
#[tokio::test]
async fn batch_read_of_more_than_sixteen_megabytes_is_read_to_its_end() {
    let clock = TestClock::at("2026-12-01T09:00:00Z");
    let (plain, table, meddler) = tables(&clock, Answers::Whole).await;
    let owner = owner(&plain, &clock).await;
    let ids = media(&plain, &clock, &owner, 60, 300 * KIB).await;

    let found = table.tenant(&owner.scope).media_of_ids(&ids).await.unwrap();

    assert_eq!(found.len(), ids.len());
    let answers = match testkit::table::engine() {
        Engine::Dynoxide => 2,
        // Differs from AWS: it gives 18 MB at once.
        Engine::MiniStack => 1,
    };
    assert_eq!(meddler.requests(), answers);
}

#[tokio::test]
async fn batch_read_of_more_than_a_hundred_keys_is_cut_into_batches() {
    let clock = TestClock::at("2026-12-01T09:00:00Z");
    let (plain, table, meddler) = tables(&clock, Answers::Whole).await;
    let owner = owner(&plain, &clock).await;
    let ids = media(&plain, &clock, &owner, 101, 10).await;

    let found = table.tenant(&owner.scope).media_of_ids(&ids).await.unwrap();

    assert_eq!(found.len(), ids.len());
    assert_eq!(meddler.requests(), 2);
}

#[tokio::test]
async fn keys_that_were_not_processed_are_asked_for_again() {
    let clock = TestClock::at("2026-12-01T09:00:00Z");
    let (plain, table, meddler) = tables(&clock, Answers::AtMost(3)).await;
    let owner = owner(&plain, &clock).await;
    let ids = media(&plain, &clock, &owner, 10, 10).await;

    let found = table.tenant(&owner.scope).media_of_ids(&ids).await.unwrap();

    let mut found: Vec<MediaId> = found.into_iter().map(|media| media.id).collect();
    found.sort();
    assert_eq!(found, ids);
    assert_eq!(meddler.requests(), 4);
}

#[tokio::test]
async fn batch_read_that_gets_nothing_processed_ends_as_unavailable() {
    let clock = TestClock::at("2026-12-01T09:00:00Z");
    let (plain, table, meddler) = tables(&clock, Answers::AtMost(0)).await;
    let owner = owner(&plain, &clock).await;
    let ids = media(&plain, &clock, &owner, 2, 10).await;

    let found = table.tenant(&owner.scope).media_of_ids(&ids).await;

    assert!(matches!(found, Err(Error::Unavailable { .. })), "{found:?}");
    assert_eq!(meddler.requests(), 5);
}

#[tokio::test]
async fn batch_write_that_a_busy_table_takes_one_by_one_is_written_to_its_end() {
    let clock = TestClock::at("2026-12-01T09:00:00Z");
    let (plain, table, meddler) = tables(&clock, Answers::PutsAtMost(1)).await;
    let owner = owner(&plain, &clock).await;
    let ids = media(&plain, &clock, &owner, 12, 10).await;

    let erased = table.tenant(&owner.scope).erase_media(&ids).await;

    erased.unwrap();
    assert_eq!(meddler.batch_writes(), ids.len());
    let left = plain.tenant(&owner.scope).media_of_ids(&ids).await.unwrap();
    assert_eq!(left.len(), 0);
}

/// Stores media whose descriptions are so long; answers their ids in order.
async fn media(
    table: &Table,
    clock: &TestClock,
    owner: &Owner,
    count: usize,
    length: usize,
) -> Vec<MediaId> {
    let mut ids = Vec::new();
    for _ in 0..count {
        let media = Media {
            id: MediaId::generate(table.ids()),
            tenant: owner.scope.tenant(),
            file_name: "loom.png".to_owned(),
            content_type: "image/png".to_owned(),
            bytes: 1,
            alt_text: "x".repeat(length),
            state: MediaState::Uploading,
            uses: 0,
            created_by: owner.user,
            created_at: clock.now(),
            updated_at: clock.now(),
        };
        let new = NewMedia {
            media: &media,
            limit: 1_000,
            claim: None,
        };
        let created = table
            .tenant(&owner.scope)
            .create_media(&new, &act(clock))
            .await;
        assert_eq!(created.unwrap(), MediaCreated::Done);
        ids.push(media.id);
    }
    ids.sort();
    ids
}

fn act(clock: &TestClock) -> Act {
    Act {
        actor: Actor::system("test"),
        at: clock.now(),
    }
}
