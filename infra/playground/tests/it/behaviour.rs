//! The switches.

use networks::{CallOutcome, Network, NetworkError};
use serde_json::json;

use crate::host::{Host, request, texts};

#[tokio::test]
async fn behaviour_with_times_ends_after_so_many_publishing_calls() {
    let host = Host::start().await;
    let account = host.connect("alice").await;
    host.behave(json!({"identifier": "alice", "mode": "rejected", "times": 2}))
        .await;

    let mut refused = Vec::new();
    for text in ["one", "two", "three"] {
        // Other calls do not count.
        host.network.check(&account.credential).await.unwrap();
        let outcome = host
            .publish(&account.credential, &request(&account, text))
            .await;
        refused.push(matches!(outcome, CallOutcome::Refused(_)));
    }

    assert_eq!(refused, [true, true, false]);
    assert_eq!(texts(&host.posts("alice").await), ["three"]);
}

#[tokio::test]
async fn behaviour_revoked_with_times_counts_every_call() {
    let host = Host::start().await;
    let account = host.connect("alice").await;
    host.behave(json!({"identifier": "alice", "mode": "revoked", "times": 2}))
        .await;

    let mut refused = Vec::new();
    for _ in 0..3 {
        refused.push(host.network.check(&account.credential).await.is_err());
    }

    assert_eq!(refused, [true, true, false]);
}

#[tokio::test]
async fn behaviour_of_one_account_leaves_others_alone() {
    let host = Host::start().await;
    let bob = host.connect("bob").await;
    host.behave(json!({"identifier": "alice", "mode": "rejected"}))
        .await;

    let outcome = host.publish(&bob.credential, &request(&bob, "fine")).await;

    assert!(matches!(outcome, CallOutcome::Published(_)));
}

#[tokio::test]
async fn behaviour_set_before_the_account_connects_holds() {
    let host = Host::start().await;
    host.behave(json!({"identifier": "alice", "mode": "rejected"}))
        .await;
    let account = host.connect("alice").await;

    let outcome = host
        .publish(&account.credential, &request(&account, "no"))
        .await;

    assert!(matches!(outcome, CallOutcome::Refused(_)));
}

#[tokio::test]
async fn behaviour_ok_ends_another_one() {
    let host = Host::start().await;
    let account = host.connect("alice").await;
    host.behave(json!({"identifier": "alice", "mode": "rejected"}))
        .await;
    host.behave(json!({"identifier": "alice", "mode": "ok"}))
        .await;

    let outcome = host
        .publish(&account.credential, &request(&account, "yes"))
        .await;

    assert!(matches!(outcome, CallOutcome::Published(_)));
}

#[tokio::test]
async fn behaviour_that_cannot_be_read_is_refused_precisely() {
    let host = Host::start().await;

    for (body, status) in [
        ("", 400),
        ("{", 400),
        (r#"{"identifier":"alice"}"#, 422),
        (r#"{"identifier":"alice","mode":"angry"}"#, 422),
        (r#"{"identifier":"alice","mode":"ok","extra":1}"#, 422),
        (r#"{"identifier":"","mode":"ok"}"#, 422),
        (r#"{"identifier":"a\nb","mode":"ok"}"#, 422),
        (r#"{"identifier":"alice","mode":"slow","delay_ms":-1}"#, 422),
        (
            r#"{"identifier":"alice","mode":"slow","delay_ms":600001}"#,
            422,
        ),
        (
            r#"{"identifier":"alice","mode":"ok","times":18446744073709551615}"#,
            422,
        ),
    ] {
        let (answered, problem) = host.put_behaviour_text(body).await;

        assert_eq!(answered, status, "{body}: {problem}");
        assert_eq!(problem["status"], status, "{body}");
        assert!(
            problem["detail"]
                .as_str()
                .is_some_and(|detail| !detail.is_empty())
        );
    }
}

#[tokio::test]
async fn behaviour_is_answered_with_its_defaults() {
    let host = Host::start().await;

    let (status, answer) = host
        .put_behaviour(&json!({"identifier": "alice", "mode": "rate_limited", "times": 3}))
        .await;

    assert_eq!(status, 200);
    assert_eq!(
        answer,
        json!({"identifier": "alice", "mode": "rate_limited", "delay_ms": 2000, "times": 3})
    );
}

#[tokio::test]
async fn session_that_was_signed_out_is_over_and_another_goes_on() {
    let host = Host::start().await;
    let (ours, other) = (host.connect("alice").await, host.connect("alice").await);

    host.network.sign_out(&ours.credential).await.unwrap();

    for over in [
        host.network.check(&ours.credential).await.map(drop),
        host.network.sign_out(&ours.credential).await,
    ] {
        assert!(
            matches!(over, Err(NetworkError::Unauthorized { .. })),
            "{over:?}"
        );
    }
    host.network.check(&other.credential).await.unwrap();
}
