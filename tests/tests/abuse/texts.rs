//! Texts that mean something to whoever shows, sends or searches them: F-23, F-25, F-34.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::time::Duration;

use serde_json::{Value, json};
use testkit::{Answer, FakeNetwork};

use crate::cpu;
use crate::document::{Operation, kind};
use crate::echo::{Brought, Echo};
use crate::places::{put, texts};
use crate::two::Two;
use crate::world::{Observed, Request, World, at, fill};

/// What a request may compute, without optimisation and with the table in the same process.
const CPU_MAX: Duration = Duration::from_millis(200);
/// A busy machine may make one try dear, but not each of them.
const TRIES: usize = 3;
/// An address takes less than a body.
const IN_ADDRESS_MAX: usize = 5_000;

/// Places whose texts are taken and shown by no answer along the path: where a consent page is opened, which is of another
/// server, and whoever is not signed in.
const UNSHOWN: [&str; 4] = [
    "POST /v1/accounts/authorizations /handle",
    "POST /v1/accounts/authorizations /server",
    "POST /v1/auth/register /name",
    "POST /v1/auth/register /password",
];

fn payloads() -> Vec<String> {
    vec![
        "a\r\nset-cookie: sid=stolen\r\n\r\n<html>".to_owned(),
        "a\u{0}b".to_owned(),
        "<script>alert(1)</script><img src=x onerror=alert(1)>".to_owned(),
        // Names are short, and those of files have no slash.
        "<script>alert(1)</script>".to_owned(),
        "<script>alert(1)<x>.png".to_owned(),
        // What is escaped already, spaces, a letter and its mark, a face of three signs.
        "&lt;b&gt; &amp;  %3Cb%3E \\u003c e\u{301} \u{1f469}\u{200d}\u{1f4bb}".to_owned(),
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
    /// Where it is one of the body.
    brought: Option<Brought>,
}

#[tokio::test(flavor = "multi_thread")]
async fn f_23_f_25_f_34_text_with_a_meaning_stays_a_text_in_every_answer_and_takes_no_time() {
    let world = World::new().await;
    let echo = Echo::new(&world.document);
    let mut findings = Vec::new();
    let (mut shown, mut unshown) = (BTreeSet::new(), BTreeSet::new());
    let mut probes = 0;
    for operation in world.document.operations() {
        let cookie = (!operation.is_public()).then_some(world.ada.cookie.as_str());
        for probe in probes_of(&world, &operation).await {
            let Probe {
                what,
                request,
                brought,
            } = probe;
            let seen = world.call(cookie, &request).await;
            probes += 1;
            if let Some(brought) = brought.filter(|_| seen.status.is_success()) {
                let seen = echo.of(&world, cookie, &request, &brought).await;
                findings.extend(seen.faults.iter().map(|fault| format!("{what}: {fault}")));
                let place = format!("{} {}", operation.name(), brought.pointer);
                if seen.places == 0 {
                    unshown.insert(place);
                } else {
                    shown.insert(place);
                }
            }
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
    assert!(shown.len() >= 19, "only {shown:?} take such texts");
    assert_eq!(Vec::from_iter(unshown), UNSHOWN);
}

/// Every payload at every place of a route's body and query that takes a text.
async fn probes_of(world: &World, operation: &Operation) -> Vec<Probe> {
    let places = world.recognised(operation, &world.ada).await;
    let path = operation.path_with(&at(&world.ada, &places.unwrap_or_default()));
    let mut probes = Vec::new();
    for payload in payloads() {
        let begin: String = payload.chars().take(12).collect();
        let mut add = |place: &str, path: String, body: Option<Value>, is_of_body: bool| {
            probes.push(Probe {
                what: format!("{} with {begin:?} at {place}", operation.name()),
                request: Request {
                    method: operation.method.clone(),
                    path,
                    body,
                },
                brought: is_of_body.then(|| Brought {
                    pointer: place.to_owned(),
                    text: payload.clone(),
                }),
            });
        };
        if let Some(schema) = &operation.body {
            for place in texts(&world.document, schema) {
                let mut body = world.document.sample("", schema);
                let value = json!(payload);
                put(&world.document, schema, &mut body, &place.steps, value);
                fill(&mut body, &world.ada);
                add(&place.pointer(), path.clone(), Some(body), true);
            }
        }
        for parameter in &operation.query {
            if kind(world.document.resolve(&parameter.schema)) == "string" {
                let value = in_address(&payload);
                let path = format!("{path}?{}={value}", parameter.name);
                let body = world.body(operation, &world.ada);
                add(&parameter.name, path, body, false);
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
