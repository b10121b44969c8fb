use std::collections::BTreeSet;
use std::sync::Arc;

use aws_sdk_dynamodb::types::AttributeValue;
use dispatch::{Ctx, HEAD, Run, backlog, tick};
use jiff::SignedDuration;

use crate::world::{ClosedQueue, World};

/// More than a tick does itself of one shard.
const CROWD: usize = HEAD as usize + 20;

#[tokio::test]
async fn tick_does_a_head_itself_and_hands_nothing_over() {
    let world = World::new().await;
    let owner = world.owner().await;
    let deliveries = world.due(&owner, 20).await;

    let run = tick(&world.ctx).await.unwrap();

    assert_eq!((run.woken, run.handed_over), (20, 0));
    assert_eq!(world.queued(&deliveries).await, 20);
    assert_eq!(tick(&world.ctx).await.unwrap(), Run::default());
    assert!(world.handed_over().is_empty());
}

#[tokio::test]
async fn tick_leaves_a_shard_with_more_than_its_head_to_a_run_of_its_own() {
    let world = World::new().await;
    let owner = world.owner().await;
    let deliveries = world.due(&owner, CROWD).await;

    let ticked = tick(&world.ctx).await.unwrap();

    assert_eq!((ticked.woken, ticked.handed_over), (0, 1));
    assert_eq!(world.handed_over(), [0]);
    let run = backlog(&world.ctx, 0).await.unwrap();
    assert_eq!((run.seen, run.woken), (CROWD, CROWD));
    assert_eq!(world.queued(&deliveries).await, CROWD);
    assert_eq!(tick(&world.ctx).await.unwrap(), Run::default());
}

#[tokio::test]
async fn shard_whose_message_was_lost_is_handed_over_by_the_next_tick() {
    let world = World::new().await;
    let owner = world.owner().await;
    world.due(&owner, CROWD).await;

    tick(&world.ctx).await.unwrap();
    world.shards.lose_all();
    tick(&world.ctx).await.unwrap();

    assert_eq!(world.handed_over(), [0]);
}

#[tokio::test]
async fn two_runs_over_one_shard_leave_every_delivery_queued_once() {
    let world = World::new().await;
    let owner = world.owner().await;
    let deliveries = world.due(&owner, CROWD).await;

    let (first, second) = tokio::join!(backlog(&world.ctx, 0), backlog(&world.ctx, 0));

    let failed = first.unwrap().failed + second.unwrap().failed;
    assert_eq!(failed, 0);
    assert_eq!(world.queued(&deliveries).await, CROWD);
    let woken: BTreeSet<_> = world.woken().iter().map(|key| key.delivery).collect();
    assert_eq!(woken.len(), CROWD);
    // A message that comes late finds nothing to do.
    assert_eq!(backlog(&world.ctx, 0).await.unwrap(), Run::default());
}

#[tokio::test]
async fn shard_that_the_queue_does_not_take_is_worked_on_by_the_tick() {
    let world = World::new().await;
    let owner = world.owner().await;
    world.due(&owner, CROWD).await;
    let ctx = Ctx {
        shards: Arc::new(ClosedQueue),
        ..world.ctx.clone()
    };

    let run = tick(&ctx).await.unwrap();

    assert_eq!((run.woken, run.handed_over), (CROWD, 0));
}

#[tokio::test]
async fn run_that_is_out_of_time_leaves_the_rest_to_the_next() {
    let world = World::new().await;
    let owner = world.owner().await;
    world.due(&owner, CROWD).await;
    let hurried = Ctx {
        time_max: SignedDuration::ZERO,
        ..world.ctx.clone()
    };

    assert_eq!(backlog(&hurried, 0).await.unwrap().woken, 0);
    assert_eq!(backlog(&world.ctx, 0).await.unwrap().woken, CROWD);
}

#[tokio::test]
async fn entries_that_nobody_can_follow_keep_nobody_from_the_rest() {
    let world = World::new().await;
    let owner = world.owner().await;
    for number in 0..CROWD {
        put_unreadable(&world, number).await;
    }
    let deliveries = world.due(&owner, 1).await;

    tick(&world.ctx).await.unwrap();
    let run = backlog(&world.ctx, 0).await.unwrap();

    assert_eq!((run.seen, run.woken), (CROWD + 1, 1));
    assert_eq!(world.queued(&deliveries).await, 1);
}

#[tokio::test]
async fn tick_that_cannot_read_a_shard_sends_what_the_others_hold() {
    let world = World::with_shards(2).await;
    let owner = world.owner().await;
    let deliveries = world.due(&owner, 20).await;

    let run = tick(&world.without_partitions(&["A#000"])).await.unwrap();

    assert!(run.woken > 0 && run.failed > 0, "{run:?}");
    assert_eq!(world.queued(&deliveries).await, run.woken);
    let rest = tick(&world.ctx).await.unwrap();
    assert_eq!((rest.woken, rest.failed), (20 - run.woken, 0));
}

#[tokio::test]
async fn tick_that_can_read_no_shard_fails() {
    let world = World::with_shards(2).await;

    let run = tick(&world.without_partitions(&["A#000", "A#001"])).await;

    assert!(run.is_err(), "{run:?}");
}

/// An entry older than all others, whose kind only newer code knows, or which lost what it is about.
async fn put_unreadable(world: &World, number: usize) {
    let text = |text: String| AttributeValue::S(text);
    let kind = if number.is_multiple_of(2) {
        "novelty"
    } else {
        "delivery"
    };
    world
        .client
        .put_item()
        .table_name(&world.table.settings().name)
        .item("PK", text(format!("X#NOVELTY#{number}")))
        .item("SK", text("-".to_owned()))
        .item("id", text(format!("nov_{number}")))
        .item("kind", text(kind.to_owned()))
        .item("wait", text("start".to_owned()))
        .item("att_shard", text("A#000".to_owned()))
        .item(
            "att_at",
            text(format!("2026-01-01T00:00:00Z#nov_{number:03}")),
        )
        .send()
        .await
        .unwrap();
}
