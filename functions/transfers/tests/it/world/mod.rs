//! Tenants with something to export, and the function that works on it.

mod content;
mod exports;
mod imports;
mod people;
mod settings;
mod stored;

use std::sync::Arc;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::Builder;
use cloud::faults::{Effects, Faulty, FaultyHttpClient};
use domain::Clock;
use domain::network::RepeatRule;
use engine::Notifier;
use jiff::SignedDuration;
use networks::Registry;
use store::{AttentionWork, Table};
use testkit::{FakeNetwork, Mailbox, MemoryObjects, TestClock};
use transfers::Ctx;

pub(crate) use content::PostPlan;

/// Bytes from which on a volume is full, here.
pub(crate) const VOLUME: usize = 10_000;
/// A picture that a decoder takes.
pub(crate) const PIXELS: &[u8] =
    include_bytes!("../../../../../shared/networks/tests/it/pixels.png");
/// What is in no export.
pub(crate) const SECRET: &[u8] = b"a sealed credential";

pub(crate) struct World {
    pub(crate) clock: TestClock,
    pub(crate) table: Table,
    pub(crate) objects: Arc<MemoryObjects>,
    pub(crate) mailbox: Mailbox,
    endpoint: Builder,
}

impl World {
    pub(crate) async fn new() -> Self {
        let clock = TestClock::at("2026-12-01T08:00:00Z");
        let endpoint = testkit::table::config().await;
        let client = Client::from_conf(endpoint.clone().build());
        Self {
            table: testkit::table_with(client, testkit::clock::ids(&clock)).await,
            objects: MemoryObjects::new(),
            mailbox: Mailbox::default(),
            clock,
            endpoint,
        }
    }

    /// The function, with every call of the table and of the objects as an effect of `effects`.
    pub(crate) fn start(&self, effects: &Effects) -> Ctx {
        let http = aws_smithy_http_client::Builder::new().build_http();
        let config = self.endpoint.clone();
        let config = config
            .http_client(FaultyHttpClient::new(http, effects.clone()))
            .retry_config(aws_sdk_dynamodb::config::retry::RetryConfig::disabled())
            .build();
        let table = Table::new(
            Client::from_conf(config),
            self.table.settings().clone(),
            self.table.ids().clone(),
        );
        let clock: Arc<dyn Clock> = Arc::new(self.clock.clone());
        let notifier = Notifier {
            table: table.clone(),
            mailer: Arc::new(self.mailbox.clone()),
            clock: Arc::clone(&clock),
            dashboard: "https://app.test".to_owned(),
        };
        Ctx {
            objects: Arc::new(Faulty::new(Arc::clone(&self.objects), effects.clone())),
            networks: Registry::new(vec![Arc::new(FakeNetwork::new(
                &self.clock,
                RepeatRule::ClientKey,
            ))]),
            time_max: transfers::TIME_MAX,
            volume_bytes: VOLUME,
            table,
            notifier,
            clock,
        }
    }

    /// The function without faults.
    pub(crate) fn function(&self) -> Ctx {
        self.start(&Effects::default())
    }

    /// A run a minute later, when a step that died may be made again.
    pub(crate) async fn next_run(&self) -> usize {
        self.clock.advance(SignedDuration::from_mins(1));
        self.run().await
    }

    /// Sends every mail that is owed, as the dispatcher does.
    pub(crate) async fn send_owed(&self) {
        let (system, notifier) = (self.table.system(), self.function().notifier);
        let until = self.clock.now() + SignedDuration::from_hours(1);
        for shard in 0..system.shards() {
            for entry in system.attention(shard, until, 1_000).await.unwrap() {
                if let AttentionWork::Notice(id) = entry.work {
                    notifier.send_owed(id).await.unwrap();
                }
            }
        }
    }

    /// A run that must not fail.
    pub(crate) async fn run(&self) -> usize {
        let run = transfers::run(&self.function()).await.unwrap();
        assert_eq!(run.failed, 0);
        run.steps
    }
}

/// The effects that change something, with their numbers: whoever dies at a read has died after the write before.
pub(crate) fn writes<'a>(
    effects: &'a [&'static str],
) -> impl Iterator<Item = (usize, &'static str)> + 'a {
    let numbered = effects.iter().copied().enumerate();
    numbered.filter(|(_, effect)| {
        const WRITES: [&str; 5] = [
            "DeleteItem",
            "PutItem",
            "TransactWriteItems",
            "UpdateItem",
            "objects.put",
        ];
        WRITES.contains(effect)
    })
}
