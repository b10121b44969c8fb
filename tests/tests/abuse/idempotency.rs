//! One idempotency key in many hands: F-13.

use std::collections::BTreeSet;

use futures::future::join_all;
use http::StatusCode;
use testkit::Answer;

use crate::document::Operation;
use crate::fixture::Person;
use crate::world::{World, at};

/// Requests at once.
const AT_ONCE: usize = 10;
const KEY: &str = "the same for all";

async fn make(world: &World, operation: &Operation, who: &Person, places: &[usize]) -> Answer {
    let path = operation.path_with(&at(who, places));
    let call = world.product.api.call(operation.method.clone(), path);
    let call = call.cookie(&who.cookie).header("idempotency-key", KEY);
    let body = world.body(operation, who).unwrap_or_default();
    call.header("if-match", "*").json(&body).send().await
}

fn made(answers: &[Answer]) -> BTreeSet<String> {
    let done = answers.iter().filter(|answer| answer.status.is_success());
    done.map(|answer| answer.body["id"].to_string()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn f_13_idempotency_key_makes_one_thing_in_each_tenant() {
    let world = World::new().await;
    let mut probes = 0;
    for operation in world.operations() {
        if !operation.takes_key {
            continue;
        }
        let places = world.recognised(&operation, &world.ada).await.unwrap();
        let at_once = (0..AT_ONCE).map(|_| make(&world, &operation, &world.ada, &places));
        let ada = join_all(at_once).await;
        let bob = make(&world, &operation, &world.bob, &places).await;
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
}
