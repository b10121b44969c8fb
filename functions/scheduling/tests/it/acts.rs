use domain::delivery::{Fault, FaultActor, FaultCategory, protocol};
use serde_json::json;

use crate::world::{World, etag, pointers};

fn fault() -> Fault {
    Fault::new(
        "rejected",
        FaultCategory::Content,
        FaultActor::User,
        "the network refused it",
        "change it",
    )
}

/// A post whose only target's outcome nobody knows.
async fn asking(world: &World) -> (String, String) {
    let id = world.made(&world.at("2026-12-01T09:00:00Z")).await;
    let called = world.begin_call(&id).await;
    let claim = protocol::Claim::of(&called);
    let now = called.called_at.unwrap();
    let uncertain = world
        .step(&called, &protocol::uncertain(claim, now, fault()))
        .await;
    let asked = protocol::ask(uncertain.fence, uncertain.looks, fault());
    let asking = world.step(&uncertain, &asked).await;
    (id, asking.id.to_string())
}

#[tokio::test]
async fn cancel_of_a_waiting_post_cancels_every_target() {
    let world = World::new().await;
    let made = world
        .create(&world.at("2026-12-01T09:00:00Z"))
        .await
        .expect(201);
    let id = made.body["id"].as_str().unwrap();

    let answer = world.act_on(id, "cancel").await.expect(200);

    assert_eq!(answer.body["state"], "cancelled");
    assert_eq!(answer.body["allowed_actions"], json!(["duplicate"]));
    assert_ne!(etag(&answer), etag(&made));
    assert_eq!(world.read(id).await.body, answer.body);
    let card = world.get("/v1/posts").await.expect(200).body["items"][0].clone();
    assert_eq!(card["state"], "cancelled");
    world
        .act_on(id, "cancel")
        .await
        .expect_problem(409, "action_not_allowed");
}

#[tokio::test]
async fn cancel_of_one_target_leaves_the_other() {
    let world = World::new().await;
    let other = world.another_account("charles").await;
    let mut body = world.at("2026-12-01T09:00:00Z");
    body["targets"] = json!([{ "account_id": world.account }, { "account_id": other }]);
    let made = world.create(&body).await.expect(201).body;
    let id = made["id"].as_str().unwrap();
    let target = &made["targets"][0]["id"];

    let act = json!({ "targets": [target, target] });
    let answer = world.act_with(id, "cancel", &act).await.expect(200).body;

    assert_eq!(answer["targets"][0]["state"], "cancelled");
    assert_eq!(answer["targets"][1]["state"], "scheduled");
    assert_eq!(answer["state"], "scheduled");
    let again = world.act_with(id, "cancel", &act).await;
    let again = again.expect_problem(409, "action_not_allowed");
    assert!(
        again.body["detail"]
            .as_str()
            .unwrap()
            .contains(target.as_str().unwrap())
    );
}

#[tokio::test]
async fn cancel_takes_the_targets_that_allow_it_unless_they_are_named() {
    let world = World::new().await;
    let other = world.another_account("charles").await;
    let mut body = world.at("2026-12-01T09:00:00Z");
    body["targets"] = json!([{ "account_id": world.account }, { "account_id": other }]);
    let made = world.create(&body).await.expect(201).body;
    let id = made["id"].as_str().unwrap();
    let delivery = world.stored(id).await.deliveries.remove(0);
    world.begin_call_of(&delivery).await;

    let both = json!({ "targets": [made["targets"][0]["id"], made["targets"][1]["id"]] });
    let named = world.act_with(id, "cancel", &both).await;
    named.expect_problem(409, "already_publishing");
    world
        .delete(id)
        .await
        .expect_problem(409, "already_publishing");
    let rest = world.act_on(id, "cancel").await.expect(200).body;
    assert_eq!(rest["targets"][0]["state"], "publishing");
    assert_eq!(rest["targets"][1]["state"], "cancelled");
    world
        .act_on(id, "cancel")
        .await
        .expect_problem(409, "already_publishing");
}

#[tokio::test]
async fn delete_of_a_waiting_post_cancels_it() {
    let world = World::new().await;
    let id = world.made(&world.at("2026-12-01T09:00:00Z")).await;

    let answer = world.delete(&id).await.expect(200);

    assert_eq!(answer.body["state"], "cancelled");
    world
        .delete(&id)
        .await
        .expect_problem(409, "action_not_allowed");
}

#[tokio::test]
async fn delete_of_a_published_post_is_refused() {
    let world = World::new().await;
    let id = world.made(&world.at("2026-12-01T09:00:00Z")).await;
    world.begin_call(&id).await;

    world
        .delete(&id)
        .await
        .expect_problem(409, "already_publishing");
}

#[tokio::test]
async fn act_with_a_stale_version_is_refused() {
    let world = World::new().await;
    let made = world
        .create(&world.at("2026-12-01T09:00:00Z"))
        .await
        .expect(201);
    let id = made.body["id"].as_str().unwrap();
    let stale = async |path: String| {
        let call = world.api.post(path).by(&world.owner);
        call.header("if-match", "\"9\"")
            .json(&json!({}))
            .send()
            .await
    };
    for action in ["cancel", "hold", "unschedule", "duplicate"] {
        let answer = stale(format!("/v1/posts/{id}/{action}")).await;
        answer.expect_problem(412, "stale_version");
    }
    let call = world.api.delete(format!("/v1/posts/{id}")).by(&world.owner);
    let deleted = call.header("if-match", "\"9\"").send().await;
    deleted.expect_problem(412, "stale_version");
    let call = world.api.delete(format!("/v1/posts/{id}")).by(&world.owner);
    call.header("if-match", &etag(&made))
        .send()
        .await
        .expect(200);
}

#[tokio::test]
async fn hold_keeps_the_time_and_resume_goes_back_to_it() {
    let world = World::new().await;
    let id = world.made(&world.at("2026-12-01T09:00:00Z")).await;

    let held = world.act_on(&id, "hold").await.expect(200).body;
    assert_eq!(held["state"], "held");
    assert_eq!(held["targets"][0]["held_because"], "user");
    assert_eq!(held["targets"][0]["due_at"], "2026-12-01T09:00:00Z");
    let resumed = world.act_on(&id, "resume").await.expect(200).body;
    assert_eq!(resumed["state"], "scheduled");
    assert!(resumed["targets"][0]["held_because"].is_null());
}

#[tokio::test]
async fn retry_of_what_failed_is_due_now() {
    let world = World::new().await;
    let id = world.made(&world.at("2026-12-01T09:00:00Z")).await;
    let called = world.begin_call(&id).await;
    world
        .step(
            &called,
            &protocol::failed(protocol::Claim::of(&called), fault()),
        )
        .await;
    let failed = world.read(&id).await.expect(200).body;
    assert_eq!(failed["state"], "failed");
    assert_eq!(
        failed["targets"][0]["error"],
        json!({
            "code": "rejected",
            "category": "content",
            "actor": "user",
            "message": "the network refused it",
            "remedy": "change it",
        })
    );
    world
        .wait_until("2026-12-01T10:00:00Z".parse().unwrap())
        .await;

    let retried = world.act_on(&id, "retry").await.expect(200).body;

    assert_eq!(retried["targets"][0]["due_at"], "2026-12-01T10:00:00Z");
    assert!(retried["targets"][0]["error"].is_null());
    assert_eq!(retried["when"]["due_at"], "2026-12-01T09:00:00Z");
}

#[tokio::test]
async fn schedule_of_what_failed_gives_it_a_new_time() {
    let world = World::new().await;
    let id = world.made(&world.at("2026-12-01T09:00:00Z")).await;
    let called = world.begin_call(&id).await;
    world
        .step(
            &called,
            &protocol::failed(protocol::Claim::of(&called), fault()),
        )
        .await;

    let when = json!({ "when": { "at": "2026-12-05T09:00:00Z" } });
    let scheduled = world
        .act_with(&id, "schedule", &when)
        .await
        .expect(200)
        .body;

    assert_eq!(scheduled["state"], "scheduled");
    assert_eq!(scheduled["when"]["due_at"], "2026-12-05T09:00:00Z");
}

#[tokio::test]
async fn retry_for_a_disconnected_account_is_refused() {
    let world = World::new().await;
    let id = world.made(&world.at("2026-12-01T09:00:00Z")).await;
    let called = world.begin_call(&id).await;
    world
        .step(
            &called,
            &protocol::failed(protocol::Claim::of(&called), fault()),
        )
        .await;
    world.disconnect(world.account).await;

    let answer = world.act_on(&id, "retry").await.expect(422);

    assert_eq!(answer.body["errors"][0]["code"], "account_disconnected");
}

#[tokio::test]
async fn published_post_shows_its_proof_and_how_late_it_was() {
    let world = World::new().await;
    let id = world.made(&world.at("2026-12-01T09:00:00Z")).await;
    let called = world.begin_call(&id).await;
    let evidence = domain::delivery::Evidence {
        remote_id: Some("r1".to_owned()),
        permalink: Some("https://fake.example/r1".to_owned()),
        proof: domain::delivery::ProofKind::Response,
        published_at: "2026-12-01T09:00:00.25Z".parse().unwrap(),
    };
    let claim = protocol::Claim::of(&called);
    world
        .step(&called, &protocol::published(claim, evidence))
        .await;

    let post = world.read(&id).await.expect(200).body;

    assert_eq!(post["state"], "published");
    let target = &post["targets"][0];
    assert_eq!(target["remote_id"], "r1");
    assert_eq!(target["permalink"], "https://fake.example/r1");
    assert_eq!(target["published_at"], "2026-12-01T09:00:00.25Z");
    assert_eq!(target["lateness_ms"], 0);
    assert_eq!(target["proof"], json!({ "kind": "response" }));
    let card = world
        .get("/v1/posts?state=published")
        .await
        .expect(200)
        .body["items"][0]
        .clone();
    assert_eq!(card["targets"][0]["permalink"], "https://fake.example/r1");
}

#[tokio::test]
async fn resolve_as_published_needs_a_persons_word_only() {
    let world = World::new().await;
    let (id, target) = asking(&world).await;
    assert_eq!(world.read(&id).await.body["state"], "needs_attention");

    let path = format!("targets/{target}/resolve");
    let found = json!({ "outcome": "published", "permalink": "https://fake.example/1" });
    let answer = world.act_with(&id, &path, &found).await.expect(200).body;

    assert_eq!(answer["state"], "published");
    assert_eq!(answer["targets"][0]["permalink"], "https://fake.example/1");
    assert_eq!(answer["targets"][0]["proof"], json!({ "kind": "person" }));
    let again = world.act_with(&id, &path, &found).await;
    again.expect_problem(409, "already_publishing");
}

#[tokio::test]
async fn resolve_as_not_published_allows_another_try() {
    let world = World::new().await;
    let (id, target) = asking(&world).await;

    let path = format!("targets/{target}/resolve");
    let found = json!({ "outcome": "not_published" });
    let answer = world.act_with(&id, &path, &found).await.expect(200).body;

    assert_eq!(answer["state"], "failed");
    assert_eq!(answer["targets"][0]["error"]["code"], "not_published");
    assert_eq!(
        answer["targets"][0]["allowed_actions"],
        json!(["schedule", "retry"])
    );
    world.act_on(&id, "retry").await.expect(200);
}

#[tokio::test]
async fn resolve_of_bad_input_is_refused() {
    let world = World::new().await;
    let (id, target) = asking(&world).await;
    let path = format!("targets/{target}/resolve");
    for (body, pointer) in [
        (json!({}), "/outcome"),
        (json!({ "outcome": "maybe" }), "/outcome"),
        (
            json!({ "outcome": "published", "permalink": "javascript:alert(1)" }),
            "/permalink",
        ),
        (
            json!({ "outcome": "not_published", "permalink": "https://a.example/" }),
            "/permalink",
        ),
    ] {
        let answer = world.act_with(&id, &path, &body).await.expect(422);
        assert_eq!(pointers(&answer), [pointer], "{body}");
    }
    let absent = domain::DeliveryId::generate(world.table.ids());
    let path = format!("targets/{absent}/resolve");
    let answer = world
        .act_with(&id, &path, &json!({ "outcome": "published" }))
        .await;
    answer.expect_problem(404, "not_found");
}
