//! Wakes the publisher at a delivery's time: a message in the queue, then a mark in the table.
//!
//! The message comes first: when the process dies in between, the next tick sends it again, and the claim makes the
//! second one harmless. The other way round a delivery could sleep until its mark runs out.

use std::sync::Arc;

use cloud::queue::{Delay, DeliveryQueue, Outgoing};
use domain::delivery::decisions::Wakeup;
use domain::delivery::{Delivery, DeliveryMessage};
use domain::{Clock, Result};
use futures::StreamExt;
use futures::stream;
use store::Table;

/// Marks under way at once for deliveries of all shards; with more, one tick could use up what a new table can write.
const MARKS_AT_ONCE: usize = 16;

/// Sends messages and marks what was sent.
#[derive(Clone, Debug)]
pub struct Waker {
    /// The table.
    pub table: Table,
    /// The publishing queue.
    pub queue: Arc<dyn DeliveryQueue>,
    /// The time.
    pub clock: Arc<dyn Clock>,
}

impl Waker {
    /// Wakes the publisher for these deliveries; answers how many messages were sent. What fails is logged and left to
    /// the next tick.
    pub async fn wake(&self, wakeups: &[Wakeup]) -> usize {
        self.wake_with(wakeups, MARKS_AT_ONCE).await
    }

    /// The same, with another number of marks at once: those of one shard all write to one partition of the index.
    pub async fn wake_with(&self, wakeups: &[Wakeup], marks_at_once: usize) -> usize {
        let messages: Vec<DeliveryMessage> = wakeups.iter().map(Wakeup::message).collect();
        let sent = self.send(&messages).await;
        let marks = wakeups
            .iter()
            .zip(sent)
            .filter_map(|(wakeup, sent)| sent.is_ok().then_some(*wakeup));
        let marks: Vec<Wakeup> = marks.collect();
        let count = marks.len();
        stream::iter(marks)
            .for_each_concurrent(marks_at_once, |wakeup| self.mark(wakeup))
            .await;
        count
    }

    /// After an act: wakes the publisher for those of `deliveries` whose time is near. Never fails the act.
    pub async fn nudge(&self, deliveries: &[Delivery]) {
        let now = self.clock.now();
        let wakeups: Vec<Wakeup> = deliveries
            .iter()
            .filter_map(|delivery| Wakeup::of(delivery, now))
            .collect();
        if !wakeups.is_empty() {
            self.wake(&wakeups).await;
        }
    }

    /// Sends messages with the delay that makes each visible at its time.
    pub async fn send(&self, messages: &[DeliveryMessage]) -> Vec<Result<()>> {
        let now = self.clock.now();
        let outgoing: Vec<Outgoing> = messages
            .iter()
            .map(|message| Outgoing {
                body: message.to_text(),
                tenant: message.key().tenant,
                delay: Delay::from_seconds(message.delay_seconds(now)),
            })
            .collect();
        let results = self.queue.send(&outgoing).await;
        for (message, result) in messages.iter().zip(&results) {
            if let Err(error) = result {
                tracing::warn!(
                    delivery.id = %message.key().delivery,
                    error = error as &dyn std::error::Error,
                    "a message could not be sent; the next tick sends it"
                );
            }
        }
        results
    }

    async fn mark(&self, wakeup: Wakeup) {
        let key = wakeup.key;
        let transition = wakeup.mark(self.clock.now());
        if let Err(error) = self.table.system().step(&key, &transition).await {
            tracing::warn!(
                delivery.id = %key.delivery,
                error = &error as &dyn std::error::Error,
                "a sent message could not be marked; the next tick sends it again"
            );
        }
    }
}
