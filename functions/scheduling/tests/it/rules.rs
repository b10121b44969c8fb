use serde_json::{Value, json};

use crate::world::{World, pointers};

async fn dry_run(world: &World, body: &Value) -> Value {
    let call = world.api.post("/v1/posts?dry_run=true").by(&world.owner);
    call.json(body).send().await.expect(200).body
}

#[tokio::test]
async fn rules_of_a_network_are_checked_before_anything_is_scheduled() {
    let world = World::new().await;
    let other = world.another_account("charles").await;
    let mut body = world.at("2026-12-01T09:00:00Z");
    body["base"]["text"] = json!("x".repeat(301));
    body["targets"] = json!([
        { "account_id": world.account },
        { "account_id": other, "override": { "text": "y".repeat(400) } },
    ]);

    let answer = world
        .create(&body)
        .await
        .expect_problem(422, "invalid_request");

    assert_eq!(
        pointers(&answer),
        ["/base/text", "/targets/1/override/text"]
    );
    let list = world.get("/v1/posts").await.expect(200);
    assert_eq!(list.body["items"], json!([]));
}

#[tokio::test]
async fn rules_let_a_text_of_exactly_the_limit_pass() {
    let world = World::new().await;
    let mut body = world.at("2026-12-01T09:00:00Z");
    body["base"]["text"] = json!("👩‍🚀".repeat(270));

    world.create(&body).await.expect(201);
}

#[tokio::test]
async fn dry_run_of_a_sound_post_stores_nothing() {
    let world = World::new().await;

    let answer = dry_run(&world, &world.at("2026-12-01T09:00:00Z")).await;

    assert_eq!(
        answer,
        json!({ "valid": true, "violations": [], "cost": { "posts": 1, "targets": 1 } })
    );
    let list = world.get("/v1/posts").await.expect(200);
    assert_eq!(list.body["items"], json!([]));
}

#[tokio::test]
async fn dry_run_measures_what_is_wrong() {
    let world = World::new().await;
    let mut body = world.at("2026-12-01T09:00:00Z");
    body["base"]["text"] = json!("x".repeat(301));

    let answer = dry_run(&world, &body).await;

    assert_eq!(answer["valid"], false);
    let violation = &answer["violations"][0];
    assert_eq!(violation["target"], json!(world.account));
    assert_eq!(violation["pointer"], "/base/text");
    assert_eq!(violation["rule"], "text_length");
    assert_eq!(violation["measured"], 301);
    assert_eq!(violation["limit"], 300);
    assert!(violation["message"].is_string() && violation["fix"].is_string());
}

#[tokio::test]
async fn dry_run_of_a_draft_checks_what_it_may_become() {
    let world = World::new().await;
    let mut body = world.a_draft();
    body["base"]["text"] = json!("");

    let answer = dry_run(&world, &body).await;

    assert_eq!(answer["violations"][0]["rule"], "text_required");
}

#[tokio::test]
async fn dry_run_names_a_time_that_has_passed() {
    let world = World::new().await;

    let answer = dry_run(&world, &world.at("2020-01-01T00:00:00Z")).await;

    assert_eq!(answer["valid"], false);
    assert_eq!(answer["violations"][0]["pointer"], "/when/at");
    assert_eq!(answer["violations"][0]["rule"], "in_the_past");
}

#[tokio::test]
async fn media_whose_upload_is_not_complete_is_refused() {
    let world = World::new().await;
    let image = world.announced_image().await;
    let mut body = world.a_draft();
    body["base"]["media"] = json!([image]);

    let answer = world.create(&body).await.expect(422);

    assert_eq!(answer.body["errors"][0]["code"], "media_not_ready");
    assert_eq!(pointers(&answer), ["/base/media/0"]);
}
