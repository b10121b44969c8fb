use cloud::queue::Delay;
use domain::delivery::{DeliveryMessage, State};
use serde_json::json;
use testkit::QueuedMessage;

use crate::world::World;

/// The only message.
fn sent(world: &World) -> (QueuedMessage, DeliveryMessage) {
    world.clock.set(world.queue.next_visible_at().unwrap());
    let mut messages = world.queue.receive(10);
    assert_eq!(messages.len(), 1);
    let message = messages.remove(0);
    let read = DeliveryMessage::from_text(&message.body).unwrap();
    (message, read)
}

#[tokio::test]
async fn post_that_is_due_soon_is_sent_to_the_publisher_for_its_second() {
    let world = World::new().await;
    let id = world.made(&world.at("2026-11-30T12:02:30Z")).await;
    let delivery = world.stored(&id).await.deliveries.remove(0);

    assert_eq!(delivery.state, State::Queued);
    let (message, read) = sent(&world);
    assert_eq!(message.visible_at, "2026-11-30T12:02:30Z".parse().unwrap());
    assert!(Delay::from_seconds(150) < Delay::MAX);
    assert_eq!(
        read,
        DeliveryMessage::Work {
            key: domain::delivery::DeliveryKey::of(&delivery),
            rev: delivery.revision,
            nb: "2026-11-30T12:02:30Z".parse().unwrap(),
            look: None,
        }
    );
}

#[tokio::test]
async fn post_that_is_due_later_waits_for_the_dispatcher() {
    let world = World::new().await;
    let id = world.made(&world.at("2026-11-30T12:03:01Z")).await;

    assert_eq!(world.queue.next_visible_at(), None);
    assert_eq!(
        world.stored(&id).await.deliveries[0].state,
        State::Scheduled
    );
}

#[tokio::test]
async fn post_for_now_and_every_act_that_makes_it_due_soon_send_a_message() {
    let world = World::new().await;
    let mut body = world.a_draft();
    body["when"] = json!({ "now": true });
    let made = world.create(&body).await.expect(201);
    assert_eq!(made.body["when"]["due_at"], "2026-11-30T12:00:00Z");
    let (message, _) = sent(&world);
    world.queue.acknowledge(message.id);

    let draft = world.made(&world.a_draft()).await;
    let when = json!({ "when": { "now": true } });
    world.act_with(&draft, "schedule", &when).await.expect(200);
    let (message, _) = sent(&world);
    world.queue.acknowledge(message.id);

    let later = world.made(&world.at("2026-12-05T12:00:00Z")).await;
    world.patch(&later, &when).await.expect(200);
    let (message, _) = sent(&world);
    world.queue.acknowledge(message.id);

    let held = world.made(&world.at("2026-12-05T12:00:00Z")).await;
    world.act_on(&held, "hold").await.expect(200);
    world
        .wait_until("2026-12-05T13:00:00Z".parse().unwrap())
        .await;
    let resumed = world.act_on(&held, "resume").await.expect(200);
    assert_eq!(resumed.body["targets"][0]["due_at"], "2026-12-05T12:00:00Z");
    let (message, _) = sent(&world);
    assert_eq!(message.visible_at, "2026-12-05T13:00:00Z".parse().unwrap());
}
