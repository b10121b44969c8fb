use serde_json::json;

use super::*;
use crate::aws::canned::Canned;

fn message(tenant: &str, body: &str, delay: Delay) -> Outgoing {
    Outgoing {
        body: body.to_owned(),
        tenant: tenant.parse().unwrap(),
        delay,
    }
}

const TENANT: &str = "ten_00000000000000000000000001";

#[tokio::test]
async fn message_is_sent_with_its_delay_and_its_tenant_as_group() {
    let http = Canned::new(&[(
        200,
        json!({ "Successful": [{ "Id": "0", "MessageId": "m", "MD5OfMessageBody": "d41d8cd98f00b204e9800998ecf8427e" }], "Failed": [] }),
    )]);
    let queue = SqsQueue::new(http.aws().sqs(), "https://queue.invalid/q");

    let results = queue
        .send(&[message(TENANT, "{}", Delay::from_seconds(2000))])
        .await;

    assert_eq!(results.len(), 1);
    let body = &http.bodies()[0];
    assert_eq!(
        body["Entries"],
        json!([{ "Id": "0", "MessageBody": "{}", "DelaySeconds": 900, "MessageGroupId": TENANT }])
    );
}

#[tokio::test(start_paused = true)]
async fn messages_are_sent_by_tens_and_each_has_its_own_result() {
    let sent = |id: usize| json!({ "Id": id.to_string(), "MessageId": "m", "MD5OfMessageBody": "99914b932bd37a50b983c5e7c90ae93b" });
    let failed = json!([
        { "Id": "3", "SenderFault": true, "Code": "InvalidMessageContents" },
        { "Id": "4", "SenderFault": false, "Code": "InternalError" },
    ]);
    let first: Vec<_> = [0, 1, 2, 5, 6, 7, 8].map(sent).into();
    let http = Canned::new(&[
        (200, json!({ "Successful": first, "Failed": failed })),
        (200, json!({ "Successful": [sent(0)], "Failed": [] })),
    ]);
    let queue = SqsQueue::new(http.aws().sqs(), "https://queue.invalid/q");
    let messages = vec![message(TENANT, "{}", Delay::NONE); 11];

    let results = queue.send(&messages).await;

    let codes: Vec<_> = results
        .iter()
        .map(|result| {
            result
                .as_ref()
                .map_or_else(domain::Error::code, |()| "sent")
        })
        .collect();
    assert_eq!(
        codes,
        [
            "sent",
            "sent",
            "sent",
            "internal",
            "unavailable",
            "sent",
            "sent",
            "sent",
            "sent",
            // The answer did not name it.
            "unavailable",
            "sent",
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn queue_that_does_not_answer_fails_every_message() {
    let http = Canned::new(&[]);
    let queue = SqsQueue::new(http.aws().sqs(), "https://queue.invalid/q");
    let messages = vec![message(TENANT, "{}", Delay::NONE); 2];

    let results = queue.send(&messages).await;

    assert_eq!(results.len(), 2);
    assert!(results.iter().all(Result::is_err));
}
