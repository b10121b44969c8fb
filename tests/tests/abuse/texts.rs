//! Texts that mean something to whoever shows or sends them: F-23, F-25, F-34.

use serde_json::{Value, json};
use testkit::FakeNetwork;

use crate::places::{put, texts};
use crate::two::Two;
use crate::world::{Request, World, at, fill};

fn payloads() -> Vec<String> {
    vec![
        "a\r\nset-cookie: sid=stolen\r\n\r\n<html>".to_owned(),
        "a\u{0}b".to_owned(),
        "<script>alert(1)</script><img src=x onerror=alert(1)>".to_owned(),
        "=cmd|' /C calc'!A0".to_owned(),
        "{{constructor.constructor('alert(1)')()}} ${7*7}".to_owned(),
        "../../etc/passwd".to_owned(),
        "javascript:alert(1)".to_owned(),
        // Texts on which patterns with repeats in repeats never end.
        format!("{}!", "a".repeat(50_000)),
        "a\u{301}".repeat(20_000),
        "\u{202e}\u{feff}\u{200d}".repeat(1_000),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn f_23_f_34_text_with_a_meaning_stays_a_text_in_every_answer() {
    let world = World::new().await;
    let mut findings = Vec::new();
    let mut probes = 0;
    for operation in world.document.operations() {
        let Some(schema) = &operation.body else {
            continue;
        };
        let places = world.recognised(&operation, &world.ada).await;
        let path = operation.path_with(&at(&world.ada, &places.unwrap_or_default()));
        let cookie = (!operation.is_public()).then_some(world.ada.cookie.as_str());
        for place in texts(&world.document, schema) {
            for payload in payloads() {
                let mut body = world.document.sample("", schema);
                put(
                    &world.document,
                    schema,
                    &mut body,
                    &place.steps,
                    json!(payload),
                );
                fill(&mut body, &world.ada);
                let request = Request {
                    method: operation.method.clone(),
                    path: path.clone(),
                    body: Some(body),
                };
                let seen = world.call(cookie, &request).await;
                probes += 1;

                let begin: String = payload.chars().take(12).collect();
                let what = format!("{} with {begin:?} at {}", operation.name(), place.pointer());
                if seen.status.is_server_error() {
                    findings.push(format!("{what}: {}", seen.status));
                }
                let is_json = |(name, value): &(String, String)| {
                    name != "content-type"
                        || value == "application/json"
                        || value == "application/problem+json"
                };
                if !seen.headers.iter().all(is_json) {
                    findings.push(format!("{what}: {:?}", seen.headers));
                }
                let holds = |(name, value): &(String, String)| {
                    value.contains("stolen") || value.contains("<script") || name == "sid"
                };
                if seen.headers.iter().any(holds) {
                    findings.push(format!("{what}: a header holds it: {:?}", seen.headers));
                }
            }
        }
    }

    assert!(findings.is_empty(), "\n{}\n", findings.join("\n"));
    assert!(probes > 200, "only {probes} probes were generated");
}

/// A letter with half a million marks is one character to people; nothing may take long to find out.
#[tokio::test(flavor = "multi_thread")]
async fn f_25_caption_of_a_megabyte_of_combining_marks_is_refused() {
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

    let megabyte = post("/v1/posts", &caption(500_000)).await;
    megabyte.expect_problem(413, "body_too_large");
    // Nearly all that a body may have.
    let largest = post("/v1/posts", &caption(125_000)).await.expect(422).body;

    let codes: Vec<&Value> = largest["errors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|error| &error["code"])
        .collect();
    assert_eq!(codes, ["too_long"]);
}
