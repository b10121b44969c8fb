//! The process is killed in the middle of publishing and started again.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::host::Host;
use tests::caller::Caller;

/// Posts whose call is under way.
const UNDER_WAY: usize = 5;
/// Posts that wait for their call.
const WAITING: usize = 15;
/// Calls that are under way when the process dies end only after this.
const SLOW_MS: u64 = 20_000;
/// The others are due then: after the process died, for they are written in less.
const SOON: SignedDuration = SignedDuration::from_secs(40);

async fn create(ada: &Caller, account: &str, text: &str, when: Value) -> String {
    let new = json!({
        "when": when,
        "base": { "text": text },
        "targets": [{ "account_id": account }],
    });
    let created = ada.post("/v1/posts", &new).await.expect(201).body;
    created["id"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn killed_process_goes_on_and_posts_nothing_twice() {
    let mut host = Host::start();
    let ada = Caller::register(&host.url(), "ada@example.com").await;
    let (slow, quick) = (ada.connect("slow").await, ada.connect("quick").await);
    let behaviour = json!({
        "identifier": "slow",
        "mode": "slow",
        "delay_ms": SLOW_MS,
        "times": UNDER_WAY,
    });
    ada.send(
        ada.request("PUT", "/local/networks/playground/behaviour")
            .json(&behaviour),
    )
    .await
    .expect(200);

    let (mut under_way, mut waiting) = (Vec::new(), Vec::new());
    for number in 0..UNDER_WAY {
        let text = format!("under way {number}");
        under_way.push(create(&ada, &slow, &text, json!({ "now": true })).await);
    }
    for post in &under_way {
        let is_publishing = |post: &Value| post["state"] == "publishing";
        ada.wait_for(post, Duration::from_secs(15), is_publishing)
            .await;
    }
    let first = ada.get(&format!("/v1/posts/{}", under_way[0])).await;
    let created: Timestamp = first.body["created_at"].as_str().unwrap().parse().unwrap();
    let soon = created + SOON;
    for number in 0..WAITING {
        let text = format!("waiting {number}");
        let when = json!({ "at": soon.to_string() });
        waiting.push(create(&ada, &quick, &text, when).await);
    }
    host.kill_and_restart();

    // What had no call under way goes out by itself, once.
    for post in &waiting {
        let is_published = |post: &Value| post["state"] == "published";
        ada.wait_for(post, Duration::from_secs(90), is_published)
            .await;
    }
    assert_once(&ada.readers_of("quick").await, WAITING);
    // A call that was under way has an outcome that nobody knows yet: it is neither failed nor repeated blindly.
    for post in &under_way {
        let found = ada.get(&format!("/v1/posts/{post}")).await.expect(200).body;
        let state = found["state"].as_str().unwrap();
        assert!(["publishing", "published"].contains(&state), "{found}");
    }
    assert_once(&ada.readers_of("slow").await, 0);
}

/// Nothing is there twice, and at least so many are there.
fn assert_once(texts: &[String], at_least: usize) {
    let mut distinct = texts.to_vec();
    distinct.sort();
    distinct.dedup();
    assert_eq!(distinct.len(), texts.len(), "posted twice: {texts:?}");
    assert!(texts.len() >= at_least, "lost: {texts:?}");
}
