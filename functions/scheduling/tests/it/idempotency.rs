use serde_json::{Value, json};
use testkit::Answer;

use crate::world::World;

async fn create(world: &World, key: &str, body: &Value) -> Answer {
    let call = world.api.post("/v1/posts").by(&world.owner);
    call.header("idempotency-key", key).json(body).send().await
}

async fn duplicate(world: &World, id: &str) -> Answer {
    let path = format!("/v1/posts/{id}/duplicate");
    let call = world.api.post(path).by(&world.owner);
    call.header("idempotency-key", "k")
        .json(&json!({}))
        .send()
        .await
}

#[tokio::test]
async fn f_13_key_with_the_same_command_answers_with_the_same_post() {
    let world = World::new().await;
    let first = create(&world, "k", &world.at("2026-12-01T09:00:00Z"))
        .await
        .expect(201);
    // The time has passed meanwhile: a new command would be refused.
    world
        .wait_until("2026-12-02T00:00:00Z".parse().unwrap())
        .await;
    let other_order = format!(
        r#"{{"targets":[{{"account_id":"{}"}}], "base":{{"text":"The engine weaves algebraic patterns."}},
            "when":{{"at":"2026-12-01T09:00:00Z"}}}}"#,
        world.account
    );
    let call = world.api.post("/v1/posts").by(&world.owner);
    let again = call
        .header("idempotency-key", "k")
        .raw("application/json", other_order)
        .send()
        .await
        .expect(201);

    assert_eq!(again.body, first.body);
    let list = world.get("/v1/posts").await.expect(200);
    assert_eq!(list.body["items"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn f_13_key_with_another_command_is_refused() {
    let world = World::new().await;
    create(&world, "k", &world.a_draft()).await.expect(201);

    let other = create(&world, "k", &world.at("2026-12-01T09:00:00Z")).await;

    other.expect_problem(422, "idempotency_key_reused");
}

#[tokio::test]
async fn key_of_a_refused_request_is_not_remembered() {
    let world = World::new().await;
    let mut bad = world.a_draft();
    bad["targets"] = json!([]);
    create(&world, "k", &bad).await.expect(422);

    create(&world, "k", &world.a_draft()).await.expect(201);
}

#[tokio::test]
async fn key_answers_with_the_post_as_it_is_now() {
    let world = World::new().await;
    let body = world.at("2026-12-01T09:00:00Z");
    let made = create(&world, "k", &body).await.expect(201);
    world
        .act_on(made.body["id"].as_str().unwrap(), "cancel")
        .await
        .expect(200);

    let again = create(&world, "k", &body).await.expect(201);

    assert_eq!(again.body["id"], made.body["id"]);
    assert_eq!(again.body["state"], "cancelled");
}

#[tokio::test]
async fn f_13_key_used_by_fifty_requests_at_once_makes_one_post() {
    let world = World::new().await;
    let body = world.at("2026-12-01T09:00:00Z");

    let answers = futures::future::join_all((0..50).map(|_| create(&world, "k", &body))).await;

    let first = answers[0].body["id"].clone();
    for answer in answers {
        assert_eq!(answer.expect(201).body["id"], first);
    }
    let list = world.get("/v1/posts").await.expect(200);
    assert_eq!(list.body["items"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn key_that_is_not_printable_is_malformed() {
    let world = World::new().await;

    let long = create(&world, &"k".repeat(256), &world.a_draft()).await;
    long.expect_problem(400, "invalid_idempotency_key");
    create(&world, &"k".repeat(255), &world.a_draft())
        .await
        .expect(201);
}

#[tokio::test]
async fn key_of_a_duplicate_belongs_to_one_post() {
    let world = World::new().await;
    let (one, two) = (
        world.made(&world.a_draft()).await,
        world.made(&world.a_draft()).await,
    );

    let copy = duplicate(&world, &one).await.expect(201);
    assert_eq!(duplicate(&world, &one).await.expect(201).body, copy.body);
    duplicate(&world, &two)
        .await
        .expect_problem(422, "idempotency_key_reused");
}

#[tokio::test]
async fn key_of_a_duplicate_used_by_fifty_requests_at_once_makes_one_copy() {
    let world = World::new().await;
    let id = world.made(&world.a_draft()).await;

    let answers = futures::future::join_all((0..50).map(|_| duplicate(&world, &id))).await;

    let first = answers[0].body["id"].clone();
    for answer in answers {
        assert_eq!(answer.expect(201).body["id"], first);
    }
    let list = world.get("/v1/posts").await.expect(200);
    assert_eq!(list.body["items"].as_array().unwrap().len(), 2);
}
