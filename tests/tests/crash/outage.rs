//! The key service is down for half an hour.

use cloud::faults::Effects;
use domain::network::RepeatRule;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use testkit::{Answer, FakeNetwork};
use upkeep::RotateKeys;

use crate::invariants::{self, Ending};
use crate::life;
use crate::rotation::{agreed, complete, keys, sweep};
use crate::world::{Process, World};

/// Opened keys are forgotten by then.
const CACHED: SignedDuration = SignedDuration::from_mins(5);
/// When the key service is back: half an hour after the post was due.
const BACK: &str = "2026-12-01T09:30:00Z";

fn back() -> Timestamp {
    BACK.parse().unwrap()
}

async fn post(process: &Process, world: &World, id: &str) -> Value {
    world.sign_in().await;
    let call = process.api.get(format!("/v1/posts/{id}")).by(&world.member);
    call.send().await.expect(200).body
}

async fn connect(process: &Process, world: &World, identifier: &str) -> Answer {
    world.sign_in().await;
    let credentials = json!({ "identifier": identifier });
    let connect = json!({ "network": FakeNetwork::ID, "credentials": credentials });
    let call = process.api.post("/v1/accounts").by(&world.member);
    call.json(&connect).send().await
}

#[tokio::test]
async fn f_11_post_that_is_due_in_a_key_outage_waits_and_goes_out_once_it_is_over() {
    let world = World::new(RepeatRule::ClientKey).await;
    let process = world.start(Effects::default());
    let id = life::create(&world, &process).await;
    world.keys.fail(true);

    life::run_until(&world, &process, back()).await;
    let waiting = post(&process, &world, &id).await;
    let calls = world.network.calls();
    world.keys.fail(false);
    let posts = life::run_to_rest(&world, &process, std::slice::from_ref(&id)).await;

    assert_eq!(waiting["state"], "queued", "{waiting}");
    assert_eq!(
        waiting["targets"][0]["error"]["code"], "internal",
        "{waiting}"
    );
    assert_eq!(calls, 0);
    let timeline = crate::timeline_of(&world, &posts[0]).await;
    invariants::check(&world, &posts[0], &timeline, &[Ending::Published], "outage");
    let out = post(&process, &world, &id).await;
    assert_eq!(out["state"], "published");
    assert_eq!(world.network.calls(), 1);
    assert!(world.mailbox.all().is_empty());
}

/// The answer to whoever has to come again.
fn expect_wait(answer: Answer) {
    let answer = answer.expect_problem(503, "unavailable");
    let seconds = answer.headers["retry-after"].to_str().unwrap();
    assert!((1..=60).contains(&seconds.parse::<u32>().unwrap()));
}

#[tokio::test]
async fn f_11_connecting_in_a_key_outage_is_refused_with_when_to_come_again_and_leaves_nothing() {
    let world = World::new(RepeatRule::ClientKey).await;
    let process = world.start(Effects::default());
    let sign_ins = world.network.sign_ins();
    world.keys.fail(true);

    let refused = connect(&process, &world, "countess").await;
    let again = connect(&process, &world, "ada").await;
    let path = format!("/v1/accounts/{}/reconnect", world.account);
    let call = process.api.post(path).by(&world.member);
    let credentials = json!({ "credentials": { "identifier": "ada" } });
    let reconnect = call.json(&credentials).send().await;
    let list = process.api.get("/v1/accounts").by(&world.member);
    let list = list.send().await.expect(200).body;
    let sign_ins_meanwhile = world.network.sign_ins();
    world.keys.fail(false);

    for answer in [refused, again, reconnect] {
        expect_wait(answer);
    }
    assert_eq!(list["items"].as_array().unwrap().len(), 1);
    assert_eq!(
        sign_ins_meanwhile, sign_ins,
        "there would be a session that nobody ends"
    );
    connect(&process, &world, "countess").await.expect(201);
    connect(&process, &world, "ada").await.expect(200);
}

#[tokio::test]
async fn f_11_consent_that_comes_back_in_a_key_outage_is_completed_once_it_is_over() {
    let world = World::new(RepeatRule::ClientKey).await;
    let process = world.start(Effects::default());
    let brought = agreed(&world, &process, "grace").await;
    world.clock.advance(CACHED);
    world.keys.fail(true);

    for _ in 0..2 {
        expect_wait(complete(&world, &process, &brought).await);
    }
    world.keys.fail(false);

    let connected = complete(&world, &process, &brought).await.expect(201);
    assert_eq!(connected.body["remote_id"], "fake:grace");
    let again = complete(&world, &process, &brought).await;
    again.expect_problem(410, "authorization_over");
}

#[tokio::test]
async fn f_11_consent_of_before_a_rotation_is_not_used_up_while_only_the_new_key_is_open() {
    let world = World::new(RepeatRule::ClientKey).await;
    let process = world.start(Effects::default());
    let brought = agreed(&world, &process, "grace").await;
    let asked = upkeep::rotate_keys(&process.upkeep, &RotateKeys::All).await;
    assert_eq!(asked.unwrap().tenants, 1);
    sweep(&world, &process).await;
    assert_eq!(keys(&world).await.newest.version, 2);
    let fresh = world.start(Effects::default());
    connect(&fresh, &world, "countess").await.expect(201);
    world.keys.fail(true);

    connect(&fresh, &world, "countess").await.expect(200);
    expect_wait(complete(&world, &fresh, &brought).await);
    world.keys.fail(false);

    complete(&world, &fresh, &brought).await.expect(201);
}

#[tokio::test]
async fn opened_key_goes_on_in_a_key_outage() {
    let world = World::new(RepeatRule::ClientKey).await;
    let process = world.start(Effects::default());
    connect(&process, &world, "ada").await.expect(200);
    let first = process.publish_now(&world).await;
    life::run_to_rest(&world, &process, &[first]).await;
    world.keys.fail(true);

    connect(&process, &world, "countess").await.expect(201);
    let second = process.publish_now(&world).await;
    life::deliver(&world, &process).await;

    assert_eq!(post(&process, &world, &second).await["state"], "published");
    world.clock.advance(CACHED);
    connect(&process, &world, "countess").await.expect(503);
}

#[tokio::test]
async fn planning_goes_on_in_a_key_outage() {
    let world = World::new(RepeatRule::ClientKey).await;
    let process = world.start(Effects::default());
    world.keys.fail(true);

    let id = life::create(&world, &process).await;
    let path = format!("/v1/posts/{id}/cancel");
    let call = process.api.post(path).by(&world.member);
    let cancelled = call.json(&json!({})).send().await.expect(200);

    assert_eq!(cancelled.body["state"], "cancelled");
}
