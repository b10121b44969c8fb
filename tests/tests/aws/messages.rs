//! What the queue does with messages that cannot be followed.

use std::time::Duration;

use aws_sdk_sqs::types::{QueueAttributeName, SendMessageBatchRequestEntry};
use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::deployment::{Deployment, Queue, in_seconds, now};

const POISON: &str = "not a message";

/// Ten minutes between the tries of a message are right for production and too long here.
async fn wait_between_tries(deployment: &Deployment, seconds: u32) {
    deployment
        .sqs()
        .set_queue_attributes()
        .queue_url(deployment.queue_url(Queue::Deliveries))
        .attributes(QueueAttributeName::VisibilityTimeout, seconds.to_string())
        .send()
        .await
        .unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn poison_among_good_messages_ends_in_dead_letters_alone() {
    let deployment = Deployment::of_this_run();
    let ada = deployment.member("poison").await;
    let (account, id) = deployment.connect(&ada, "poison").await;
    wait_between_tries(&deployment, 2).await;
    let (seconds, due) = (6, in_seconds(6));
    let poison = |entry: usize| {
        SendMessageBatchRequestEntry::builder()
            .id(entry.to_string())
            .message_body(format!("{POISON} {entry}"))
            .message_group_id("poison")
            // At the second of the good ones: they come in the same batches.
            .delay_seconds(seconds)
            .build()
            .unwrap()
    };

    let mut posts = Vec::new();
    for number in 0..4 {
        let post = json!({
            "when": { "at": due.to_string() },
            "base": { "text": format!("Good {number}") },
            "targets": [{ "account_id": id }],
        });
        let post = ada.post("/v1/posts", &post).await.expect(201).body;
        posts.push(post["id"].as_str().unwrap().to_owned());
    }
    let sent = deployment
        .sqs()
        .send_message_batch()
        .queue_url(deployment.queue_url(Queue::Deliveries))
        .set_entries(Some((0..3).map(poison).collect()))
        .send()
        .await
        .unwrap();
    assert!(sent.failed().is_empty(), "{sent:?}");
    for post in &posts {
        ada.wait_for(post, Duration::from_mins(1), |post| {
            post["state"] == "published"
        })
        .await;
    }
    let mut dead = deployment
        .eventually("the dead letters", async || {
            let dead = deployment.messages(Queue::DeadLetters).await;
            (dead.len() >= 3).then_some(dead)
        })
        .await;
    wait_between_tries(&deployment, 360).await;

    dead.sort();
    assert_eq!(dead, [0, 1, 2].map(|entry| format!("{POISON} {entry}")));
    let mut seen = deployment.visible(&account).await;
    seen.sort();
    assert_eq!(seen, [0, 1, 2, 3].map(|number| format!("Good {number}")));
}

/// The queue decides what comes together; here the batch is given.
#[tokio::test(flavor = "multi_thread")]
async fn batch_of_a_poison_and_a_good_message_fails_for_the_poison_alone() {
    let deployment = Deployment::of_this_run();
    let ada = deployment.member("batch").await;
    let (account, id) = deployment.connect(&ada, "batch").await;
    let due = in_seconds(10);
    let post = json!({
        "when": { "at": due.to_string() },
        "base": { "text": "Good beside poison" },
        "targets": [{ "account_id": id }],
    });
    let post = ada.post("/v1/posts", &post).await.expect(201).body;
    let post = post["id"].as_str().unwrap();
    // As the product wrote it. The queue delivers it, too: whichever comes second finds nothing to do.
    let good = deployment
        .eventually("its message", async || {
            let waiting = deployment.messages(Queue::Deliveries).await;
            waiting.into_iter().find(|body| body.contains(post))
        })
        .await;
    let early = due - SignedDuration::from_secs(1);
    deployment
        .eventually("its time", async || (now() >= early).then_some(()))
        .await;

    let batch = json!({ "Records": [message("poison", POISON), message("good", &good)] });
    let ended = deployment.invoke_with("publishing", &batch);

    let failed = json!({ "batchItemFailures": [{ "itemIdentifier": "poison" }] });
    assert_eq!(ended, json!({ "error": null, "answer": failed }));
    ada.wait_for(post, Duration::from_mins(1), |post| {
        post["state"] == "published"
    })
    .await;
    assert_eq!(deployment.visible(&account).await, ["Good beside poison"]);
}

/// A message in the queue's event.
fn message(id: &str, body: &str) -> Value {
    json!({
        "messageId": id,
        "receiptHandle": "none",
        "body": body,
        "attributes": {},
        "messageAttributes": {},
        "eventSource": "aws:sqs",
        "awsRegion": "eu-central-1",
    })
}
