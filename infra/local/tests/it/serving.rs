use reqwest::StatusCode;
use reqwest::header::{CONTENT_SECURITY_POLICY, CONTENT_TYPE, LOCATION};
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::process::Process;

#[tokio::test]
async fn ready_host_answers_its_health_and_its_documents() {
    let folder = tempfile::tempdir().unwrap();
    let host = Process::start(folder.path());

    assert_eq!(host.json("/health").await["status"], "ok");
    let document = host.json("/openapi.json").await;
    for path in [
        "/v1/auth/register",
        "/v1/accounts",
        "/v1/media",
        "/v1/posts",
    ] {
        assert!(document["paths"].get(path).is_some(), "{path}");
    }
    let page = host.get("/docs").await;
    let policy = page.headers()[CONTENT_SECURITY_POLICY].to_str().unwrap();
    assert!(policy.starts_with("default-src 'none'"), "{policy}");
    assert!(page.text().await.unwrap().contains("/v1/posts"));
}

#[tokio::test]
async fn document_names_no_local_helper() {
    let folder = tempfile::tempdir().unwrap();
    let host = Process::start(folder.path());

    let document = host.json("/openapi.json").await;

    let paths = document["paths"].as_object().unwrap();
    assert!(
        paths
            .keys()
            .all(|path| path.starts_with("/v1/") || path.starts_with("/.well-known/"))
    );
}

#[tokio::test]
async fn unknown_path_of_the_api_is_a_problem_and_never_the_dashboard() {
    let folder = tempfile::tempdir().unwrap();
    let host = Process::start(folder.path());

    for path in [
        "/v1",
        "/v1/",
        "/v1/nothing",
        "/local/nothing",
        "/.well-known/nothing",
    ] {
        let answer = host.get(path).await;

        assert_eq!(answer.status(), StatusCode::NOT_FOUND, "{path}");
        assert_eq!(answer.headers()[CONTENT_TYPE], "application/problem+json");
    }
    let wrong_method = host.post("/v1/networks", &json!({})).await;
    assert_eq!(wrong_method.status(), StatusCode::METHOD_NOT_ALLOWED);
}

#[tokio::test]
async fn connection_whose_body_came_late_goes_on_after_the_refusal() {
    let folder = tempfile::tempdir().unwrap();
    let host = Process::start(folder.path());
    let address = host.base.strip_prefix("http://").unwrap();
    let mut connection = TcpStream::connect(address).await.unwrap();
    let head = "POST /v1/exports HTTP/1.1\r\nhost: localhost\r\ncontent-length: 2\r\n\r\n";
    connection.write_all(head.as_bytes()).await.unwrap();
    // The host has time to look at the head.
    host.json("/health").await;
    host.json("/v1/nothing").await;

    let rest = "{}GET /health HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n";
    connection.write_all(rest.as_bytes()).await.unwrap();
    let mut answers = String::new();
    connection.read_to_string(&mut answers).await.unwrap();

    let (refusal, answer) = answers.split_once("HTTP/1.1 200").unwrap();
    assert!(refusal.starts_with("HTTP/1.1 401"), "{refusal}");
    assert!(
        answer.ends_with(r#"{"local":true,"status":"ok"}"#),
        "{answer}"
    );
}

#[tokio::test]
async fn page_at_the_other_name_of_this_machine_leads_to_the_one_origin() {
    let folder = tempfile::tempdir().unwrap();
    let host = Process::start(folder.path());
    let port = host.base.rsplit(':').next().unwrap();

    let answer = host
        .get_as("/posts?state=failed", &format!("127.0.0.1:{port}"))
        .await;

    assert_eq!(answer.status(), StatusCode::TEMPORARY_REDIRECT);
    let location = answer.headers()[LOCATION].to_str().unwrap();
    assert_eq!(location, format!("{}/posts?state=failed", host.base));
}
