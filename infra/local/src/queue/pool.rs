//! Feeds received messages to the publisher, as the deployed queue does: batches, some at once, failures one by one.

use std::collections::BTreeSet;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use domain::Result;
use tokio::sync::watch;
use tokio::task::JoinSet;

use super::{BATCH, LocalQueue, Received};

/// Pause after the queue itself failed.
const BACK_OFF: Duration = Duration::from_secs(1);
/// The publisher's time-out in a deployment.
const TIME_OUT: Duration = Duration::from_mins(1);

/// Handles a batch and answers with the ids of the messages that must be received again.
pub(crate) type BatchHandler =
    Arc<dyn Fn(Vec<Received>) -> Pin<Box<dyn Future<Output = BTreeSet<i64>> + Send>> + Send + Sync>;

/// The consumers of the queue.
pub(crate) struct Pool {
    queue: LocalQueue,
    handler: BatchHandler,
    batches_at_once: usize,
}

impl fmt::Debug for Pool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pool")
            .field("batches_at_once", &self.batches_at_once)
            .finish_non_exhaustive()
    }
}

impl Pool {
    /// Consumers that work on up to `batches_at_once` batches.
    pub(crate) fn new(queue: LocalQueue, handler: BatchHandler, batches_at_once: usize) -> Self {
        Self {
            queue,
            handler,
            batches_at_once,
        }
    }

    /// Runs until `stop` changes, then finishes the batches under way.
    pub(crate) async fn run(self, mut stop: watch::Receiver<bool>) {
        let mut running = JoinSet::new();
        loop {
            while running.len() >= self.batches_at_once {
                running.join_next().await;
            }
            tokio::select! {
                biased;
                _ = stop.changed() => break,
                batch = self.next() => match batch {
                    Ok(batch) => {
                        running.spawn(handle(self.queue.clone(), Arc::clone(&self.handler), batch));
                    }
                    Err(error) => {
                        tracing::error!(error = %error, "the queue cannot be read");
                        tokio::time::sleep(BACK_OFF).await;
                    }
                },
            }
        }
        while running.join_next().await.is_some() {}
    }

    async fn next(&self) -> Result<Vec<Received>> {
        loop {
            let batch = self.queue.receive(BATCH).await?;
            if !batch.is_empty() {
                return Ok(batch);
            }
            self.queue.wait().await?;
        }
    }
}

async fn handle(queue: LocalQueue, handler: BatchHandler, batch: Vec<Received>) {
    let Ok(failed) = tokio::time::timeout(TIME_OUT, handler(batch.clone())).await else {
        tracing::error!("a batch took longer than {TIME_OUT:?}: its messages come again");
        return;
    };
    let done: Vec<_> = batch
        .into_iter()
        .filter(|message| !failed.contains(&message.id))
        .collect();
    if let Err(error) = queue.delete(&done).await {
        tracing::error!(error = %error, "messages cannot be removed: they come again");
    }
}
