//! The main job through the API: one post for a real Bluesky server and the playground.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use testkit::Pds;

use crate::host::Host;
use tests::caller::Caller;

/// A small PNG.
const PIXEL: &[u8] = include_bytes!("../../../shared/networks/tests/it/pixels.png");

#[tokio::test(flavor = "multi_thread")]
async fn scheduled_post_is_published_at_its_second_on_both_networks() {
    let host = Host::start();
    let pds = Pds::start().await;
    let account = pds.create_account("ada").await;
    let ada = Caller::register(&host.url(), "ada@example.com").await;
    let credentials = json!({
        "service": pds.service(),
        "identifier": account.handle,
        "app_password": account.app_password,
    });
    let bluesky = json!({ "network": "bluesky", "credentials": credentials });
    let bluesky = ada.post("/v1/accounts", &bluesky).await.expect(201).body;
    assert_eq!(bluesky["remote_id"], account.did);
    let playground = ada.connect("ada").await;
    let picture = ada.upload(PIXEL, "A loom").await;
    let due = Timestamp::from_second(now().as_second() + 5).unwrap();

    let post = json!({
        "when": { "at": due.to_string() },
        "base": { "text": "Weaving 🧵 https://example.com/loom #engine", "media": [picture] },
        "targets": [
            { "account_id": bluesky["id"] },
            { "account_id": playground, "override": { "text": "Only for the playground" } },
        ],
    });
    let post = ada.post("/v1/posts", &post).await.expect(201).body;
    let id = post["id"].as_str().unwrap();
    let is_published = |post: &Value| post["state"] == "published";
    let done = ada.wait_for(id, Duration::from_mins(1), is_published).await;

    for target in done["targets"].as_array().unwrap() {
        assert!(
            target["remote_id"].is_string() && target["permalink"].is_string(),
            "{target}"
        );
        assert_eq!(target["proof"]["kind"], "response");
        assert!(target["lateness_ms"].as_u64().unwrap() < 5_000, "{target}");
    }
    let posts = pds.posts(&account).await;
    assert_eq!(posts.len(), 1);
    assert_eq!(
        posts[0].record["text"],
        "Weaving 🧵 https://example.com/loom #engine"
    );
    assert_eq!(posts[0].images[0].alt, "A loom");
    assert!(
        posts[0]
            .segments
            .iter()
            .any(|part| part.tag.as_deref() == Some("engine"))
    );
    let readers = "/local/networks/playground/posts?identifier=ada";
    let seen = ada.get(readers).await.expect(200).body["items"]
        .as_array()
        .unwrap()
        .clone();
    assert_eq!(seen.len(), 1);
    assert_eq!(seen[0]["text"], "Only for the playground");
    let posted: Timestamp = seen[0]["posted_at"].as_str().unwrap().parse().unwrap();
    assert!(
        posted >= due && posted < due + SignedDuration::from_secs(5),
        "{posted} for {due}"
    );
}

#[expect(
    clippy::disallowed_methods,
    reason = "the host under test runs by the wall clock"
)]
fn now() -> Timestamp {
    Timestamp::now()
}
