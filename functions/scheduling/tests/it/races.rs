use domain::delivery::protocol::{Claim, claim, intent};
use domain::delivery::{DeliveryKey, State, protocol};
use serde_json::json;
use store::Step;

use crate::world::World;

#[tokio::test]
async fn cancel_before_the_intent_wins_and_the_worker_stops() {
    let world = World::new().await;
    let id = world.made(&world.at("2026-12-01T09:00:00Z")).await;
    let delivery = world.stored(&id).await.deliveries.remove(0);
    let due = delivery.due.unwrap();
    world.wait_until(due).await;
    let claimed = world
        .step(&delivery, &claim(delivery.revision, due, due))
        .await;

    world.act_on(&id, "cancel").await.expect(200);

    let begun = intent(Claim::of(&claimed), due);
    let step = world
        .table
        .system()
        .step(&DeliveryKey::of(&claimed), &begun)
        .await
        .unwrap();
    assert!(matches!(step, Step::Refused(ref now) if now.state == State::Cancelled));
}

#[tokio::test]
async fn cancel_after_the_intent_is_too_late() {
    let world = World::new().await;
    let id = world.made(&world.at("2026-12-01T09:00:00Z")).await;
    world.begin_call(&id).await;

    world
        .act_on(&id, "cancel")
        .await
        .expect_problem(409, "already_publishing");
    assert_eq!(world.read(&id).await.body["state"], "publishing");
}

#[tokio::test]
async fn cancel_and_intent_at_once_have_one_winner() {
    for _ in 0..10 {
        let world = World::new().await;
        let id = world.made(&world.at("2026-12-01T09:00:00Z")).await;
        let delivery = world.stored(&id).await.deliveries.remove(0);
        let due = delivery.due.unwrap();
        world.wait_until(due).await;
        let claimed = world
            .step(&delivery, &claim(delivery.revision, due, due))
            .await;
        let begun = intent(Claim::of(&claimed), due);
        let key = DeliveryKey::of(&claimed);

        let system = world.table.system();
        let (cancel, step) = tokio::join!(world.act_on(&id, "cancel"), system.step(&key, &begun));

        let state = world.stored(&id).await.deliveries[0].state;
        match (cancel.status.as_u16(), step.unwrap()) {
            (200, Step::Refused(_)) => assert_eq!(state, State::Cancelled),
            (409, Step::Done(_)) => assert_eq!(state, State::Calling),
            other => panic!("both or none won: {other:?}"),
        }
    }
}

#[tokio::test]
async fn edit_that_meets_the_dispatcher_voids_its_message() {
    let world = World::new().await;
    let id = world.made(&world.at("2026-12-01T09:00:00Z")).await;
    let delivery = world.stored(&id).await.deliveries.remove(0);
    let due = delivery.due.unwrap();
    world
        .step(
            &delivery,
            &protocol::queued(due, delivery.revision, due, due),
        )
        .await;

    let edited = world
        .patch(&id, &json!({ "base": { "text": "New" } }))
        .await
        .expect(200);

    assert_eq!(edited.body["state"], "scheduled");
    let old = claim(delivery.revision, due, due);
    let step = world
        .table
        .system()
        .step(&DeliveryKey::of(&delivery), &old)
        .await
        .unwrap();
    assert!(matches!(step, Step::Refused(_)));
}

#[tokio::test]
async fn two_editors_of_one_version_have_one_winner() {
    let world = World::new().await;
    let id = world.made(&world.a_draft()).await;
    let (one, two) = (json!({ "tags": ["one"] }), json!({ "tags": ["two"] }));

    let (first, second) = tokio::join!(
        world.patch_version(&id, "\"1\"", &one),
        world.patch_version(&id, "\"1\"", &two),
    );

    let mut statuses = [first.status.as_u16(), second.status.as_u16()];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 412]);
}

#[tokio::test]
async fn acts_of_many_people_at_once_leave_a_post_that_is_whole() {
    let world = World::new().await;
    let id = world.made(&world.at("2026-12-01T09:00:00Z")).await;
    let acts = ["hold", "resume", "unschedule", "cancel", "hold", "resume"];

    let answers = futures::future::join_all(acts.map(|act| world.act_on(&id, act))).await;

    for answer in answers {
        assert!(
            [200, 409, 503].contains(&answer.status.as_u16()),
            "{}",
            answer.body
        );
    }
    world.read(&id).await.expect(200);
}
