//! The main job: from nothing to a post that readers see, at its second.

use std::time::Duration;

use serde_json::json;

use crate::deployment::{Deployment, PIXELS, in_seconds, instant};

#[tokio::test(flavor = "multi_thread")]
async fn scheduled_post_with_a_picture_is_published_once_at_its_second() {
    let deployment = Deployment::of_this_run();
    let ada = deployment.member("story").await;
    let (account, id) = deployment.connect(&ada, "story").await;
    let picture = ada.upload(PIXELS, "A loom").await;
    let due = in_seconds(8);

    let post = json!({
        "when": { "at": due.to_string() },
        "base": { "text": "Weaving 🧵 https://example.com/loom #engine", "media": [picture] },
        "targets": [{ "account_id": id }],
    });
    let post = ada.post("/v1/posts", &post).await.expect(201).body;
    let done = ada
        .wait_for(
            post["id"].as_str().unwrap(),
            Duration::from_mins(1),
            |post| post["state"] == "published",
        )
        .await;

    let target = &done["targets"][0];
    assert_eq!(target["proof"]["kind"], "response");
    assert!(target["permalink"].is_string(), "{target}");
    assert!(instant(&target["published_at"]) >= due, "{target}");
    let posts = deployment.pds().posts(&account).await;
    assert_eq!(posts.len(), 1);
    assert_eq!(
        posts[0].record["text"],
        "Weaving 🧵 https://example.com/loom #engine"
    );
    assert_eq!(posts[0].images[0].alt, "A loom");
}

#[tokio::test(flavor = "multi_thread")]
async fn post_that_is_edited_held_back_and_cancelled_never_appears() {
    let deployment = Deployment::of_this_run();
    let ada = deployment.member("cancelled").await;
    let (account, id) = deployment.connect(&ada, "cancelled").await;
    let post = json!({
        "when": { "at": in_seconds(10).to_string() },
        "base": { "text": "Never to be seen" },
        "targets": [{ "account_id": id }],
    });
    let created = ada.post("/v1/posts", &post).await.expect(201);
    let path = format!("/v1/posts/{}", created.body["id"].as_str().unwrap());

    let edit = ada
        .request("PATCH", &path)
        .header("if-match", created.etag.unwrap())
        .json(&json!({ "base": { "text": "Never to be seen either" } }));
    ada.send(edit).await.expect(200);
    ada.post(&format!("{path}/cancel"), &json!({}))
        .await
        .expect(200);
    // A marker behind it in the same queue: when it is out, the cancelled one had its chance.
    let marker = json!({
        "when": { "at": in_seconds(12).to_string() },
        "base": { "text": "Marker" },
        "targets": [{ "account_id": id }],
    });
    let marker = ada.post("/v1/posts", &marker).await.expect(201).body;
    ada.wait_for(
        marker["id"].as_str().unwrap(),
        Duration::from_mins(1),
        |post| post["state"] == "published",
    )
    .await;

    assert_eq!(deployment.visible(&account).await, ["Marker"]);
    assert_eq!(ada.get(&path).await.expect(200).body["state"], "cancelled");
}
