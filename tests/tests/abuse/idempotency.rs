//! One idempotency key in many hands: F-13.

use std::collections::BTreeSet;

use futures::future::join_all;
use http::StatusCode;
use serde_json::{Value, json};
use testkit::Answer;

use crate::document::Operation;
use crate::fixture::Person;
use crate::world::{World, at};

/// Requests at once.
const AT_ONCE: usize = 20;
const KEY: &str = "the same for all";

async fn make(world: &World, operation: &Operation, who: &Person, places: &[usize]) -> Answer {
    let body = world.body(operation, who).unwrap_or_default();
    make_of(world, operation, who, places, body).await
}

async fn make_of(
    world: &World,
    operation: &Operation,
    who: &Person,
    places: &[usize],
    body: Value,
) -> Answer {
    let path = operation.path_with(&at(who, places));
    let call = world.product.api.call(operation.method.clone(), path);
    let call = call.cookie(&who.cookie).header("idempotency-key", KEY);
    call.header("if-match", "*").json(&body).send().await
}

/// The same command with another text, where it has one that people write.
fn changed(mut body: Value) -> Option<Value> {
    let texts = [
        "/name",
        "/file_name",
        "/base/text",
        "/credentials/identifier",
    ];
    let place = texts
        .into_iter()
        .find(|text| body.pointer(text).is_some())?;
    *body.pointer_mut(place)? = json!("another.png");
    Some(body)
}

fn made(answers: &[Answer]) -> BTreeSet<String> {
    let done = answers.iter().filter(|answer| answer.status.is_success());
    done.map(|answer| answer.body["id"].to_string()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn f_13_idempotency_key_makes_one_thing_in_each_tenant() {
    let world = World::new().await;
    let (mut probes, mut others) = (0, 0);
    for operation in world.operations() {
        if !operation.takes_key {
            continue;
        }
        let places = world.recognised(&operation, &world.ada).await.unwrap();
        let at_once = (0..AT_ONCE).map(|_| make(&world, &operation, &world.ada, &places));
        let ada = join_all(at_once).await;
        let bob = make(&world, &operation, &world.bob, &places).await;
        let body = world.body(&operation, &world.ada).unwrap_or_default();
        if let Some(other) = changed(body) {
            let other = make_of(&world, &operation, &world.ada, &places, other).await;
            // Where the session that asked is still there.
            if other.status != StatusCode::UNAUTHORIZED {
                other.expect_problem(422, "idempotency_key_reused");
                others += 1;
            }
        }
        world.undo().await;

        let what = operation.name();
        assert_eq!(made(&ada).len(), 1, "{what}: {ada:?}");
        // Making a tenant ends the session that asked: what comes after it is nobody's.
        let is_known = |answer: &Answer| {
            answer.status.is_success() || answer.status == StatusCode::UNAUTHORIZED
        };
        assert!(ada.iter().all(is_known), "{what}: {ada:?}");
        let theirs = made(std::slice::from_ref(&bob));
        assert!(theirs.is_disjoint(&made(&ada)), "{what}: {bob:?}");
        probes += 1;
    }

    assert!(probes >= 4, "only {probes} routes take a key");
    assert!(others >= 2, "only {others} were tried with another command");
}
