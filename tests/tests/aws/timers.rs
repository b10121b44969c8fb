//! What only timers start.

use std::time::Duration;

use serde_json::json;

use crate::deployment::{Deployment, in_seconds, instant, now};

/// Further away than the API itself sends messages for (180 s), with a tick to spare.
const FAR_SECONDS: i64 = 205;

#[tokio::test(flavor = "multi_thread")]
async fn post_that_is_far_away_is_woken_by_the_timer_and_out_at_its_second() {
    let deployment = Deployment::of_this_run();
    let ada = deployment.member("timer").await;
    let (account, id) = deployment.connect(&ada, "timer").await;
    let due = in_seconds(FAR_SECONDS);
    let post = json!({
        "when": { "at": due.to_string() },
        "base": { "text": "Woken by the timer" },
        "targets": [{ "account_id": id }],
    });

    let post = ada.post("/v1/posts", &post).await.expect(201).body;
    let id = post["id"].as_str().unwrap();
    assert_eq!(post["targets"][0]["state"], "scheduled");
    let longest = Duration::from_mins(5);
    ada.wait_for(id, longest, |post| post["targets"][0]["state"] == "queued")
        .await;
    assert!(
        now() < due,
        "a message waits in the queue ahead of its time"
    );
    let done = ada
        .wait_for(id, longest, |post| post["state"] == "published")
        .await;

    let target = &done["targets"][0];
    assert!(instant(&target["published_at"]) >= due, "{target}");
    assert_eq!(deployment.visible(&account).await, ["Woken by the timer"]);
}

/// Its timer fires every five minutes, which is too long to wait for here: its rule is the same kind of rule.
#[tokio::test(flavor = "multi_thread")]
async fn sweeper_and_dispatcher_end_well_on_the_events_of_their_timers() {
    let deployment = Deployment::of_this_run();

    let swept = deployment.invoke("upkeep", "timer/upkeep.json");
    let ticked = deployment.invoke("dispatch", "timer/dispatch.json");

    assert!(swept["error"].is_null(), "{swept}");
    assert_eq!(swept["answer"]["swept"]["failed"], 0, "{swept}");
    assert_eq!(
        ticked,
        json!({ "error": null, "answer": { "batchItemFailures": [] } })
    );
}
