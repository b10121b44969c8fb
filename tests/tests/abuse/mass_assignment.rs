//! Fields that a route does not take: F-24.

use futures::StreamExt as _;
use http::StatusCode;
use serde_json::{Value, json};

use crate::document::{kind, says_id};
use crate::places::{Step, objects, put};
use crate::world::{Request, World, at, fill, listed};

/// Calls at once.
const AT_ONCE: usize = 8;

#[tokio::test(flavor = "multi_thread")]
async fn id_38_f_24_known_field_that_a_route_does_not_take_is_refused_with_its_path() {
    let mut world = World::new().await;
    let supporter = world.supporter().await;
    let names = world.document.member_names();
    let mut findings = Vec::new();
    let mut probes = 0;
    for operation in world.document.operations() {
        let Some(schema) = &operation.body else {
            continue;
        };
        let places = world.recognised(&operation, &world.ada).await;
        let path = operation.path_with(&at(&world.ada, &places.unwrap_or_default()));
        let cookie = operation.asked_by(&world.ada.cookie, &supporter);
        let mut calls = Vec::new();
        for object in objects(&world.document, schema) {
            let taken = world
                .document
                .members(&object_schema(&world, schema, &object.steps));
            for (name, member) in names.iter().filter(|(name, _)| !taken.contains_key(name)) {
                let mut body = world.document.sample("", schema);
                let mut changed = current(&body, &object.pointer());
                changed[name] = value(&world, name, member);
                put(&world.document, schema, &mut body, &object.steps, changed);
                fill(&mut body, &world.ada);
                let request = Request {
                    method: operation.method.clone(),
                    path: path.clone(),
                    body: Some(body),
                };
                calls.push((format!("{}/{name}", object.pointer()), request));
            }
        }
        probes += calls.len();
        let answers = futures::stream::iter(calls).map(async |(pointer, request)| {
            let mut call = world.product.api.call(request.method, request.path);
            if let Some(cookie) = cookie {
                call = call.cookie(cookie);
            }
            let call = call.header("if-match", "*").json(&request.body.unwrap());
            (pointer, call.send().await)
        });
        let answers: Vec<_> = answers.buffer_unordered(AT_ONCE).collect().await;
        for (pointer, answer) in answers {
            let is_named = answer.body["errors"][0]["pointer"] == pointer;
            let is_unknown = answer.body["errors"][0]["code"] == "unknown_field";
            if answer.status != StatusCode::UNPROCESSABLE_ENTITY || !is_named || !is_unknown {
                findings.push(format!(
                    "{} with {pointer}: {} {}",
                    operation.name(),
                    answer.status,
                    answer.body
                ));
            }
        }
        let changes = world.undo().await;
        if !changes.is_empty() {
            findings.push(format!("{}: {}", operation.name(), listed(&changes)));
        }
    }

    findings.truncate(20);
    assert!(findings.is_empty(), "\n{}\n", findings.join("\n"));
    assert!(probes > 1_000, "only {probes} probes were generated");
}

/// A value of the type that the field has elsewhere.
fn value(world: &World, name: &str, member: &Value) -> Value {
    let schema = world.document.resolve(member);
    match kind(schema) {
        "object" => json!({}),
        "array" => json!([]),
        "integer" | "number" => json!(1),
        "boolean" => json!(true),
        _ if says_id(name, schema) => json!(world.bob.tenant),
        _ => json!("owner"),
    }
}

/// What the sample has at a place; an object without members where it has nothing.
fn current(body: &Value, pointer: &str) -> Value {
    body.pointer(pointer)
        .filter(|value| value.is_object())
        .cloned()
        .unwrap_or_else(|| json!({}))
}

fn object_schema(world: &World, schema: &Value, steps: &[Step]) -> Value {
    steps
        .iter()
        .fold(schema.clone(), |schema, step| match step {
            Step::Member(name) => world.document.members(&schema)[name].clone(),
            Step::Item => world.document.resolve(&schema)["items"].clone(),
        })
}
