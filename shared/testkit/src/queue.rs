//! A queue in memory.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use cloud::queue::{DeliveryQueue, Outgoing};
use domain::{Clock, Result};
use jiff::{SignedDuration, Timestamp};

use crate::clock::TestClock;

/// A message in a [`MemoryQueue`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QueuedMessage {
    /// Its number, from 0.
    pub id: usize,
    /// Its text.
    pub body: String,
    /// When it becomes visible.
    pub visible_at: Timestamp,
}

/// A queue with delays and redelivery; the clock is the test's.
#[derive(Debug)]
pub struct MemoryQueue {
    clock: TestClock,
    messages: Mutex<(usize, Vec<QueuedMessage>)>,
}

impl MemoryQueue {
    /// How long a received message is invisible: longer than its receiver may work on it.
    const VISIBILITY: SignedDuration = SignedDuration::from_secs(360);

    /// An empty queue.
    pub fn new(clock: &TestClock) -> Arc<Self> {
        Arc::new(Self {
            clock: clock.clone(),
            messages: Mutex::default(),
        })
    }

    /// Up to `most` visible messages; each comes again unless it is acknowledged.
    pub fn receive(&self, most: usize) -> Vec<QueuedMessage> {
        let now = self.clock.now();
        let mut messages = self.messages.lock().expect("no panic while locked");
        let visible = messages
            .1
            .iter_mut()
            .filter(|message| message.visible_at <= now)
            .take(most);
        visible
            .map(|message| {
                let received = message.clone();
                message.visible_at = now
                    .checked_add(Self::VISIBILITY)
                    .expect("a time that exists");
                received
            })
            .collect()
    }

    /// A received message does not come again.
    pub fn acknowledge(&self, id: usize) {
        self.messages
            .lock()
            .expect("no panic while locked")
            .1
            .retain(|message| message.id != id);
    }

    /// When the next message becomes visible.
    pub fn next_visible_at(&self) -> Option<Timestamp> {
        self.messages
            .lock()
            .expect("no panic while locked")
            .1
            .iter()
            .map(|message| message.visible_at)
            .min()
    }

    /// All messages, visible or not.
    pub fn messages(&self) -> Vec<QueuedMessage> {
        self.messages
            .lock()
            .expect("no panic while locked")
            .1
            .clone()
    }

    /// Loses every message.
    pub fn lose_all(&self) {
        self.messages
            .lock()
            .expect("no panic while locked")
            .1
            .clear();
    }
}

#[async_trait]
impl DeliveryQueue for MemoryQueue {
    async fn send(&self, messages: &[Outgoing]) -> Vec<Result<()>> {
        let now = self.clock.now();
        let mut queue = self.messages.lock().expect("no panic while locked");
        for message in messages {
            let delay = SignedDuration::from_secs(i64::from(message.delay.seconds()));
            let visible_at = now.checked_add(delay).expect("a time that exists");
            let id = queue.0;
            queue.0 += 1;
            queue.1.push(QueuedMessage {
                id,
                body: message.body.clone(),
                visible_at,
            });
        }
        messages.iter().map(|_| Ok(())).collect()
    }
}
