//! A dead-letter queue is sent again long after: what is still wanted goes out, what is too late is missed and told, and
//! nothing goes out twice.

use cloud::faults::Effects;
use domain::delivery::{DeliveryKey, DeliveryMessage, State};
use publishing::Incoming;
use serde_json::json;

use crate::READ_BACK;
use crate::life;
use crate::world::{AUTHOR, Process, World};

/// Messages that come again, each of the old ones about as often.
const REDRIVEN: usize = 10_000;
/// Messages of one invocation.
const BATCH: usize = 10;
/// Later than a post of 09:02 may begin, and soon enough for one of 10:01.
const MUCH_LATER: &str = "2026-12-01T15:30:00Z";

async fn plan(world: &World, process: &Process, at: &str) -> String {
    let body = json!({
        "when": { "at": at },
        "base": { "text": format!("for {at}") },
        "targets": [{ "account_id": world.account }],
    });
    let call = process.api.post("/v1/posts").by(&world.member);
    let call = call.header("idempotency-key", at).json(&body);
    let answer = call.send().await.expect(201);
    answer.body["id"].as_str().unwrap().to_owned()
}

/// The messages that are in the queue, which loses them.
fn take_messages(world: &World) -> Vec<String> {
    let messages = world.queue.messages().into_iter();
    let bodies = messages.map(|message| message.body).collect();
    world.queue.lose_all();
    bodies
}

#[tokio::test]
async fn ten_thousand_messages_of_long_ago_publish_what_is_in_time_and_miss_the_rest() {
    let world = World::new(READ_BACK).await;
    let process = world.start(Effects::default());
    let published = plan(&world, &process, "2026-12-01T08:59:00Z").await;
    let mut old = world.queue.messages();
    life::run_until(&world, &process, "2026-12-01T08:59:30Z".parse().unwrap()).await;
    let cancelled = plan(&world, &process, "2026-12-01T09:01:00Z").await;
    old.extend(world.queue.messages());
    let cancel = process.api.post(format!("/v1/posts/{cancelled}/cancel"));
    let cancel = cancel.by(&world.member).json(&json!({}));
    cancel.send().await.expect(200);
    let late = plan(&world, &process, "2026-12-01T09:02:00Z").await;
    let mut redriven: Vec<String> = old.into_iter().map(|message| message.body).collect();
    redriven.extend(take_messages(&world));
    // Its message is written here, for it is due too late to have one yet.
    let in_time = plan(&world, &process, "2026-12-01T10:01:00Z").await;
    let planned = world.post(&in_time).await.deliveries.remove(0);
    let message = DeliveryMessage::Work {
        key: DeliveryKey::of(&planned),
        rev: planned.revision,
        nb: planned.not_before.unwrap(),
        look: None,
    };
    redriven.push(message.to_text());
    world.clock.set(MUCH_LATER.parse().unwrap());
    redriven.sort();
    redriven.dedup();
    assert_eq!(redriven.len(), 4);

    let messages: Vec<Incoming> = (0..REDRIVEN)
        .map(|number| Incoming {
            id: number.to_string(),
            body: redriven[number % redriven.len()].clone(),
        })
        .collect();
    for batch in messages.chunks(BATCH) {
        let failed = publishing::handle(&process.publishing, batch.to_vec()).await;
        assert_eq!(failed, Vec::<String>::new());
    }

    let mut states = Vec::new();
    for id in [published, cancelled, late, in_time] {
        let delivery = world.post(&id).await.deliveries.remove(0);
        states.push((delivery.state, world.visible_of(delivery.id)));
    }
    assert_eq!(
        states,
        [
            (State::Published, 1),
            (State::Cancelled, 0),
            (State::Missed, 0),
            (State::Published, 1),
        ]
    );
    assert_eq!(world.network.calls(), 2);
    assert_eq!(world.mailbox.to(AUTHOR).len(), 1);
}
