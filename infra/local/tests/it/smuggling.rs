//! Requests that two readers could take for two different ones, sent byte by byte: F-35.

use serde_json::json;

use crate::process::Process;
use crate::wire::send;

/// Whoever is registered by a request that was hidden in another one.
const HIDDEN: &str = "hidden@example.com";

/// A request that would be seen if it were served: somebody gets a mail.
fn hidden(host: &Process) -> String {
    let body =
        json!({ "email": HIDDEN, "password": "seven looms weave flowers", "name": "Hidden" });
    let body = body.to_string();
    let authority = host.base.strip_prefix("http://").unwrap();
    format!(
        "POST /v1/auth/register HTTP/1.1\r\nHost: {authority}\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    )
}

/// A request to sign in, with these headers before the end of its head and this after it.
fn outer(host: &Process, headers: &str, after: &str) -> String {
    let authority = host.base.strip_prefix("http://").unwrap();
    format!(
        "POST /v1/auth/login HTTP/1.1\r\nHost: {authority}\r\nContent-Type: application/json\r\n{headers}\r\n\r\n{after}"
    )
}

#[tokio::test]
async fn f_35_request_behind_an_honest_one_is_served() {
    let folder = tempfile::tempdir().unwrap();
    let host = Process::start(folder.path());

    let both = outer(&host, "Content-Length: 2", "{}") + &hidden(&host);
    let answers = send(&host, both.as_bytes()).await;

    // So the tests below would see it.
    assert_eq!(answers.statuses(), ["422", "202"], "{}", answers.text);
    assert_eq!(host.mails(HIDDEN).await.len(), 1);
}

#[tokio::test]
async fn f_35_request_with_two_lengths_or_a_folded_line_hides_no_other() {
    let folder = tempfile::tempdir().unwrap();
    let host = Process::start(folder.path());
    let hidden = hidden(&host);
    let length = hidden.len();
    let end = "0\r\n\r\n";
    let both = length + end.len();
    let chunk = format!("{length:x}\r\n{hidden}\r\n{end}");
    let smuggled = [
        // A length and chunks, in both orders.
        (
            format!("Transfer-Encoding: chunked\r\nContent-Length: {both}"),
            format!("{end}{hidden}"),
        ),
        (
            format!("Content-Length: {both}\r\nTransfer-Encoding: chunked"),
            format!("{end}{hidden}"),
        ),
        (
            "Content-Length: 5\r\nTransfer-Encoding: chunked".to_owned(),
            format!("{end}{hidden}"),
        ),
        // Two lengths.
        (
            format!("Content-Length: 0\r\nContent-Length: {length}"),
            hidden.clone(),
        ),
        (
            format!("Content-Length: {length}\r\nContent-Length: 0"),
            hidden.clone(),
        ),
        (format!("Content-Length: 0, {length}"), hidden.clone()),
        // Lengths that are none.
        (format!("Content-Length: +{length}"), hidden.clone()),
        ("Content-Length: -1".to_owned(), hidden.clone()),
        ("Content-Length: 0x0".to_owned(), hidden.clone()),
        ("Content-Length: 0 0".to_owned(), hidden.clone()),
        (
            "Content-Length: 18446744073709551616".to_owned(),
            hidden.clone(),
        ),
        // Encodings that are not quite chunks.
        ("Transfer-Encoding: xchunked".to_owned(), chunk.clone()),
        ("Transfer-Encoding: identity".to_owned(), chunk.clone()),
        (
            "Transfer-Encoding: chunked, identity".to_owned(),
            chunk.clone(),
        ),
        (
            "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity".to_owned(),
            chunk.clone(),
        ),
        ("Transfer-Encoding : chunked".to_owned(), chunk.clone()),
        ("Transfer-Encoding:\u{b}chunked".to_owned(), chunk.clone()),
        // Lines that are folded.
        (
            "X-Note: a\r\n b\r\nContent-Length: 0".to_owned(),
            hidden.clone(),
        ),
        (format!("Content-Length:\r\n {length}"), hidden.clone()),
        ("Transfer-Encoding:\r\n chunked".to_owned(), chunk.clone()),
        (" X-Note: a\r\nContent-Length: 0".to_owned(), hidden.clone()),
        // Returns without a line feed, and no text at all.
        ("X-Note: a\rContent-Length: 0".to_owned(), hidden.clone()),
        (
            format!("X-Note: a\r\rContent-Length: {length}"),
            hidden.clone(),
        ),
        (
            "X-Note: a\u{0}\r\nContent-Length: 0".to_owned(),
            hidden.clone(),
        ),
        ("Content-Length\u{0}: 0".to_owned(), hidden.clone()),
        // Chunks whose sizes are none.
        (
            "Transfer-Encoding: chunked".to_owned(),
            format!("0x0\r\n\r\n{hidden}"),
        ),
        (
            "Transfer-Encoding: chunked".to_owned(),
            format!("-0\r\n\r\n{hidden}"),
        ),
        (
            "Transfer-Encoding: chunked".to_owned(),
            format!("10000000000000000\r\n{hidden}"),
        ),
        (
            "Transfer-Encoding: chunked".to_owned(),
            format!("0\r\r\n{hidden}"),
        ),
        (
            "Transfer-Encoding: chunked".to_owned(),
            format!("1\r\n{{}}0\r\n\r\n{hidden}"),
        ),
    ];

    for (headers, after) in smuggled {
        let answers = send(&host, outer(&host, &headers, &after).as_bytes()).await;

        let statuses = answers.statuses();
        let is_refused = matches!(statuses.as_slice(), [] | ["400" | "413" | "415" | "422"]);
        assert!(is_refused, "{headers:?}: {}", answers.text);
    }
    assert_eq!(host.mails(HIDDEN).await.len(), 0);
}

#[tokio::test]
async fn f_35_request_line_has_one_reading() {
    let folder = tempfile::tempdir().unwrap();
    let host = Process::start(folder.path());
    let authority = host.base.strip_prefix("http://").unwrap();
    let ask = async |line: &str| {
        let request = format!("{line}\r\nHost: {authority}\r\nConnection: close\r\n\r\n");
        send(&host, request.as_bytes()).await
    };
    let honest = ask("GET /v1/me HTTP/1.1").await;
    assert_eq!(honest.statuses(), ["401"], "{}", honest.text);

    for line in [
        "GET //v1/me HTTP/1.1",
        "GET /v1//me HTTP/1.1",
        "GET /v1/me/ HTTP/1.1",
        "GET /v1/me. HTTP/1.1",
        "GET /V1/me HTTP/1.1",
        "GET /v1/Me HTTP/1.1",
        "GET /v1/%6de HTTP/1.1",
        "GET /v1%2fme HTTP/1.1",
        "GET /v1/me%00 HTTP/1.1",
        "GET /v1/posts/../me HTTP/1.1",
        "GET /v1/posts/%2e%2e/me HTTP/1.1",
        "GET /%2e/v1/me HTTP/1.1",
        "GET /v1\\me HTTP/1.1",
        "GET /v1/me\tHTTP/1.1",
        "GET  /v1/me HTTP/1.1",
        "GET /v1/me  HTTP/1.1",
        "GET /v1/me\rX: a HTTP/1.1",
        "GET /v1/me HTTP/1.1 HTTP/1.1",
        "GET /v1/me HTTP/1.2",
        "GET /v1/me HTTP/2.0",
        "GET /v1/me HTTP/01.1",
        "GET v1/me HTTP/1.1",
        "get /v1/me HTTP/1.1",
        " GET /v1/me HTTP/1.1",
        "GET: /v1/me HTTP/1.1",
        "DELETE\u{0}GET /v1/me HTTP/1.1",
    ] {
        let answers = ask(line).await;

        let statuses = answers.statuses();
        // What is no path of the API is one of the dashboard, which is not there.
        let is_refused = matches!(statuses.as_slice(), [] | ["400" | "404" | "405" | "503"]);
        assert!(is_refused, "{line:?}: {}", answers.text);
    }
}
