use serde_json::json;

use crate::world::World;

#[tokio::test]
async fn draft_has_no_time_and_may_break_the_rules_of_its_network() {
    let world = World::new().await;
    let mut body = world.a_draft();
    body["base"]["text"] = json!("x".repeat(301));

    let answer = world.create(&body).await.expect(201);

    assert_eq!(answer.body["state"], "draft");
    assert_eq!(answer.body["when"]["draft"], true);
    assert!(answer.body["when"]["due_at"].is_null());
    assert_eq!(
        answer.body["allowed_actions"],
        json!(["edit", "schedule", "duplicate", "delete"])
    );
}

#[tokio::test]
async fn draft_that_is_deleted_is_gone_and_frees_its_media() {
    let world = World::new().await;
    let image = world.image().await;
    let mut body = world.a_draft();
    body["base"]["media"] = json!([image]);
    let id = world.made(&body).await;

    world.delete(&id).await.expect(204);

    world.read(&id).await.expect_problem(404, "not_found");
    world.delete(&id).await.expect_problem(404, "not_found");
    let timeline = world.get(format!("/v1/posts/{id}/timeline")).await;
    timeline.expect_problem(404, "not_found");
    let list = world.get("/v1/posts").await.expect(200);
    assert_eq!(list.body, json!({ "items": [], "next": null }));
    assert_eq!(world.uses(image).await, 0);
}

#[tokio::test]
async fn draft_with_many_revisions_can_be_deleted() {
    let world = World::new().await;
    let id = world.made(&world.a_draft()).await;
    // More than one transaction can remove.
    for number in 0..105 {
        let patch = json!({ "base": { "text": format!("revision {number}") } });
        world.patch_version(&id, "*", &patch).await.expect(200);
    }

    world.delete(&id).await.expect(204);

    world.read(&id).await.expect(404);
}

#[tokio::test]
async fn draft_gets_a_time_by_schedule_and_loses_it_by_unschedule() {
    let world = World::new().await;
    let id = world.made(&world.a_draft()).await;
    let when = json!({ "when": { "at": "2026-12-01T09:00:00", "zone": "Europe/Berlin" } });

    let scheduled = world.act_with(&id, "schedule", &when).await.expect(200);
    assert_eq!(scheduled.body["state"], "scheduled");
    assert_eq!(scheduled.body["when"]["due_at"], "2026-12-01T08:00:00Z");
    assert_eq!(world.read(&id).await.body, scheduled.body);

    let draft = world.act_on(&id, "unschedule").await.expect(200);
    assert_eq!(draft.body["state"], "draft");
    assert_eq!(draft.body["when"]["draft"], true);
    assert!(draft.body["targets"][0]["due_at"].is_null());
    assert_eq!(world.read(&id).await.body, draft.body);
    let calendar = world
        .get("/v1/calendar?from=2026-12-01&to=2026-12-02")
        .await;
    assert_eq!(calendar.expect(200).body["items"], json!([]));
}

#[tokio::test]
async fn draft_that_breaks_a_rule_is_not_scheduled() {
    let world = World::new().await;
    let mut body = world.a_draft();
    body["base"]["text"] = json!("x".repeat(301));
    let id = world.made(&body).await;

    let answer = world
        .act_with(&id, "schedule", &json!({ "when": { "now": true } }))
        .await
        .expect_problem(422, "invalid_request");

    assert_eq!(answer.body["errors"][0]["pointer"], "/base/text");
    assert_eq!(answer.body["errors"][0]["code"], "text_length");
    assert_eq!(world.read(&id).await.body["state"], "draft");
}

#[tokio::test]
async fn draft_of_two_targets_can_be_scheduled_for_one() {
    let world = World::new().await;
    let other = world.another_account("charles").await;
    let mut body = world.a_draft();
    body["targets"] = json!([{ "account_id": world.account }, { "account_id": other }]);
    let made = world.create(&body).await.expect(201);
    let id = made.body["id"].as_str().unwrap();
    let chosen = &made.body["targets"][1]["id"];

    let act = json!({ "when": { "at": "2026-12-01T09:00:00Z" }, "targets": [chosen] });
    let answer = world.act_with(id, "schedule", &act).await.expect(200);

    assert_eq!(answer.body["targets"][0]["state"], "draft");
    assert_eq!(answer.body["targets"][1]["state"], "scheduled");
    assert_eq!(answer.body["state"], "scheduled");
}

#[tokio::test]
async fn draft_cannot_be_cancelled_held_or_retried() {
    let world = World::new().await;
    let id = world.made(&world.a_draft()).await;

    for action in ["cancel", "hold", "resume", "retry", "unschedule"] {
        let answer = world.act_on(&id, action).await;
        answer.expect_problem(409, "action_not_allowed");
    }
}

#[tokio::test]
async fn draft_is_made_by_duplicating_any_post() {
    let world = World::new().await;
    let image = world.image().await;
    let mut body = world.at("2026-12-01T09:00:00Z");
    body["base"]["media"] = json!([image]);
    body["tags"] = json!(["launch"]);
    let id = world.made(&body).await;
    world.act_on(&id, "cancel").await.expect(200);

    let copy = world.act_on(&id, "duplicate").await.expect(201);

    assert_ne!(copy.body["id"], json!(id));
    assert_eq!(copy.body["state"], "draft");
    assert_eq!(copy.body["base"]["media"], json!([image]));
    assert_eq!(copy.body["tags"], json!(["launch"]));
    assert_eq!(world.uses(image).await, 2);
    assert!(copy.headers.contains_key("location"));
}

#[tokio::test]
async fn draft_by_duplicating_leaves_out_disconnected_accounts() {
    let world = World::new().await;
    let other = world.another_account("charles").await;
    let mut body = world.a_draft();
    body["targets"] = json!([{ "account_id": world.account }, { "account_id": other }]);
    let id = world.made(&body).await;
    world.disconnect(world.account).await;

    let copy = world.act_on(&id, "duplicate").await.expect(201);
    assert_eq!(copy.body["targets"].as_array().unwrap().len(), 1);
    assert_eq!(copy.body["targets"][0]["account_id"], json!(other));

    world.disconnect(other).await;
    let none = world.act_on(&id, "duplicate").await;
    none.expect_problem(409, "account_disconnected");
}
