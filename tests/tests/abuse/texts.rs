//! Texts that mean something to whoever shows, sends or searches them: F-23, F-25, F-34.

use std::fmt::Write as _;
use std::time::Duration;

use serde_json::{Value, json};
use testkit::{Answer, FakeNetwork};

use crate::cpu;
use crate::document::{Operation, kind};
use crate::places::{put, texts};
use crate::two::Two;
use crate::world::{Observed, Request, World, at, fill};

/// What a request may compute, without optimisation and with the table in the same process.
const CPU_MAX: Duration = Duration::from_millis(200);
/// A busy machine may make one try dear, but not each of them.
const TRIES: usize = 3;
/// An address takes less than a body.
const IN_ADDRESS_MAX: usize = 5_000;

fn payloads() -> Vec<String> {
    vec![
        "a\r\nset-cookie: sid=stolen\r\n\r\n<html>".to_owned(),
        "a\u{0}b".to_owned(),
        "<script>alert(1)</script><img src=x onerror=alert(1)>".to_owned(),
        "=cmd|' /C calc'!A0".to_owned(),
        "{{constructor.constructor('alert(1)')()}} ${7*7}".to_owned(),
        "../../etc/passwd".to_owned(),
        "javascript:alert(1)".to_owned(),
        // Texts on which patterns with repeats in repeats never end; such patterns, brackets, places of templates and
        // addresses.
        format!("{}!", "a".repeat(50_000)),
        format!("{}{}$", "(a+)+|".repeat(5_000), "[(".repeat(5_000)),
        format!(
            "https://{}{}",
            "a.b/#@".repeat(4_000),
            "{name}{{".repeat(2_000)
        ),
        "a\u{301}".repeat(20_000),
        "\u{202e}\u{feff}\u{200d}".repeat(1_000),
    ]
}

/// A text at a place of a request.
struct Probe {
    what: String,
    request: Request,
}

#[tokio::test(flavor = "multi_thread")]
async fn f_23_f_25_f_34_text_with_a_meaning_stays_a_text_in_every_answer_and_takes_no_time() {
    let world = World::new().await;
    let mut findings = Vec::new();
    let mut probes = 0;
    for operation in world.document.operations() {
        let cookie = (!operation.is_public()).then_some(world.ada.cookie.as_str());
        for Probe { what, request } in probes_of(&world, &operation).await {
            let seen = world.call(cookie, &request).await;
            probes += 1;
            findings.extend(faults(&seen).map(|fault| format!("{what}: {fault}")));
            let mut least = seen.cpu;
            for _ in 1..TRIES {
                if least >= CPU_MAX {
                    least = least.min(world.call(cookie, &request).await.cpu);
                }
            }
            if least >= CPU_MAX {
                findings.push(format!("{what}: computes for {least:?}"));
            }
        }
    }

    assert!(findings.is_empty(), "\n{}\n", findings.join("\n"));
    assert!(probes > 400, "only {probes} probes were generated");
}

/// Every payload at every place of a route's body and query that takes a text.
async fn probes_of(world: &World, operation: &Operation) -> Vec<Probe> {
    let places = world.recognised(operation, &world.ada).await;
    let path = operation.path_with(&at(&world.ada, &places.unwrap_or_default()));
    let mut probes = Vec::new();
    for payload in payloads() {
        let begin: String = payload.chars().take(12).collect();
        let mut add = |place: &str, path: String, body: Option<Value>| {
            probes.push(Probe {
                what: format!("{} with {begin:?} at {place}", operation.name()),
                request: Request {
                    method: operation.method.clone(),
                    path,
                    body,
                },
            });
        };
        if let Some(schema) = &operation.body {
            for place in texts(&world.document, schema) {
                let mut body = world.document.sample("", schema);
                let value = json!(payload);
                put(&world.document, schema, &mut body, &place.steps, value);
                fill(&mut body, &world.ada);
                add(&place.pointer(), path.clone(), Some(body));
            }
        }
        for parameter in &operation.query {
            if kind(world.document.resolve(&parameter.schema)) == "string" {
                let value = in_address(&payload);
                let path = format!("{path}?{}={value}", parameter.name);
                add(&parameter.name, path, world.body(operation, &world.ada));
            }
        }
    }
    probes
}

fn in_address(text: &str) -> String {
    let mut encoded = String::new();
    for byte in text.bytes().take(IN_ADDRESS_MAX) {
        write!(encoded, "%{byte:02x}").unwrap();
    }
    encoded
}

/// What is wrong with an answer, whatever was asked.
fn faults(seen: &Observed) -> impl Iterator<Item = String> {
    let mut faults = Vec::new();
    if seen.status.is_server_error() {
        faults.push(seen.status.to_string());
    }
    let is_json = |(name, value): &(String, String)| {
        name != "content-type"
            || value == "application/json"
            || value == "application/problem+json"
            || value == "application/jsonl"
            || value == "image/jpeg"
    };
    if !seen.headers.iter().all(is_json) {
        faults.push(format!("{:?}", seen.headers));
    }
    let holds = |(name, value): &(String, String)| {
        value.contains("stolen") || value.contains("<script") || name == "sid"
    };
    if seen.headers.iter().any(holds) {
        faults.push(format!("a header holds it: {:?}", seen.headers));
    }
    faults.into_iter()
}

/// A letter with half a million marks is one character to people; nothing may take long to find out.
#[tokio::test(flavor = "multi_thread")]
async fn f_25_caption_of_a_megabyte_of_combining_marks_is_refused_in_no_time() {
    let two = Two::new().await;
    let post = async |path: &str, body: &Value| {
        let call = two.product.api.post(path).cookie(&two.ada);
        call.json(body).send().await
    };
    let named = json!({ "identifier": "ada" });
    let account = json!({ "network": FakeNetwork::ID, "credentials": named });
    let account = post("/v1/accounts", &account).await.expect(201).body;
    let caption = |marks: usize| {
        json!({
            "when": { "at": "2026-12-02T09:00:00Z" },
            "base": { "text": format!("a{}", "\u{301}".repeat(marks)) },
            "targets": [{ "account_id": account["id"] }],
        })
    };
    let quickly = async |body: Value| -> Answer {
        let mut least = Duration::MAX;
        let mut last = None;
        for _ in 0..TRIES {
            let before = cpu::spent();
            last = Some(post("/v1/posts", &body).await);
            least = least.min(cpu::spent().saturating_sub(before));
        }
        assert!(least < CPU_MAX, "computes for {least:?}");
        last.unwrap()
    };

    let megabyte = quickly(caption(500_000)).await;
    megabyte.expect_problem(413, "body_too_large");
    // Nearly all that a body may have.
    let largest = quickly(caption(125_000)).await.expect(422).body;

    let codes: Vec<&Value> = largest["errors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|error| &error["code"])
        .collect();
    assert_eq!(codes, ["too_long"]);
}
