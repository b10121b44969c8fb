//! What a look at the account's own posts proves.

use domain::delivery::ProofKind;
use networks::{CallOutcome, Network, NetworkError, ReadBack};
use serde_json::json;
use tokio::task::JoinSet;

use crate::host::{Host, image, now, request};

#[tokio::test]
async fn read_back_after_a_lost_answer_finds_the_post() {
    let host = Host::start().await;
    let account = host.connect("alice").await;
    host.behave(json!({"identifier": "alice", "mode": "lost_answer", "times": 1}))
        .await;
    let mut request = request(&account, "lost");
    request.parts[0].attachments.push(image(b"image", ""));
    let called_at = now();
    assert!(matches!(
        host.publish(&account.credential, &request).await,
        CallOutcome::Unknown(_)
    ));

    let found = host
        .network
        .read_back(&account.credential, &request, called_at)
        .await
        .unwrap();

    let ReadBack::Found(evidence) = found else {
        panic!("{found:?}")
    };
    assert_eq!(evidence.proof, ProofKind::ReadBack);
    assert_eq!(
        evidence.remote_id.as_deref(),
        host.posts("alice").await[0]["id"].as_str()
    );
}

#[tokio::test]
async fn read_back_of_what_was_never_sent_is_absent() {
    let host = Host::start().await;
    let account = host.connect("alice").await;

    let found = host
        .network
        .read_back(&account.credential, &request(&account, "never"), now())
        .await
        .unwrap();

    assert!(matches!(found, ReadBack::Absent));
}

#[tokio::test]
async fn read_back_does_not_take_another_post_for_this_one() {
    let host = Host::start().await;
    let account = host.connect("alice").await;
    let stranger = host.connect("bob").await;
    let called_at = now();
    host.publish(&account.credential, &request(&account, "another text"))
        .await;
    let mut with_image = request(&account, "text");
    with_image.parts[0].attachments.push(image(b"image", ""));
    host.publish(&account.credential, &with_image).await;
    host.publish(&stranger.credential, &request(&stranger, "text"))
        .await;

    let found = host
        .network
        .read_back(&account.credential, &request(&account, "text"), called_at)
        .await
        .unwrap();

    assert!(matches!(found, ReadBack::Absent), "{found:?}");
}

#[tokio::test]
async fn read_back_does_not_take_an_older_post_for_this_one() {
    let host = Host::start().await;
    let account = host.connect("alice").await;
    let request = request(&account, "daily");
    host.publish(&account.credential, &request).await;

    let called_at = now()
        .saturating_add(jiff::SignedDuration::from_secs(3))
        .unwrap();
    let found = host
        .network
        .read_back(&account.credential, &request, called_at)
        .await
        .unwrap();

    assert!(matches!(found, ReadBack::Absent), "{found:?}");
}

#[tokio::test]
async fn read_back_of_twins_is_ambiguous() {
    let host = Host::start().await;
    let account = host.connect("alice").await;
    let request = request(&account, "twin");
    let called_at = now();
    host.publish(&account.credential, &request).await;
    host.publish(&account.credential, &request).await;

    let found = host
        .network
        .read_back(&account.credential, &request, called_at)
        .await
        .unwrap();

    assert!(matches!(found, ReadBack::Ambiguous(fault) if fault.code == "outcome_ambiguous"));
}

#[tokio::test]
async fn read_back_of_an_accepted_post_that_is_not_visible_yet_asks_to_look_later() {
    let host = Host::start().await;
    let account = host.connect("alice").await;
    host.behave(json!({"identifier": "alice", "mode": "processing", "delay_ms": 60_000}))
        .await;
    let request = request(&account, "soon");
    let called_at = now();
    host.publish(&account.credential, &request).await;

    let found = host
        .network
        .read_back(&account.credential, &request, called_at)
        .await;

    assert!(matches!(found, Err(NetworkError::Unavailable { .. })));
}

#[tokio::test]
async fn read_back_of_a_call_that_is_still_undecided_asks_to_look_later() {
    let host = Host::start().await;
    let account = host.connect("alice").await;
    host.behave(json!({"identifier": "alice", "mode": "slow", "delay_ms": 60_000}))
        .await;
    let request = request(&account, "slow");
    let prepared = host
        .network
        .prepare(&account.credential, &request)
        .await
        .unwrap();
    let called_at = now();
    let mut calls = JoinSet::new();
    let (network, credential, called) = (
        host.network.clone(),
        account.credential.clone(),
        request.clone(),
    );
    calls.spawn(async move { network.call(&credential, &called, &prepared).await });

    // The call is on its way: until the network has it, it may truly be absent.
    let found = loop {
        match host
            .network
            .read_back(&account.credential, &request, called_at)
            .await
        {
            Ok(ReadBack::Absent) => tokio::task::yield_now().await,
            other => break other,
        }
    };
    // The publisher gives up; the network does not.
    calls.shutdown().await;
    let after = host
        .network
        .read_back(&account.credential, &request, called_at)
        .await;

    assert!(
        matches!(found, Err(NetworkError::Unavailable { .. })),
        "{found:?}"
    );
    assert!(
        matches!(after, Err(NetworkError::Unavailable { .. })),
        "{after:?}"
    );
}

#[tokio::test]
async fn slow_call_whose_client_hangs_up_is_accepted_all_the_same() {
    let host = Host::start().await;
    let account = host.connect("alice").await;
    host.behave(json!({"identifier": "alice", "mode": "slow", "delay_ms": 500}))
        .await;
    let request = request(&account, "slow");
    let prepared = host
        .network
        .prepare(&account.credential, &request)
        .await
        .unwrap();
    let called_at = now();
    let mut calls = JoinSet::new();
    let (network, credential, called) = (
        host.network.clone(),
        account.credential.clone(),
        request.clone(),
    );
    calls.spawn(async move { network.call(&credential, &called, &prepared).await });
    while matches!(
        host.network
            .read_back(&account.credential, &request, called_at)
            .await,
        Ok(ReadBack::Absent)
    ) {}
    calls.shutdown().await;

    let found = loop {
        if let Ok(found) = host
            .network
            .read_back(&account.credential, &request, called_at)
            .await
        {
            break found;
        }
    };

    assert!(matches!(found, ReadBack::Found(_)), "{found:?}");
}
