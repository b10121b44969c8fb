//! A dispatcher, its table, and its queues.

use std::sync::Arc;

use async_trait::async_trait;
use aws_sdk_dynamodb::operation::query::QueryInput;
use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::context::BeforeSerializationInterceptorContextRef;
use aws_smithy_runtime_api::client::interceptors::{Intercept, dyn_dispatch_hint};
use aws_smithy_types::config_bag::ConfigBag;
use cloud::queue::{DeliveryQueue, Outgoing};
use dispatch::{Ctx, DispatchMessage};
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
    config: aws_sdk_dynamodb::config::Builder,
}

impl World {
    pub(crate) async fn new() -> Self {
        Self::with_shards(1).await
    }

    pub(crate) async fn with_shards(shards: u32) -> Self {
        let clock = TestClock::at("2026-12-01T08:58:00Z");
        let config = testkit::table::config().await;
        let client = aws_sdk_dynamodb::Client::from_conf(config.clone().build());
        let ids = testkit::clock::ids(&clock);
        let table = testkit::table_with(client.clone(), ids.clone()).await;
        let settings = Settings {
            shards,
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
            config,
        }
    }

    /// The same dispatcher while queries of these partitions of indexes fail.
    pub(crate) fn without_partitions(&self, down: &[&'static str]) -> Ctx {
        let config = self.config.clone().interceptor(Down(down.to_vec()));
        let table = Table::new(
            aws_sdk_dynamodb::Client::from_conf(config.build()),
            self.table.settings().clone(),
            self.table.ids().clone(),
        );
        let mut ctx = self.ctx.clone();
        ctx.reconciler.waker.table = table;
        ctx
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
        let messages = messages.map(|message| DispatchMessage::from_text(&message.body));
        messages
            .filter_map(|message| match message.unwrap() {
                DispatchMessage::Shard(shard) => Some(shard),
                DispatchMessage::Seal => None,
            })
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

/// Partitions of which no query is answered.
#[derive(Debug)]
struct Down(Vec<&'static str>);

#[dyn_dispatch_hint]
impl Intercept for Down {
    fn name(&self) -> &'static str {
        "Down"
    }

    fn read_before_execution(
        &self,
        context: &BeforeSerializationInterceptorContextRef<'_>,
        _config: &mut ConfigBag,
    ) -> std::result::Result<(), BoxError> {
        let query = context.input().downcast_ref::<QueryInput>();
        let values = query.and_then(QueryInput::expression_attribute_values);
        let mut values = values.into_iter().flatten().map(|(_, value)| value);
        let is_down = values.any(|value| {
            value
                .as_s()
                .is_ok_and(|text| self.0.contains(&text.as_str()))
        });
        if is_down {
            return Err("the partition is down".into());
        }
        Ok(())
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
