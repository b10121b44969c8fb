use domain::delivery::{Fault, FaultActor, FaultCategory, State, protocol};
use serde_json::json;

use crate::world::{World, etag, pointers};

#[tokio::test]
async fn edit_needs_the_version_that_was_read() {
    let world = World::new().await;
    let made = world.create(&world.a_draft()).await.expect(201);
    let id = made.body["id"].as_str().unwrap();
    let patch = json!({ "base": { "text": "Another" } });

    let call = world.api.patch(format!("/v1/posts/{id}")).by(&world.owner);
    let without = call.json(&patch).send().await;
    without.expect_problem(428, "version_required");
    let edited = world
        .patch_version(id, &etag(&made), &patch)
        .await
        .expect(200);
    assert_eq!(edited.body["base"]["text"], "Another");
    assert_eq!(etag(&edited), "\"2\"");
    let stale = world.patch_version(id, &etag(&made), &patch).await;
    stale.expect_problem(412, "stale_version");
    world.patch_version(id, "*", &patch).await.expect(200);
}

#[tokio::test]
async fn edit_of_the_text_keeps_everything_else() {
    let world = World::new().await;
    let image = world.image().await;
    let mut body = world.at("2026-12-01T09:00:00");
    body["when"]["zone"] = json!("Europe/Berlin");
    body["base"]["media"] = json!([image]);
    body["tags"] = json!(["launch"]);
    let made = world.create(&body).await.expect(201).body;
    let id = made["id"].as_str().unwrap();

    let edited = world
        .patch(id, &json!({ "base": { "text": "New" } }))
        .await
        .expect(200)
        .body;

    assert_eq!(
        edited["base"],
        json!({ "text": "New", "media": [image], "thread": [] })
    );
    for kept in ["when", "tags", "state"] {
        assert_eq!(edited[kept], made[kept], "{kept}");
    }
    assert_eq!(edited["targets"][0]["id"], made["targets"][0]["id"]);
    assert_eq!(world.uses(image).await, 1);
    let stored = world.stored(id).await;
    assert_eq!(stored.deliveries[0].body, 2);
    assert_eq!(stored.deliveries[0].revision, 2);
}

#[tokio::test]
async fn edit_with_null_removes_as_the_rfc_says() {
    let world = World::new().await;
    let image = world.image().await;
    let mut body = world.a_draft();
    body["base"]["media"] = json!([image]);
    body["tags"] = json!(["launch"]);
    let id = world.made(&body).await;

    let patch = json!({ "base": { "media": null }, "tags": null });
    let edited = world.patch(&id, &patch).await.expect(200).body;

    assert_eq!(edited["base"]["media"], json!([]));
    assert_eq!(edited["tags"], json!([]));
    assert_eq!(world.uses(image).await, 0);
    let timeless = world.patch(&id, &json!({ "when": null })).await.expect(422);
    assert_eq!(pointers(&timeless), ["/when"]);
}

#[tokio::test]
async fn edit_of_the_time_reschedules() {
    let world = World::new().await;
    let mut body = world.at("2026-12-01T09:00:00");
    body["when"]["zone"] = json!("Europe/Berlin");
    let id = world.made(&body).await;

    let later = json!({ "when": { "at": "2026-12-01T10:00:00" } });
    let later = world.patch(&id, &later).await.expect(200).body;
    assert_eq!(later["when"]["due_at"], "2026-12-01T09:00:00Z");
    let elsewhere = json!({ "when": { "zone": "America/New_York" } });
    let elsewhere = world.patch(&id, &elsewhere).await.expect(200).body;
    assert_eq!(elsewhere["when"]["due_at"], "2026-12-01T15:00:00Z");
    assert_eq!(elsewhere["targets"][0]["due_at"], "2026-12-01T15:00:00Z");
    let now = world
        .patch(&id, &json!({ "when": { "now": true } }))
        .await
        .expect(200)
        .body;
    assert_eq!(now["when"]["due_at"], "2026-11-30T12:00:00Z");
    let past = json!({ "when": { "at": "2020-01-01T00:00:00Z" } });
    world
        .patch(&id, &past)
        .await
        .expect_problem(422, "invalid_request");
}

#[tokio::test]
async fn edit_between_draft_and_time_schedules_and_unschedules() {
    let world = World::new().await;
    let id = world.made(&world.a_draft()).await;

    let timed = json!({ "when": { "at": "2026-12-01T09:00:00Z" } });
    assert_eq!(
        world.patch(&id, &timed).await.expect(200).body["state"],
        "scheduled"
    );
    let draft = json!({ "when": { "draft": true }, "base": { "text": "" } });
    let draft = world.patch(&id, &draft).await.expect(200).body;
    assert_eq!(draft["state"], "draft");
    assert_eq!(draft, world.read(&id).await.body);
}

#[tokio::test]
async fn edit_of_a_scheduled_post_is_held_to_the_rules() {
    let world = World::new().await;
    let id = world.made(&world.at("2026-12-01T09:00:00Z")).await;

    let patch = json!({ "base": { "text": "x".repeat(301) } });
    let answer = world
        .patch(&id, &patch)
        .await
        .expect_problem(422, "invalid_request");

    assert_eq!(pointers(&answer), ["/base/text"]);
    assert_eq!(
        world.read(&id).await.body["base"]["text"],
        "The engine weaves algebraic patterns."
    );
}

#[tokio::test]
async fn edit_of_the_targets_keeps_ids_adds_and_removes() {
    let world = World::new().await;
    let (second, third) = (
        world.another_account("charles").await,
        world.another_account("mary").await,
    );
    let mut body = world.at("2026-12-01T09:00:00Z");
    body["targets"] = json!([{ "account_id": world.account }, { "account_id": second }]);
    let made = world.create(&body).await.expect(201).body;
    let id = made["id"].as_str().unwrap();

    let targets = json!([
        { "account_id": third, "override": { "text": "For Mary" } },
        { "account_id": second },
    ]);
    let edited = world
        .patch(id, &json!({ "targets": targets }))
        .await
        .expect(200)
        .body;

    let edited_targets = edited["targets"].as_array().unwrap();
    assert_eq!(edited_targets.len(), 2);
    assert_eq!(edited_targets[0]["account_id"], json!(third));
    assert_eq!(edited_targets[0]["state"], "scheduled");
    assert_eq!(edited_targets[1]["id"], made["targets"][1]["id"]);
    assert_eq!(edited, world.read(id).await.body);
    let card = world.get("/v1/posts").await.expect(200).body["items"][0].clone();
    assert_eq!(card["targets"].as_array().unwrap().len(), 2);

    // The removed account can come back, as a new target.
    let back = json!({ "targets": [{ "account_id": world.account }] });
    let back = world.patch(id, &back).await.expect(200).body;
    assert_ne!(back["targets"][0]["id"], made["targets"][0]["id"]);
    assert_eq!(back["targets"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn edit_that_replaces_more_than_a_transaction_holds_says_so() {
    let world = World::new().await;
    let mut groups = Vec::new();
    for group in 0..2 {
        let mut targets = Vec::new();
        for number in 0..40 {
            let account = world.another_account(&format!("{group} {number}")).await;
            targets.push(json!({ "account_id": account }));
        }
        groups.push(json!(targets));
    }
    let mut media = Vec::new();
    for _ in 0..20 {
        media.push(world.image().await);
    }
    let mut body = world.a_draft();
    body["targets"] = groups[0].clone();
    body["base"]["media"] = json!(media);
    let id = world.made(&body).await;

    let both = json!({ "targets": groups[1], "base": { "media": [] } });
    let answer = world.patch(&id, &both).await.expect(422);

    assert_eq!(answer.body["errors"][0]["code"], "too_many_changes");
    world
        .patch(&id, &json!({ "targets": groups[1] }))
        .await
        .expect(200);
}

#[tokio::test]
async fn edit_of_a_held_target_leaves_it_held() {
    let world = World::new().await;
    let id = world.made(&world.at("2026-12-01T09:00:00Z")).await;
    world.act_on(&id, "hold").await.expect(200);

    let edited = world
        .patch(&id, &json!({ "base": { "text": "New" } }))
        .await
        .expect(200)
        .body;

    assert_eq!(edited["state"], "held");
    let resumed = world.act_on(&id, "resume").await.expect(200).body;
    assert_eq!(resumed["state"], "scheduled");
    assert_eq!(resumed["targets"][0]["due_at"], "2026-12-01T09:00:00Z");
}

#[tokio::test]
async fn edit_of_what_failed_waits_until_it_is_tried_again() {
    let world = World::new().await;
    let id = world.made(&world.at("2026-12-01T09:00:00Z")).await;
    let called = world.begin_call(&id).await;
    let fault = Fault::new(
        "x",
        FaultCategory::Content,
        FaultActor::User,
        "no",
        "change it",
    );
    world
        .step(
            &called,
            &protocol::failed(protocol::Claim::of(&called), fault),
        )
        .await;

    let edited = world
        .patch(&id, &json!({ "base": { "text": "New" } }))
        .await
        .expect(200)
        .body;
    assert_eq!(edited["state"], "failed");
    assert_eq!(edited["targets"][0]["error"]["code"], "x");
    let retried = world.act_on(&id, "retry").await.expect(200).body;
    assert_eq!(retried["state"], "scheduled");
    assert!(retried["targets"][0]["error"].is_null());
    assert_eq!(world.stored(&id).await.deliveries[0].body, 2);
}

#[tokio::test]
async fn edit_with_a_target_past_its_intent_is_refused() {
    let world = World::new().await;
    let other = world.another_account("charles").await;
    let mut body = world.at("2026-12-01T09:00:00Z");
    body["targets"] = json!([{ "account_id": world.account }, { "account_id": other }]);
    let made = world.create(&body).await.expect(201).body;
    let id = made["id"].as_str().unwrap();
    let delivery = world.stored(id).await.deliveries.remove(0);
    let called = world.begin_call_of(&delivery).await;
    assert_eq!(called.state, State::Calling);

    let answer = world.patch(id, &json!({ "tags": ["x"] })).await;

    let answer = answer.expect_problem(409, "already_publishing");
    let detail = answer.body["detail"].as_str().unwrap();
    assert!(detail.contains(&called.id.to_string()), "{detail}");
}

#[tokio::test]
async fn edit_of_a_cancelled_post_is_refused_but_not_of_one_with_a_cancelled_target() {
    let world = World::new().await;
    let other = world.another_account("charles").await;
    let mut body = world.at("2026-12-01T09:00:00Z");
    body["targets"] = json!([{ "account_id": world.account }, { "account_id": other }]);
    let made = world.create(&body).await.expect(201).body;
    let id = made["id"].as_str().unwrap();
    let one = json!({ "targets": [made["targets"][0]["id"]] });
    world.act_with(id, "cancel", &one).await.expect(200);

    let edited = world
        .patch(id, &json!({ "base": { "text": "New" } }))
        .await
        .expect(200)
        .body;
    assert_eq!(edited["targets"][0]["state"], "cancelled");
    assert_eq!(edited["targets"][1]["state"], "scheduled");
    world.act_on(id, "cancel").await.expect(200);
    let refused = world
        .patch(id, &json!({ "base": { "text": "Newer" } }))
        .await;
    refused.expect_problem(409, "action_not_allowed");
}

#[tokio::test]
async fn edit_that_is_no_object_or_names_unknown_fields_is_refused() {
    let world = World::new().await;
    let id = world.made(&world.a_draft()).await;

    let list = world.patch(&id, &json!([])).await;
    list.expect_problem(422, "invalid_request");
    let unknown = world
        .patch(&id, &json!({ "state": "published" }))
        .await
        .expect(422);
    assert_eq!(pointers(&unknown), ["/state"]);
    let wrong = world
        .patch(&id, &json!({ "base": { "text": 5 } }))
        .await
        .expect(422);
    assert_eq!(pointers(&wrong), ["/base/text"]);
}
