//! AWS SQS: a standard queue with fair groups.

use async_trait::async_trait;
use aws_sdk_sqs::Client;
use aws_sdk_sqs::operation::send_message_batch::SendMessageBatchOutput;
use aws_sdk_sqs::types::SendMessageBatchRequestEntry;
use domain::{Error, Result};
use futures::{StreamExt as _, stream};

use super::{DeliveryQueue, Outgoing};
use crate::aws::dependency_error;

const NAME: &str = "the queue";

/// One SQS queue.
#[derive(Clone, Debug)]
pub struct SqsQueue {
    client: Client,
    url: String,
}

impl SqsQueue {
    /// Most messages in one call of the service.
    pub const BATCH: usize = 10;
    /// Calls under way at once. One takes 10 to 20 ms, so these send 2,000 to 4,000 messages a second, more than whoever
    /// sends can mark.
    pub const CALLS_AT_ONCE: usize = 4;

    /// The queue at `url`.
    pub fn new(client: Client, url: impl Into<String>) -> Self {
        Self {
            client,
            url: url.into(),
        }
    }

    async fn send_batch(&self, messages: &[Outgoing]) -> Vec<Result<()>> {
        let entries: std::result::Result<Vec<_>, _> =
            messages.iter().enumerate().map(entry).collect();
        let entries = match entries {
            Ok(entries) => entries,
            Err(error) => return all(messages, &error.to_string()),
        };
        let call = self
            .client
            .send_message_batch()
            .queue_url(&self.url)
            .set_entries(Some(entries));
        match call.send().await {
            Ok(answer) => results(messages.len(), &answer),
            Err(error) => {
                let error = dependency_error(NAME, error);
                all(messages, &chain(&error))
            }
        }
    }
}

#[async_trait]
impl DeliveryQueue for SqsQueue {
    async fn send(&self, messages: &[Outgoing]) -> Vec<Result<()>> {
        let calls: Vec<_> = messages
            .chunks(Self::BATCH)
            .map(|batch| self.send_batch(batch))
            .collect();
        let batches: Vec<Vec<Result<()>>> = stream::iter(calls)
            .buffered(Self::CALLS_AT_ONCE)
            .collect()
            .await;
        batches.into_iter().flatten().collect()
    }
}

fn entry(
    (position, message): (usize, &Outgoing),
) -> std::result::Result<SendMessageBatchRequestEntry, aws_sdk_sqs::error::BuildError> {
    SendMessageBatchRequestEntry::builder()
        .id(position.to_string())
        .message_body(&message.body)
        .message_group_id(message.tenant.to_string())
        .delay_seconds(i32::from(message.delay.seconds()))
        .build()
}

/// A message that the answer does not name counts as not sent: sending it again does no harm.
fn results(count: usize, answer: &SendMessageBatchOutput) -> Vec<Result<()>> {
    let mut results: Vec<Result<()>> = (0..count)
        .map(|_| Err(Error::unavailable(NAME, "the message was not acknowledged")))
        .collect();
    for sent in answer.successful() {
        if let Some(result) = result_of(&mut results, sent.id()) {
            *result = Ok(());
        }
    }
    for failed in answer.failed() {
        if let Some(result) = result_of(&mut results, failed.id()) {
            let reason = format!(
                "{}: {}",
                failed.code(),
                failed.message().unwrap_or_default()
            );
            *result = Err(if failed.sender_fault() {
                Error::internal("the queue refused a message", reason)
            } else {
                Error::unavailable(NAME, reason)
            });
        }
    }
    results
}

fn result_of<'a>(results: &'a mut [Result<()>], id: &str) -> Option<&'a mut Result<()>> {
    results.get_mut(id.parse::<usize>().ok()?)
}

fn all(messages: &[Outgoing], reason: &str) -> Vec<Result<()>> {
    messages
        .iter()
        .map(|_| Err(Error::unavailable(NAME, reason.to_owned())))
        .collect()
}

fn chain(error: &Error) -> String {
    use std::error::Error as _;
    error
        .source()
        .map_or_else(|| error.to_string(), ToString::to_string)
}
