//! A sweeper, its table, and its queue.

use std::io::Write;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::operation::query::QueryInput;
use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::context::BeforeSerializationInterceptorContextRef;
use aws_smithy_runtime_api::client::interceptors::{Intercept, dyn_dispatch_hint};
use aws_smithy_types::config_bag::ConfigBag;
use cloud::envelope::Envelope;
use cloud::queue::{DeliveryQueue, Outgoing};
use cloud::telemetry::Metrics;
use domain::{Clock, Error, Result};
use engine::{Notifier, Outbox, Reconciler, Waker};
use store::Table;
use testkit::{Mailbox, MemoryArchive, MemoryObjects, MemoryQueue, TestClock};
use upkeep::Ctx;

pub(crate) struct World {
    pub(crate) ctx: Ctx,
    pub(crate) clock: TestClock,
    pub(crate) table: Table,
    pub(crate) queue: Arc<MemoryQueue>,
    pub(crate) envelope: Arc<Envelope>,
    config: aws_sdk_dynamodb::config::Builder,
}

impl World {
    pub(crate) async fn new() -> Self {
        let clock = TestClock::at("2026-12-01T09:00:00Z");
        let config = testkit::table::config().await;
        let client = Client::from_conf(config.clone().build());
        let table = testkit::table_with(client, testkit::clock::ids(&clock)).await;
        let shared: Arc<dyn Clock> = Arc::new(clock.clone());
        let (queue, mailer) = (MemoryQueue::new(&clock), Arc::new(Mailbox::default()));
        let envelope = testkit::envelope(&table, &clock);
        let reconciler = Reconciler {
            waker: Waker {
                table: table.clone(),
                queue: Arc::<MemoryQueue>::clone(&queue),
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
                envelope: Arc::clone(&envelope),
                mailer,
                clock: shared,
            },
        };
        Self {
            ctx: Ctx {
                reconciler,
                objects: MemoryObjects::new(),
                archive: Arc::new(MemoryArchive::default()),
                signer: testkit::signer(),
                environment: "test".to_owned(),
            },
            clock,
            table,
            queue,
            envelope,
            config,
        }
    }

    /// The same sweeper while no query of this partition of an index is answered.
    pub(crate) fn without_partition(&self, down: &'static str) -> Ctx {
        let config = self.config.clone().interceptor(Down(down));
        let mut ctx = self.ctx.clone();
        ctx.reconciler.waker.table = Table::new(
            Client::from_conf(config.build()),
            self.table.settings().clone(),
            self.table.ids().clone(),
        );
        ctx
    }
}

/// A partition of which no query is answered.
#[derive(Debug)]
struct Down(&'static str);

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
        if values.any(|value| value.as_s().is_ok_and(|text| text == self.0)) {
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

/// What was measured, line by line.
#[derive(Clone, Default)]
pub(crate) struct Lines(Arc<Mutex<Vec<u8>>>);

impl Lines {
    pub(crate) fn metrics(&self) -> Metrics {
        Metrics::writing_to("upkeep", self.clone())
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}
