//! What the publisher sees in each mode.

use std::io::ErrorKind;

use domain::delivery::{FaultCategory, ProofKind};
use jiff::SignedDuration;
use networks::{CallOutcome, Network, NetworkError, Part, PollOutcome};
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::host::{Host, image, now, request, texts};

#[tokio::test]
async fn post_in_mode_ok_is_published_with_evidence_and_visible() {
    let host = Host::start().await;
    let account = host.connect("alice").await;

    let mut request = request(&account, "Hello <b>world</b> 👩🏽‍🚀");
    request.parts[0]
        .attachments
        .push(image(b"not really a PNG", "A picture"));
    let outcome = host.publish(&account.credential, &request).await;

    let CallOutcome::Published(evidence) = outcome else {
        panic!("{outcome:?}")
    };
    let posts = host.posts("alice").await;
    assert_eq!(texts(&posts), ["Hello <b>world</b> 👩🏽‍🚀"]);
    assert_eq!(evidence.remote_id.as_deref(), posts[0]["id"].as_str());
    assert_eq!(evidence.proof, ProofKind::Response);
    assert_eq!(
        posts[0]["posted_at"].as_str().unwrap().len(),
        "2026-12-01T09:00:00.000Z".len()
    );
    assert_eq!(posts[0]["media"][0]["alt_text"], "A picture");
    let (status, bytes) = host
        .get(
            posts[0]["media"][0]["url"]
                .as_str()
                .unwrap()
                .parse()
                .unwrap(),
        )
        .await;
    assert_eq!(
        (status, bytes.as_ref()),
        (200, b"not really a PNG".as_slice())
    );
    let (status, page) = host.get(evidence.permalink.unwrap().parse().unwrap()).await;
    let page = String::from_utf8(page.to_vec()).unwrap();
    assert_eq!(status, 200);
    assert!(
        page.contains("Hello &lt;b&gt;world&lt;/b&gt; 👩🏽‍🚀") && page.contains(r#"alt="A picture""#)
    );
}

#[tokio::test]
async fn post_that_is_called_twice_is_two_posts() {
    let host = Host::start().await;
    let account = host.connect("alice").await;
    let request = request(&account, "again");
    let prepared = host
        .network
        .prepare(&account.credential, &request)
        .await
        .unwrap();

    for _ in 0..2 {
        let outcome = host
            .network
            .call(&account.credential, &request, &prepared)
            .await;
        assert!(matches!(outcome, CallOutcome::Published(_)));
    }

    assert_eq!(texts(&host.posts("alice").await), ["again", "again"]);
}

#[tokio::test]
async fn prepared_post_is_not_visible() {
    let host = Host::start().await;
    let account = host.connect("alice").await;
    let mut request = request(&account, "later");
    request.parts[0].attachments.push(image(b"image", ""));

    host.network
        .prepare(&account.credential, &request)
        .await
        .unwrap();

    assert!(host.posts("alice").await.is_empty());
}

#[tokio::test]
async fn thread_appears_as_a_chain_of_replies() {
    let host = Host::start().await;
    let account = host.connect("alice").await;
    let mut request = request(&account, "one");
    for text in ["two", "three"] {
        request.parts.push(Part {
            text: text.to_owned(),
            attachments: Vec::new(),
        });
    }

    let outcome = host.publish(&account.credential, &request).await;

    let posts = host.posts("alice").await;
    assert!(matches!(outcome, CallOutcome::Published(_)));
    assert_eq!(texts(&posts), ["one", "two", "three"]);
    assert!(posts[0]["reply_to"].is_null());
    assert_eq!(posts[1]["reply_to"], posts[0]["id"]);
    assert_eq!(posts[2]["reply_to"], posts[1]["id"]);
}

#[tokio::test]
async fn slow_post_is_accepted_after_its_delay() {
    let host = Host::start().await;
    let account = host.connect("alice").await;
    host.behave(json!({"identifier": "alice", "mode": "slow", "delay_ms": 300}))
        .await;

    let called_at = now();
    let outcome = host
        .publish(&account.credential, &request(&account, "slow"))
        .await;

    let CallOutcome::Published(evidence) = outcome else {
        panic!("{outcome:?}")
    };
    assert!(evidence.published_at.duration_since(called_at) >= SignedDuration::from_millis(299));
    assert_eq!(texts(&host.posts("alice").await), ["slow"]);
}

#[tokio::test]
async fn error_after_accept_is_an_unknown_outcome_of_a_visible_post() {
    let host = Host::start().await;
    let account = host.connect("alice").await;
    host.behave(json!({"identifier": "alice", "mode": "error_after_accept", "times": 1}))
        .await;

    let outcome = host
        .publish(&account.credential, &request(&account, "there"))
        .await;

    assert!(
        matches!(outcome, CallOutcome::Unknown(fault) if fault.category == FaultCategory::OutcomeUnknown)
    );
    assert_eq!(texts(&host.posts("alice").await), ["there"]);
}

#[tokio::test]
async fn lost_answer_is_an_unknown_outcome_of_a_visible_post() {
    let host = Host::start().await;
    let account = host.connect("alice").await;
    host.behave(json!({"identifier": "alice", "mode": "lost_answer", "times": 1}))
        .await;

    let outcome = host
        .publish(&account.credential, &request(&account, "there"))
        .await;

    assert!(
        matches!(outcome, CallOutcome::Unknown(fault) if fault.category == FaultCategory::OutcomeUnknown)
    );
    assert_eq!(texts(&host.posts("alice").await), ["there"]);
}

#[tokio::test]
async fn lost_answer_closes_the_connection_without_a_byte() {
    let host = Host::start().await;
    let account = host.connect("alice").await;
    let token =
        serde_json::from_str::<serde_json::Value>(account.credential.expose()).unwrap()["token"]
            .as_str()
            .unwrap()
            .to_owned();
    host.behave(json!({"identifier": "alice", "mode": "lost_answer"}))
        .await;

    let body = json!({"parts": [{"text": "raw", "media": []}]}).to_string();
    let mut connection = TcpStream::connect(host.address).await.unwrap();
    let head = format!(
        "POST {}/api/posts HTTP/1.1\r\nhost: {}\r\nauthorization: Bearer {token}\r\ncontent-length: {}\r\n\r\n",
        playground::PREFIX,
        host.address,
        body.len()
    );
    connection
        .write_all(format!("{head}{body}").as_bytes())
        .await
        .unwrap();
    let mut answer = Vec::new();
    let end = connection.read_to_end(&mut answer).await;

    assert!(
        matches!(&end, Ok(0)) || end.is_err_and(|error| error.kind() == ErrorKind::ConnectionReset)
    );
    assert_eq!(String::from_utf8_lossy(&answer), "");
    assert_eq!(texts(&host.posts("alice").await), ["raw"]);
}

#[tokio::test]
async fn rate_limited_post_has_no_effect_and_names_the_pause() {
    let host = Host::start().await;
    let account = host.connect("alice").await;
    host.behave(
        json!({"identifier": "alice", "mode": "rate_limited", "delay_ms": 6500, "times": 1}),
    )
    .await;

    let outcome = host
        .publish(&account.credential, &request(&account, "once"))
        .await;

    let CallOutcome::NoEffect { fault, retry_after } = outcome else {
        panic!("{outcome:?}")
    };
    assert_eq!(fault.category, FaultCategory::RateLimit);
    assert_eq!(retry_after.unwrap().as_secs(), 7);
    assert!(host.posts("alice").await.is_empty());
}

#[tokio::test]
async fn rejected_post_is_refused_and_not_visible() {
    let host = Host::start().await;
    let account = host.connect("alice").await;
    host.behave(json!({"identifier": "alice", "mode": "rejected", "times": 1}))
        .await;

    let outcome = host
        .publish(&account.credential, &request(&account, "no"))
        .await;

    assert!(
        matches!(outcome, CallOutcome::Refused(fault) if fault.category == FaultCategory::Content)
    );
    assert!(host.posts("alice").await.is_empty());
}

#[tokio::test]
async fn text_over_the_limit_is_refused_by_the_network_too() {
    let host = Host::start().await;
    let account = host.connect("alice").await;

    let fits = host
        .publish(&account.credential, &request(&account, &"x".repeat(500)))
        .await;
    let exceeds = host
        .publish(&account.credential, &request(&account, &"x".repeat(501)))
        .await;

    assert!(matches!(fits, CallOutcome::Published(_)));
    assert!(matches!(exceeds, CallOutcome::Refused(_)));
    assert_eq!(host.posts("alice").await.len(), 1);
}

#[tokio::test]
async fn processing_post_is_visible_after_its_delay_and_polled_until_then() {
    let host = Host::start().await;
    let account = host.connect("alice").await;
    host.behave(json!({"identifier": "alice", "mode": "processing", "delay_ms": 700, "times": 1}))
        .await;
    let request = request(&account, "soon");

    let outcome = host.publish(&account.credential, &request).await;

    let CallOutcome::Processing(job) = outcome else {
        panic!("{outcome:?}")
    };
    assert!(host.posts("alice").await.is_empty());
    let early = host.network.poll(&account.credential, &request, &job).await;
    assert!(
        matches!(early, PollOutcome::Running { poll_at } if poll_at == job.poll_at),
        "{early:?}"
    );
    domain::Clock::wait_until(&cloud::clock::SystemClock, job.poll_at).await;
    let late = host.network.poll(&account.credential, &request, &job).await;
    let PollOutcome::Published(evidence) = late else {
        panic!("{late:?}")
    };
    let posts = host.posts("alice").await;
    assert_eq!(evidence.remote_id.as_deref(), posts[0]["id"].as_str());
    assert_eq!(evidence.published_at, job.poll_at);
}

#[tokio::test]
async fn job_of_another_account_is_unknown() {
    let host = Host::start().await;
    let alice = host.connect("alice").await;
    let bob = host.connect("bob").await;
    host.behave(json!({"identifier": "alice", "mode": "processing"}))
        .await;
    let request = request(&alice, "hers");
    let CallOutcome::Processing(job) = host.publish(&alice.credential, &request).await else {
        panic!("the mode is processing")
    };

    let outcome = host.network.poll(&bob.credential, &request, &job).await;

    assert!(matches!(outcome, PollOutcome::Unknown(_)));
}

#[tokio::test]
async fn revoked_account_is_unauthorized_until_it_connects_again() {
    let host = Host::start().await;
    let account = host.connect("alice").await;
    let request = request(&account, "back");
    let prepared = host
        .network
        .prepare(&account.credential, &request)
        .await
        .unwrap();
    host.behave(json!({"identifier": "alice", "mode": "revoked"}))
        .await;

    let check = host.network.check(&account.credential).await;
    let call = host
        .network
        .call(&account.credential, &request, &prepared)
        .await;

    assert!(matches!(check, Err(NetworkError::Unauthorized { .. })));
    assert!(
        matches!(call, CallOutcome::Unauthorized(fault) if fault.category == FaultCategory::Authentication)
    );
    assert!(host.posts("alice").await.is_empty());
    let again = host.connect("alice").await;
    assert_eq!(again.identity, account.identity);
    assert!(matches!(
        host.publish(&again.credential, &request).await,
        CallOutcome::Published(_)
    ));
}

#[tokio::test]
async fn network_that_does_not_listen_has_no_effect() {
    let host = Host::start().await;
    let account = host.connect("alice").await;
    let request = request(&account, "nowhere");
    let prepared = host
        .network
        .prepare(&account.credential, &request)
        .await
        .unwrap();
    let closed = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let gone = playground::Playground::new(
        format!("http://{closed}").parse().unwrap(),
        networks::HttpClient::new(networks::Egress::AllowLoopback).unwrap(),
        std::sync::Arc::new(cloud::clock::SystemClock),
    );

    let outcome = gone.call(&account.credential, &request, &prepared).await;

    assert!(
        matches!(&outcome, CallOutcome::NoEffect { fault, .. } if fault.code == "network_unavailable"),
        "{outcome:?}"
    );
}

#[tokio::test]
async fn accepted_posts_behaviour_and_sessions_survive_a_restart() {
    let mut host = Host::start().await;
    let account = host.connect("alice").await;
    host.publish(&account.credential, &request(&account, "kept"))
        .await;
    host.behave(json!({"identifier": "alice", "mode": "rejected", "times": 1}))
        .await;

    host.restart().await;

    assert_eq!(texts(&host.posts("alice").await), ["kept"]);
    let outcome = host
        .publish(&account.credential, &request(&account, "kept"))
        .await;
    assert!(matches!(outcome, CallOutcome::Refused(_)));
}

#[tokio::test]
async fn secrets_of_an_account_do_not_show_in_debug_output() {
    let host = Host::start().await;
    let account = host.connect("alice").await;
    let token =
        serde_json::from_str::<serde_json::Value>(account.credential.expose()).unwrap()["token"]
            .as_str()
            .unwrap()
            .to_owned();

    assert_eq!(token.len(), 32);
    assert!(!format!("{account:?} {:?}", host.network).contains(&token));
}
