//! Bodies around the most that a gateway takes: F-22.

use serde_json::{Value, json};

use crate::process::Process;
use crate::wire::send;

/// What the API Gateway takes.
const GATEWAY_MAX: usize = 10 * 1024 * 1024;
/// What a route takes.
const ROUTE_MAX: usize = 256 * 1024;

/// Two requests on one connection: one with this body, and one that asks whether it goes on.
fn with_next(host: &Process, framing: &str, body: &[u8]) -> Vec<u8> {
    let authority = host.base.strip_prefix("http://").unwrap();
    let head = format!(
        "POST /v1/auth/login HTTP/1.1\r\nHost: {authority}\r\nContent-Type: application/json\r\n{framing}\r\n\r\n"
    );
    let next = format!("GET /health HTTP/1.1\r\nHost: {authority}\r\nConnection: close\r\n\r\n");
    [head.as_bytes(), body, next.as_bytes()].concat()
}

/// The problem that an answer is, with the id of its request.
fn problem(answer: &str) -> Value {
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    let head = head.to_ascii_lowercase();
    assert!(
        head.contains("content-type: application/problem+json"),
        "{head}"
    );
    let body: Value = serde_json::from_str(body).unwrap();
    let id = body["instance"].as_str().unwrap();
    assert!(head.contains(&format!("x-request-id: {id}")), "{head}");
    body
}

#[tokio::test]
async fn f_22_body_around_what_a_gateway_takes_is_refused_and_its_connection_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let host = Process::start(folder.path());
    for (length, most) in [
        (GATEWAY_MAX - 1, ROUTE_MAX),
        (GATEWAY_MAX, ROUTE_MAX),
        (GATEWAY_MAX + 1, GATEWAY_MAX),
        (3 * GATEWAY_MAX, GATEWAY_MAX),
    ] {
        let spaces = vec![b' '; length];
        let chunks = [
            format!("{length:x}\r\n").as_bytes(),
            &spaces,
            b"\r\n0\r\n\r\n",
        ]
        .concat();
        for (framing, body) in [
            (format!("Content-Length: {length}"), &spaces),
            ("Transfer-Encoding: chunked".to_owned(), &chunks),
        ] {
            let answers = send(&host, &with_next(&host, &framing, body)).await;

            let what = format!("{length} bytes, {framing}: {}", answers.text);
            assert_eq!(answers.statuses(), ["413", "200"], "{what}");
            let refusal = problem(answers.each().next().unwrap());
            assert_eq!(refusal["code"], "body_too_large", "{what}");
            let detail = format!("the body is larger than {most} bytes");
            assert_eq!(refusal["detail"], json!(detail), "{what}");
        }
    }
}

#[tokio::test]
async fn f_22_body_whose_chunks_are_none_is_malformed() {
    let folder = tempfile::tempdir().unwrap();
    let host = Process::start(folder.path());

    let broken = with_next(&host, "Transfer-Encoding: chunked", b"2\r\n{}zz");
    let answers = send(&host, &broken).await;

    // Nobody knows where the next request begins.
    assert_eq!(answers.statuses(), ["400"], "{}", answers.text);
    let refusal = problem(answers.each().next().unwrap());
    assert_eq!(refusal["code"], "malformed_request");
}
