//! From nothing to a published post, through the API.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use crate::host::Host;
use tests::caller::Caller;

const TEXT: &str = "The engine weaves algebraic patterns.";

#[tokio::test]
async fn post_for_now_is_out_once_with_its_evidence() {
    let host = Host::start();
    let ada = Caller::register(&host.url(), "ada@example.com").await;
    let account = ada.connect("ada").await;
    let new = json!({
        "when": { "now": true },
        "base": { "text": TEXT },
        "targets": [{ "account_id": account }],
    });

    let created = ada.post("/v1/posts", &new).await.expect(201);
    let id = created.body["id"].as_str().unwrap();
    let out = ada
        .wait_for(id, Duration::from_secs(30), |post| {
            post["state"] == "published"
        })
        .await;

    assert!(created.etag.is_some());
    assert_eq!(ada.readers_of("ada").await, [TEXT]);
    let target = &out["targets"][0];
    assert_eq!(target["state"], "published");
    for evidence in ["remote_id", "permalink", "published_at", "proof"] {
        assert!(!target[evidence].is_null(), "{evidence}: {target}");
    }
    assert!(target["lateness_ms"].as_u64().unwrap() < 5_000, "{target}");
    assert!(target["error"].is_null());

    let timeline = ada
        .get(&format!("/v1/posts/{id}/timeline"))
        .await
        .expect(200);
    let events = timeline.body["items"].as_array().unwrap();
    assert!(events.len() >= 2, "{}", timeline.body);
    assert!(events.iter().any(|event| !event["target_id"].is_null()));

    let due: Timestamp = target["due_at"].as_str().unwrap().parse().unwrap();
    let hour = SignedDuration::from_hours(1);
    let (from, to) = (due - hour, due + hour);
    let path = format!("/v1/calendar?from={from}&to={to}&zone=Europe/London");
    let calendar = ada.get(&path).await.expect(200).body;
    assert_eq!(calendar["items"][0]["id"], id);
    assert_eq!(calendar["items"][0]["state"], "published");
}

#[tokio::test]
async fn post_that_a_network_refuses_fails_and_can_be_tried_again() {
    let host = Host::start();
    let ada = Caller::register(&host.url(), "ada@example.com").await;
    let account = ada.connect("ada").await;
    let refuse_once = json!({ "identifier": "ada", "mode": "rejected", "times": 1 });
    ada.send(
        ada.request("PUT", "/local/networks/playground/behaviour")
            .json(&refuse_once),
    )
    .await;
    let new = json!({
        "when": { "now": true },
        "base": { "text": TEXT },
        "targets": [{ "account_id": account }],
    });

    let created = ada.post("/v1/posts", &new).await.expect(201).body;
    let id = created["id"].as_str().unwrap();
    let limit = Duration::from_secs(30);
    let failed = ada
        .wait_for(id, limit, |post| post["state"] == "failed")
        .await;
    ada.post(&format!("/v1/posts/{id}/retry"), &json!({}))
        .await
        .expect(200);
    ada.wait_for(id, limit, |post| post["state"] == "published")
        .await;

    assert_eq!(failed["targets"][0]["error"]["code"], "network_rejected");
    assert_eq!(ada.readers_of("ada").await, [TEXT]);
    let mails = ada.get("/local/outbox?to=ada@example.com").await.body;
    assert_eq!(
        mails["items"].as_array().unwrap().len(),
        2,
        "the verification and one mail about the failure: {mails}"
    );
}

#[tokio::test]
async fn post_of_another_tenant_does_not_exist() {
    let host = Host::start();
    let ada = Caller::register(&host.url(), "ada@example.com").await;
    let bob = Caller::register(&host.url(), "bob@example.com").await;
    let account = ada.connect("ada").await;
    let draft = json!({
        "when": { "draft": true },
        "base": { "text": TEXT },
        "targets": [{ "account_id": account }],
    });
    let post = ada.post("/v1/posts", &draft).await.expect(201).body;
    let path = format!("/v1/posts/{}", post["id"].as_str().unwrap());

    bob.get(&path).await.expect(404);
    bob.get(&format!("{path}/timeline")).await.expect(404);
    bob.get(&format!("/v1/accounts/{account}"))
        .await
        .expect(404);
    bob.post("/v1/posts", &draft).await.expect(404);
    let listed = bob.get("/v1/posts").await.expect(200).body;

    assert_eq!(listed["items"], json!([]));
    ada.get(&path).await.expect(200);
}
