//! Posts that nobody got to in time: they do not go out late, and their author hears of it.

use aws_sdk_dynamodb::types::AttributeValue;
use cloud::faults::Effects;
use domain::delivery::State;
use domain::network::RepeatRule;
use serde_json::json;

use crate::life;
use crate::world::{AUTHOR, Process, World};

/// Later than the post may begin, six hours after it was due.
const TOO_LATE: &str = "2026-12-01T16:00:00Z";
/// Later than it must be final.
const OVERDUE: &str = "2026-12-01T20:00:00Z";

async fn scheduled() -> (World, Process, String) {
    let world = World::new(RepeatRule::ClientKey).await;
    let process = world.start(Effects::default());
    let id = life::create(&world, &process).await;
    (world, process, id)
}

async fn assert_missed_and_told(world: &World, id: &str) {
    let posts = world.table.tenant(&world.member.scope);
    let post = posts.post(id.parse().unwrap()).await.unwrap().unwrap();
    let timeline = posts.timeline(post.post.id).await.unwrap();
    let told = timeline.events.iter();
    let told = told.filter(|event| event.kind == "target.missed").count();

    assert_eq!(post.deliveries[0].state, State::Missed);
    assert_eq!((told, world.mailbox.to(AUTHOR).len()), (1, 1));
    assert_eq!(world.network.calls(), 0);
}

#[tokio::test]
async fn post_that_no_tick_reached_in_time_is_missed() {
    let (world, process, id) = scheduled().await;
    world.clock.set(TOO_LATE.parse().unwrap());

    dispatch::tick(&process.dispatch).await.unwrap();

    assert_missed_and_told(&world, &id).await;
}

#[tokio::test]
async fn post_without_any_dispatcher_is_settled_by_the_sweeper() {
    let (world, process, id) = scheduled().await;
    world.clock.set(OVERDUE.parse().unwrap());

    let swept = upkeep::sweep(&process.upkeep).await.unwrap();

    assert_eq!(swept.overdue, 1);
    assert_missed_and_told(&world, &id).await;
}

#[tokio::test]
async fn sweeper_settles_what_is_overdue_beside_an_entry_that_it_cannot_read() {
    let (world, process, id) = scheduled().await;
    world.clock.set(OVERDUE.parse().unwrap());
    let copy = world.copy().await;
    let delivery = copy.iter().find(|item| item.contains_key("dl_shard"));
    let text = |text: &str| AttributeValue::S(text.to_owned());
    let unreadable = [
        ("PK", text("X#NOVELTY")),
        ("SK", text("-")),
        ("id", text("nov_1")),
        ("dl_shard", delivery.unwrap()["dl_shard"].clone()),
        ("dl_at", text("2026-01-01T00:00:00Z#nov_1")),
    ];
    let unreadable = unreadable.map(|(name, value)| (name.to_owned(), value));
    world.put(unreadable.into()).await;

    let swept = upkeep::sweep(&process.upkeep).await.unwrap();

    assert_eq!((swept.overdue, swept.failed), (1, 1));
    assert_missed_and_told(&world, &id).await;
}

#[tokio::test]
async fn post_that_is_held_for_too_long_is_missed() {
    let (world, process, id) = scheduled().await;
    let hold = process.api.post(format!("/v1/posts/{id}/hold"));
    hold.by(&world.member)
        .json(&json!({}))
        .send()
        .await
        .expect(200);
    world.clock.set(TOO_LATE.parse().unwrap());

    dispatch::tick(&process.dispatch).await.unwrap();

    assert_missed_and_told(&world, &id).await;
}
