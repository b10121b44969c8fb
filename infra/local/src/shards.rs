//! The dispatch queue of the local run: shards that hold more than a tick does itself, worked on by further runs of the
//! dispatcher in this process. Nothing is kept: what dies with the process, the next tick finds again.

use std::collections::BTreeSet;
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use cloud::queue::{DeliveryQueue, Outgoing};
use domain::Result;
use futures::FutureExt as _;
use tokio::sync::{Notify, watch};
use tokio::task::JoinSet;

/// Runs at once. They share one table in this process, so more would not be faster.
const AT_ONCE: usize = 4;

/// The queue. Clones share it.
#[derive(Clone, Debug, Default)]
pub(crate) struct ShardQueue {
    /// A shard that waits already does not wait twice.
    waiting: Arc<Mutex<BTreeSet<String>>>,
    sent: Arc<Notify>,
}

impl ShardQueue {
    /// Hands messages to `work` until `stop` changes, then finishes the runs under way.
    pub(crate) async fn run<F>(
        self,
        work: impl Fn(String) -> F + Send,
        mut stop: watch::Receiver<bool>,
    ) where
        F: Future<Output = ()> + Send + 'static,
    {
        let mut running = JoinSet::new();
        loop {
            while running.len() >= AT_ONCE {
                running.join_next().await;
            }
            tokio::select! {
                biased;
                _ = stop.changed() => break,
                text = self.next() => {
                    let run = AssertUnwindSafe(work(text)).catch_unwind();
                    running.spawn(async move {
                        if run.await.is_err() {
                            tracing::error!("a run over a shard panicked; the next tick goes on");
                        }
                    });
                }
            }
        }
        while running.join_next().await.is_some() {}
    }

    /// How many shards wait.
    #[cfg(test)]
    pub(crate) fn waiting(&self) -> usize {
        self.lock().len()
    }

    async fn next(&self) -> String {
        loop {
            let sent = self.sent.notified();
            if let Some(text) = self.lock().pop_first() {
                return text;
            }
            sent.await;
        }
    }

    fn lock(&self) -> MutexGuard<'_, BTreeSet<String>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl DeliveryQueue for ShardQueue {
    async fn send(&self, messages: &[Outgoing]) -> Vec<Result<()>> {
        let bodies = messages.iter().map(|message| message.body.clone());
        self.lock().extend(bodies);
        self.sent.notify_one();
        messages.iter().map(|_| Ok(())).collect()
    }
}

#[cfg(test)]
mod tests {
    use cloud::queue::Delay;
    use domain::tenant::ROOT_TENANT;

    use super::*;

    fn message(text: &str) -> Outgoing {
        Outgoing {
            body: text.to_owned(),
            tenant: ROOT_TENANT,
            delay: Delay::NONE,
        }
    }

    #[tokio::test]
    async fn shard_that_waits_already_is_worked_on_once() {
        let queue = ShardQueue::default();
        queue.send(&[message("1"), message("2")]).await;
        queue.send(&[message("2"), message("3")]).await;
        let (stop, stopped) = watch::channel(false);
        let stop = Arc::new(stop);
        let seen: Arc<Mutex<Vec<String>>> = Arc::default();

        let work = |text: String| {
            let (seen, stop) = (Arc::clone(&seen), Arc::clone(&stop));
            async move {
                let mut seen = seen.lock().unwrap();
                seen.push(text);
                if seen.len() == 3 {
                    stop.send(true).unwrap();
                }
            }
        };
        queue.clone().run(work, stopped).await;

        assert_eq!(*seen.lock().unwrap(), ["1", "2", "3"]);
        assert!(queue.lock().is_empty());
    }
}
