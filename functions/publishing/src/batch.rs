//! A batch of messages, each handled by itself.

use std::panic::AssertUnwindSafe;

use domain::delivery::timing::MESSAGE_MAX;
use domain::{Error, Result};
use futures::stream::FuturesUnordered;
use futures::{FutureExt, StreamExt};

use crate::Ctx;
use crate::receive::receive;

/// A message of the queue.
#[derive(Clone, Debug)]
pub struct Incoming {
    /// The queue's id of this message.
    pub id: String,
    /// Its text.
    pub body: String,
}

/// Handles all messages at once; answers the ids of those that must come again.
pub async fn handle(ctx: &Ctx, messages: Vec<Incoming>) -> Vec<String> {
    let mut running: FuturesUnordered<_> = messages
        .into_iter()
        .map(|message| handle_one(ctx, message))
        .collect();
    let mut failed = Vec::new();
    while let Some(outcome) = running.next().await {
        failed.extend(outcome);
    }
    failed
}

/// Answers the message's id if it must come again.
async fn handle_one(ctx: &Ctx, message: Incoming) -> Option<String> {
    let longest = std::time::Duration::try_from(MESSAGE_MAX).unwrap_or_default();
    let work =
        AssertUnwindSafe(tokio::time::timeout(longest, receive(ctx, &message.body))).catch_unwind();
    let outcome: Result<()> = match work.await {
        Ok(Ok(outcome)) => outcome,
        Ok(Err(elapsed)) => Err(Error::unavailable("the publisher", elapsed)),
        Err(_panic) => Err(Error::Internal {
            what: "the publisher panicked",
            cause: None,
        }),
    };
    let error = outcome.err()?;
    tracing::error!(
        message.id,
        error = &error as &dyn std::error::Error,
        "a message failed; it comes again"
    );
    Some(message.id)
}
