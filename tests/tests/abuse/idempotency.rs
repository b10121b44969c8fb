//! One idempotency key in many hands: F-13.

use std::collections::BTreeSet;

use futures::future::join_all;
use http::StatusCode;
use serde_json::{Value, json};
use testkit::Answer;

use crate::document::Operation;
use crate::fixture::Person;
use crate::ids;
use crate::stored::Change;
use crate::world::{World, at};

/// Requests at once.
const AT_ONCE: usize = 20;
const KEY: &str = "the same for all";

async fn make(world: &World, operation: &Operation, who: &Person, places: &[usize]) -> Answer {
    let body = body(world, operation, who);
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

/// The smallest command. It is the same of everybody, where no ids of theirs are in it.
fn body(world: &World, operation: &Operation, who: &Person) -> Value {
    let mut body = world.body(operation, who).unwrap_or_default();
    // An account of a network is in one tenant at a time.
    if let Some(identifier) = body.pointer_mut("/credentials/identifier") {
        *identifier = json!(format!("guest-of-{}", who.tenant));
    }
    body
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

/// The ids of what was made or found again; every answer must be a success.
fn made(what: &str, answers: &[Answer]) -> BTreeSet<String> {
    for answer in answers {
        assert!(answer.status.is_success(), "{what}: {answer:?}");
    }
    let ids = answers.iter().map(|answer| answer.body["id"].as_str());
    ids.map(|id| id.unwrap().to_owned()).collect()
}

/// What a command leaves behind, whoever gave it.
fn acts(changes: &[Change]) -> Vec<String> {
    let acts = changes.iter().map(|change| ids::without_ids(&change.act()));
    let mut acts: Vec<String> = acts.collect();
    acts.sort();
    acts
}

#[tokio::test(flavor = "multi_thread")]
async fn f_13_idempotency_key_makes_one_thing_in_each_tenant() {
    let world = World::new().await;
    let (mut probes, mut same, mut others) = (0, 0, 0);
    for operation in world.operations() {
        if !operation.takes_key {
            continue;
        }
        let what = operation.name();
        let places = world.recognised(&operation, &world.ada).await.unwrap();
        let alone = make(&world, &operation, &world.bob, &places).await;
        made(&what, &[alone]);
        let alone = acts(&world.undo().await);

        let at_once = (0..AT_ONCE).map(|_| make(&world, &operation, &world.ada, &places));
        let mut ada = join_all(at_once).await;
        let bob = make(&world, &operation, &world.bob, &places).await;
        let body = body(&world, &operation, &world.ada);
        same += usize::from(body == self::body(&world, &operation, &world.bob));
        if let Some(other) = changed(body) {
            let other = make_of(&world, &operation, &world.ada, &places, other).await;
            // Where the session that asked is still there.
            if other.status != StatusCode::UNAUTHORIZED {
                other.expect_problem(422, "idempotency_key_reused");
                others += 1;
            }
        }
        let both = acts(&world.undo().await);

        // Making a tenant ends the session that asked: what comes after it is nobody's.
        if what == "POST /v1/tenants" {
            ada.retain(|answer| answer.status != StatusCode::UNAUTHORIZED);
        }
        let (ada, bob) = (made(&what, &ada), made(&what, &[bob]));
        assert_eq!((ada.len(), bob.len()), (1, 1), "{what}");
        assert!(bob.is_disjoint(&ada), "{what}: {bob:?}");
        let twice = alone.iter().flat_map(|act| [act, act]);
        assert!(
            both.iter().eq(twice),
            "{what}: {both:?}, not twice {alone:?}"
        );
        probes += 1;
    }

    assert!(probes >= 7, "only {probes} routes take a key");
    assert!(same >= 5, "only {same} take the same body from both");
    assert!(others >= 4, "only {others} were tried with another command");
}
