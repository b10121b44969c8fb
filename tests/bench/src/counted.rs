//! What a post costs in units of the table and in calls of other services: counted, not timed, in process.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use anyhow::{Context as _, Result, ensure};
use api::Gate;
use async_trait::async_trait;
use cloud::envelope::Envelope;
use cloud::keys::{DataKey, KeyContext, KeyService, PlainKey};
use cloud::mail::Mailer;
use cloud::queue::DeliveryQueue;
use cloud::telemetry::Metrics;
use domain::membership::Role;
use domain::network::RepeatRule;
use domain::{Clock, Random, WrappingKey};
use engine::{Notifier, Outbox, Reconciler, Waker};
use jiff::SignedDuration;
use networks::{Bluesky, Egress, HttpClient, Network as _, Registry};
use publishing::Incoming;
use serde_json::json;
use store::{Consumed, Meter, Settings, Table};
use testkit::{
    FakeNetwork, FixedRandom, Mailbox, MemoryArchive, MemoryKeys, MemoryObjects, MemoryQueue,
    TestApi, TestClock, TestMember,
};

use crate::figure::Figure;
use crate::posts;

const TENANTS: usize = 20;
const POSTS: usize = 1_000;
/// Messages of one invocation and of one call of the queue.
const BATCH: usize = 10;
const TABLE: &str = "m1autoposter-bench";
const SHARDS: u32 = 16;

/// What one post, and a minute without any, cost.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Counts {
    /// `POST /v1/posts`
    pub(crate) create: Consumed,
    /// The audit log's share: the event of the creation is sealed, some minutes' worth of a tenant's at once.
    pub(crate) seal: Consumed,
    /// The dispatcher's share: reading the entry, marking it.
    pub(crate) dispatch: Consumed,
    /// The publisher's share: from the message to the settlement.
    pub(crate) publish: Consumed,
    /// `GET /v1/posts/{id}`
    pub(crate) look: Consumed,
    /// `GET /v1/posts?limit=50`
    pub(crate) list: Consumed,
    /// A tick of the dispatcher that finds nothing.
    pub(crate) idle_tick: Consumed,
    /// A look at events between two ticks that finds none.
    pub(crate) idle_seal: Consumed,
    /// A sweep that finds nothing.
    pub(crate) idle_sweep: Consumed,
    /// A run over exports and imports that finds none.
    pub(crate) idle_transfers: Consumed,
    /// Calls of the key service for all posts together, by one instance.
    pub(crate) key_calls: f64,
    /// Calls of the queue for one post: sent, received and removed in batches.
    pub(crate) queue_calls: f64,
}

impl Counts {
    /// Read and write units of the publication, without the audit log.
    pub(crate) fn after_creation(&self) -> Consumed {
        Consumed {
            writes: self.dispatch.writes + self.publish.writes,
            reads: self.dispatch.reads + self.publish.reads,
        }
    }

    pub(crate) fn figures(&self) -> Vec<Figure> {
        let Consumed { writes, reads } = self.after_creation();
        vec![
            Figure::new("write units of a target after its creation", writes, "").at_most(15.0),
            Figure::new("read units of a target after its creation", reads, "").at_most(6.0),
            Figure::new(
                "calls of the key service for 1,000 posts of 20 tenants",
                self.key_calls,
                "",
            )
            .at_most(20.0),
            Figure::new("create post: write units", self.create.writes, ""),
            Figure::new("create post: read units", self.create.reads, ""),
            Figure::new("create post, audit log: write units", self.seal.writes, ""),
            Figure::new("create post, audit log: read units", self.seal.reads, ""),
            Figure::new("get post: read units", self.look.reads, ""),
            Figure::new("list 50 posts: read units", self.list.reads, ""),
            Figure::new("tick without work: read units", self.idle_tick.reads, ""),
            Figure::new(
                "look at events without any: read units",
                self.idle_seal.reads,
                "",
            ),
            Figure::new("sweep without work: read units", self.idle_sweep.reads, ""),
            Figure::new(
                "run over transfers without any: read units",
                self.idle_transfers.reads,
                "",
            ),
        ]
    }
}

/// Twenty tenants write a thousand posts, which then go out.
pub(crate) async fn count() -> Result<Counts> {
    let bench = Bench::new().await?;
    let members = bench.members().await?;
    let mut counts = Counts::default();

    let due = bench.clock.now() + SignedDuration::from_hours(1);
    let mut last = String::new();
    bench.meter.take();
    for (number, (member, account)) in members.iter().cycle().take(POSTS).enumerate() {
        let new = json!({
            "when": { "at": due.to_string() },
            "base": { "text": posts::text(number) },
            "targets": [{ "account_id": account }],
        });
        let call = bench.api.post("/v1/posts").by(member).json(&new);
        let made = call
            .header("idempotency-key", &format!("bench-{number}"))
            .send()
            .await;
        ensure!(made.status.as_u16() == 201, "{}", made.body);
        made.body["id"]
            .as_str()
            .context("no id")?
            .clone_into(&mut last);
    }
    counts.create = bench.each(POSTS);
    let (reader, _) = members.get((POSTS - 1) % TENANTS).context("no member")?;
    for (path, read) in [
        (format!("/v1/posts/{last}"), &mut counts.look),
        ("/v1/posts?limit=50".to_owned(), &mut counts.list),
    ] {
        // What an instance reads once, as keys of cursors, is read before.
        for _ in 0..2 {
            bench.meter.take();
            let answer = bench.api.get(&path).by(reader).send().await;
            ensure!(answer.status.as_u16() == 200, "{}", answer.body);
        }
        *read = bench.each(1);
    }

    bench.seal().await?;
    counts.seal = bench.each(POSTS);

    bench.clock.set(due - SignedDuration::from_mins(2));
    while dispatch::tick(&bench.dispatch).await?.woken > 0 {}
    counts.dispatch = bench.each(POSTS);
    let sent = bench.queue.messages().len();
    ensure!(sent == POSTS, "{sent} messages");
    bench.clock.set(due);
    let mut batches: usize = 0;
    loop {
        let received = bench.queue.receive(BATCH);
        if received.is_empty() {
            break;
        }
        batches += 1;
        let messages = received.iter().map(|message| Incoming {
            id: message.id.to_string(),
            body: message.body.clone(),
        });
        let failed = publishing::handle(&bench.publishing, messages.collect()).await;
        ensure!(failed.is_empty(), "{} messages failed", failed.len());
        for message in received {
            bench.queue.acknowledge(message.id);
        }
    }
    counts.publish = bench.each(POSTS);
    ensure!(
        bench.network.visible().len() == POSTS,
        "not all posts are out"
    );
    // Sent, received and removed in batches.
    counts.queue_calls = 3.0 * batches as f64 / POSTS as f64;
    counts.key_calls = bench.keys.calls.load(Ordering::Relaxed) as f64;

    dispatch::tick(&bench.dispatch).await?;
    counts.idle_tick = bench.each(1);
    dispatch::seal(&bench.dispatch).await?;
    counts.idle_seal = bench.each(1);
    upkeep::sweep(&bench.upkeep).await?;
    counts.idle_sweep = bench.each(1);
    transfers::run(&bench.transfers).await?;
    counts.idle_transfers = bench.each(1);
    Ok(counts)
}

/// All functions on services in memory, with a meter at the table.
pub(crate) struct Bench {
    pub(crate) clock: TestClock,
    pub(crate) meter: Arc<Meter>,
    queue: Arc<MemoryQueue>,
    keys: Arc<CountedKeys>,
    network: FakeNetwork,
    pub(crate) table: Table,
    pub(crate) api: TestApi,
    pub(crate) gate: Gate,
    dispatch: dispatch::Ctx,
    publishing: publishing::Ctx,
    upkeep: upkeep::Ctx,
    transfers: transfers::Ctx,
}

impl Bench {
    pub(crate) async fn new() -> Result<Self> {
        let clock = TestClock::at("2026-12-01T08:00:00Z");
        let meter = Arc::new(Meter::default());
        let client = testkit::table::client().await;
        store::schema::create_if_absent(&client, TABLE).await?;
        let settings = Settings {
            name: TABLE.to_owned(),
            shards: SHARDS,
        };
        let table =
            Table::new(client, settings, testkit::clock::ids(&clock)).metered(Arc::clone(&meter));
        let keys = Arc::new(CountedKeys::default());
        let queue = MemoryQueue::new(&clock);
        let shared: Arc<dyn Clock> = Arc::new(clock.clone());
        let network = FakeNetwork::new(&clock, RepeatRule::ClientKey).with_rules(bluesky(&shared)?);
        let networks = Registry::new(vec![Arc::new(
            network.with_effects(cloud::faults::Effects::default()),
        )]);
        let random: Arc<dyn Random> = Arc::new(FixedRandom::new(13));
        // The API and the publisher are different processes: each opens a tenant's key for itself.
        let envelope = || {
            let keys: Arc<dyn KeyService> = Arc::clone(&keys) as _;
            Arc::new(Envelope::new(
                keys,
                Arc::new(table.clone()),
                Arc::clone(&shared),
                Arc::clone(&random),
                "bench",
            ))
        };
        let mailer: Arc<dyn Mailer> = Arc::new(Mailbox::default());
        let waker = Waker {
            table: table.clone(),
            queue: Arc::clone(&queue) as Arc<dyn DeliveryQueue>,
            clock: Arc::clone(&shared),
        };
        let notifier = Notifier {
            table: table.clone(),
            mailer: Arc::clone(&mailer),
            clock: Arc::clone(&shared),
            dashboard: "https://example.com".to_owned(),
        };
        let reconciler = Reconciler {
            waker: waker.clone(),
            notifier: notifier.clone(),
            outbox: Outbox {
                table: table.clone(),
                envelope: envelope(),
                mailer,
                clock: Arc::clone(&shared),
            },
        };
        let gate = testkit::gate(&table, &clock).await;
        let routes = scheduling::router(scheduling::Ctx {
            gate: gate.clone(),
            table: table.clone(),
            clock: Arc::clone(&shared),
            networks: networks.clone(),
            waker: waker.clone(),
        })
        .merge(accounts::router(accounts::Ctx {
            gate: gate.clone(),
            table: table.clone(),
            clock: Arc::clone(&shared),
            random: Arc::new(FixedRandom::new(43)),
            networks: networks.clone(),
            envelope: envelope(),
            waker: waker.clone(),
            notifier: notifier.clone(),
        }));
        Ok(Self {
            api: TestApi::new(routes, &clock),
            gate,
            dispatch: dispatch::Ctx {
                reconciler: reconciler.clone(),
                shards: MemoryQueue::new(&clock),
                time_max: dispatch::TIME_MAX,
            },
            upkeep: upkeep::Ctx {
                reconciler,
                objects: MemoryObjects::new(),
                archive: Arc::new(MemoryArchive::default()),
                signer: testkit::signer(),
                environment: "test".to_owned(),
            },
            transfers: transfers::Ctx {
                table: table.clone(),
                objects: MemoryObjects::new(),
                networks: networks.clone(),
                notifier: notifier.clone(),
                clock: Arc::clone(&shared),
                time_max: transfers::TIME_MAX,
                volume_bytes: transfers::VOLUME_BYTES,
            },
            publishing: publishing::Ctx {
                table: table.clone(),
                networks,
                envelope: envelope(),
                objects: MemoryObjects::new(),
                waker,
                notifier,
                clock: Arc::new(clock.eager()),
                metrics: Metrics::off(),
            },
            clock,
            meter,
            queue,
            keys,
            network,
            table,
        })
    }

    /// Tenants with a member and an account each. What that costs is not counted.
    pub(crate) async fn members(&self) -> Result<Vec<(TestMember, String)>> {
        let mut members = Vec::with_capacity(TENANTS);
        for number in 0..TENANTS {
            let member = testkit::member(&self.table, &self.clock, Role::Owner).await;
            let connect = json!({
                "network": FakeNetwork::ID,
                "credentials": { "identifier": format!("bench-{number}") },
            });
            let call = self.api.post("/v1/accounts").by(&member).json(&connect);
            let connected = call.send().await;
            let id = connected.body["id"].as_str();
            let id = id.with_context(|| connected.body.to_string())?.to_owned();
            members.push((member, id));
        }
        self.seal().await?;
        self.keys.calls.store(0, Ordering::Relaxed);
        Ok(members)
    }

    /// Every event becomes part of its tenant's audit log.
    async fn seal(&self) -> Result<()> {
        for shard in 0..SHARDS {
            let run = dispatch::backlog(&self.dispatch, shard).await?;
            ensure!(run.failed == 0, "{run:?}");
        }
        Ok(())
    }

    /// What was consumed since the last look, for each of so many.
    fn each(&self, many: usize) -> Consumed {
        let Consumed { writes, reads } = self.meter.take();
        Consumed {
            writes: writes / many as f64,
            reads: reads / many as f64,
        }
    }
}

/// The rules of the network that real accounts have.
fn bluesky(clock: &Arc<dyn Clock>) -> Result<domain::network::Rules> {
    // Refused only when it is there already.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let http = HttpClient::new(Egress::AllowLoopback)?;
    Ok(Bluesky::new(http, Arc::clone(clock)).rules().clone())
}

#[derive(Debug, Default)]
struct CountedKeys {
    keys: MemoryKeys,
    calls: AtomicU64,
}

#[async_trait]
impl KeyService for CountedKeys {
    async fn generate_data_key(
        &self,
        under: &WrappingKey,
        context: &KeyContext,
    ) -> domain::Result<DataKey> {
        self.calls.fetch_add(1, Ordering::Relaxed);
        self.keys.generate_data_key(under, context).await
    }

    async fn decrypt(
        &self,
        under: &WrappingKey,
        wrapped: &[u8],
        context: &KeyContext,
    ) -> domain::Result<PlainKey> {
        self.calls.fetch_add(1, Ordering::Relaxed);
        self.keys.decrypt(under, wrapped, context).await
    }
}
