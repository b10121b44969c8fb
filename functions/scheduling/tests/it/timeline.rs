use domain::delivery::{Attempt, DeliveryKey, Evidence, ProofKind, protocol};
use serde_json::{Value, json};

use crate::world::World;

async fn timeline(world: &World, id: &str) -> Vec<Value> {
    let answer = world
        .get(format!("/v1/posts/{id}/timeline"))
        .await
        .expect(200);
    answer.body["items"].as_array().unwrap().clone()
}

fn events(items: &[Value]) -> Vec<&str> {
    items
        .iter()
        .map(|item| item["event"].as_str().unwrap())
        .collect()
}

#[tokio::test]
async fn timeline_tells_every_act_in_order_and_who_did_it() {
    let world = World::new().await;
    let id = world.made(&world.a_draft()).await;
    let second = || world.clock.advance(jiff::SignedDuration::from_secs(1));
    second();
    let when = json!({ "when": { "at": "2026-12-01T09:00:00Z" } });
    let scheduled = world
        .act_with(&id, "schedule", &when)
        .await
        .expect(200)
        .body;
    second();
    world
        .patch(&id, &json!({ "base": { "text": "New" } }))
        .await
        .expect(200);
    second();
    let target = &scheduled["targets"][0]["id"];
    world
        .act_with(&id, "hold", &json!({ "targets": [target] }))
        .await
        .expect(200);
    second();
    world.act_on(&id, "resume").await.expect(200);
    second();
    world.act_on(&id, "cancel").await.expect(200);

    let items = timeline(&world, &id).await;

    assert_eq!(
        events(&items),
        [
            "post.created",
            "post.scheduled",
            "post.edited",
            "target.held",
            "post.resumed",
            "post.cancelled",
        ]
    );
    assert_eq!(items[3]["target_id"], *target);
    assert!(items[0]["target_id"].is_null());
    for item in &items {
        assert_eq!(item["actor"], json!(world.owner.user));
        assert!(item["hash"].is_null());
    }
    assert_eq!(items[1]["detail"]["due_at"], "2026-12-01T09:00:00Z");
    assert_eq!(items[2]["detail"]["fields"], json!(["base"]));
}

#[tokio::test]
async fn timeline_tells_what_the_publisher_did() {
    let world = World::new().await;
    let id = world.made(&world.at("2026-12-01T09:00:00Z")).await;
    let called = world.begin_call(&id).await;
    let evidence = Evidence {
        remote_id: Some("r1".to_owned()),
        permalink: None,
        proof: ProofKind::Response,
        published_at: called.called_at.unwrap(),
    };
    let attempt = Attempt::Published {
        evidence: evidence.clone(),
    };
    let at = "2026-12-01T09:00:01Z".parse().unwrap();
    world
        .table
        .system()
        .record_attempt(&DeliveryKey::of(&called), called.fence, at, &attempt)
        .await
        .unwrap();
    world
        .step(
            &called,
            &protocol::published(protocol::Claim::of(&called), evidence),
        )
        .await;

    let items = timeline(&world, &id).await;

    assert_eq!(
        events(&items),
        ["post.created", "target.calling", "target.published"]
    );
    assert_eq!(items[2]["actor"], "system:publishing");
    assert_eq!(items[2]["detail"]["remote_id"], "r1");
}
