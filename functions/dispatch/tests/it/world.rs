//! A dispatcher, its table with one shard, and its queues.

use std::sync::Arc;

use async_trait::async_trait;
use cloud::queue::{DeliveryQueue, Outgoing};
use dispatch::{Ctx, ShardMessage};
use domain::delivery::{Delivery, DeliveryKey, DeliveryMessage, State};
use domain::{Clock, Error, Result};
use engine::{Notifier, Outbox, Reconciler, Waker};
use jiff::Timestamp;
use store::{Settings, Table};
use testkit::posts::{Owner, owner, scheduled};
use testkit::{Mailbox, MemoryQueue, TestClock};

/// When posts are due: within the look-ahead, so that a tick sends them.
pub(crate) const DUE: &str = "2026-12-01T09:00:00Z";

pub(crate) struct World {
    pub(crate) ctx: Ctx,
    pub(crate) clock: TestClock,
    pub(crate) table: Table,
    pub(crate) client: aws_sdk_dynamodb::Client,
    pub(crate) publishing: Arc<MemoryQueue>,
    pub(crate) shards: Arc<MemoryQueue>,
}

impl World {
    pub(crate) async fn new() -> Self {
        let clock = TestClock::at("2026-12-01T08:58:00Z");
        let client = testkit::table::client().await;
        let ids = testkit::clock::ids(&clock);
        let table = testkit::table_with(client.clone(), ids.clone()).await;
        let settings = Settings {
            shards: 1,
            ..table.settings().clone()
        };
        let table = Table::new(client.clone(), settings, ids);
        let (publishing, shards) = (MemoryQueue::new(&clock), MemoryQueue::new(&clock));
        let shared: Arc<dyn Clock> = Arc::new(clock.clone());
        let mailer = Arc::new(Mailbox::default());
        let queue: Arc<dyn DeliveryQueue> = Arc::<MemoryQueue>::clone(&publishing);
        let reconciler = Reconciler {
            waker: Waker {
                table: table.clone(),
                queue,
                clock: Arc::clone(&shared),
            },
            notifier: Notifier {
                table: table.clone(),
                mailer: Arc::<Mailbox>::clone(&mailer),
                clock: Arc::clone(&shared),
                dashboard: "http://127.0.0.1:8080".to_owned(),
            },
            outbox: Outbox {
                table: table.clone(),
                envelope: testkit::envelope(&table, &clock),
                mailer,
                clock: shared,
            },
        };
        Self {
            ctx: Ctx {
                reconciler,
                shards: Arc::<MemoryQueue>::clone(&shards),
                time_max: dispatch::TIME_MAX,
            },
            clock,
            table,
            client,
            publishing,
            shards,
        }
    }

    /// A tenant.
    pub(crate) async fn owner(&self) -> Owner {
        owner(&self.table, &self.clock).await
    }

    /// So many posts of a tenant that are due at once.
    pub(crate) async fn due(&self, owner: &Owner, posts: usize) -> Vec<Delivery> {
        let due: Timestamp = DUE.parse().unwrap();
        let mut deliveries = Vec::with_capacity(posts);
        for _ in 0..posts {
            deliveries.push(scheduled(&self.table, &self.clock, owner, due).await);
        }
        deliveries
    }

    /// What was sent to the publisher, in that order.
    pub(crate) fn woken(&self) -> Vec<DeliveryKey> {
        let messages = self.publishing.messages().into_iter();
        messages
            .map(|message| *DeliveryMessage::from_text(&message.body).unwrap().key())
            .collect()
    }

    /// Shards that were handed over.
    pub(crate) fn handed_over(&self) -> Vec<u32> {
        let messages = self.shards.messages().into_iter();
        messages
            .map(|message| ShardMessage::from_text(&message.body).unwrap().shard)
            .collect()
    }

    /// How many of these wait in the queue, as the table says.
    pub(crate) async fn queued(&self, deliveries: &[Delivery]) -> usize {
        let mut queued = 0;
        for delivery in deliveries {
            let key = DeliveryKey::of(delivery);
            let stored = self.table.system().delivery(&key).await.unwrap().unwrap();
            queued += usize::from(stored.state == State::Queued);
        }
        queued
    }
}

/// A queue that takes nothing.
#[derive(Debug)]
pub(crate) struct ClosedQueue;

#[async_trait]
impl DeliveryQueue for ClosedQueue {
    async fn send(&self, messages: &[Outgoing]) -> Vec<Result<()>> {
        let closed = |_| Err(Error::unavailable("the queue", "it is closed"));
        messages.iter().map(closed).collect()
    }
}
