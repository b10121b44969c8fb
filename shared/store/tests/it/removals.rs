//! Deleted media whose bytes cannot be removed.

use domain::event::Actor;
use domain::media::{Media, MediaState};
use domain::{Clock as _, MediaId};
use futures::future::join_all;
use jiff::SignedDuration;
use store::{Act, NewMedia, Table};
use testkit::{TestClock, TestMember, member};
use uuid::Uuid;

/// Media that one look at a shard finds.
const PAGE: u128 = 100;

/// Deletes a medium that was announced, of the shard that all of these are in.
async fn delete(table: &Table, clock: &TestClock, owner: &TestMember, number: u128) -> MediaId {
    let act = Act {
        actor: Actor::User(owner.user),
        at: clock.now(),
    };
    let shards = u128::from(table.settings().shards);
    let media = Media {
        id: MediaId::from_uuid(Uuid::from_u128(number * shards)),
        tenant: owner.tenant,
        file_name: "loom.png".to_owned(),
        content_type: "image/png".to_owned(),
        bytes: 1,
        alt_text: String::new(),
        state: MediaState::Uploading,
        uses: 0,
        created_by: owner.user,
        created_at: act.at,
        updated_at: act.at,
    };
    let new = NewMedia {
        media: &media,
        limit: u64::MAX,
        claim: None,
    };
    let tenant = table.tenant(&owner.scope);
    tenant.create_media(&new, &act).await.unwrap();
    tenant.delete_media(&media, &act).await.unwrap();
    media.id
}

async fn due(table: &Table, clock: &TestClock) -> Vec<MediaId> {
    let due = table.system().media_to_remove(clock.now()).await.unwrap();
    due.into_iter().map(|deleted| deleted.media).collect()
}

#[tokio::test]
async fn removals_that_always_fail_keep_no_other_of_their_shard_waiting() {
    let clock = TestClock::at("2026-12-01T09:00:00Z");
    let table = testkit::table(&clock).await;
    let owner = member(&table, &clock, domain::membership::Role::Owner).await;
    let mut stuck = Vec::new();
    for number in 1..=PAGE {
        stuck.push(delete(&table, &clock, &owner, number).await);
    }
    clock.advance(SignedDuration::from_secs(1));
    let behind = delete(&table, &clock, &owner, PAGE + 1).await;
    clock.advance(SignedDuration::from_hours(1));
    assert_eq!(due(&table, &clock).await, stuck);

    let tenant = table.tenant(&owner.scope);
    let postponed = stuck
        .iter()
        .map(|media| tenant.postpone_removal(*media, clock.now()));
    for postponed in join_all(postponed).await {
        postponed.unwrap();
    }

    assert_eq!(due(&table, &clock).await, [behind]);
    tenant.forget_media(behind).await.unwrap();
    clock.advance(SignedDuration::from_hours(2));
    assert_eq!(due(&table, &clock).await, stuck, "they are tried again");
}

#[tokio::test]
async fn removal_that_fails_waits_longer_each_time_and_never_more_than_six_hours() {
    let clock = TestClock::at("2026-12-01T09:00:00Z");
    let table = testkit::table(&clock).await;
    let owner = member(&table, &clock, domain::membership::Role::Owner).await;
    let media = delete(&table, &clock, &owner, 1).await;
    let tenant = table.tenant(&owner.scope);

    let mut hours = Vec::new();
    for _ in 0..5 {
        let mut waited = 0;
        while due(&table, &clock).await.is_empty() {
            clock.advance(SignedDuration::from_hours(1));
            waited += 1;
        }
        hours.push(waited);
        tenant.postpone_removal(media, clock.now()).await.unwrap();
    }

    assert_eq!(hours, [1, 1, 2, 4, 6]);
}
