//! One tenant with six hundred posts beside twenty with five each, all due in the same second, on the host's own table,
//! queues and consumers. Lateness is counted in posts that were published before, and in seconds beside a run without
//! the loud one.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use domain::membership::Role;
use domain::network::RepeatRule;
use domain::{Clock, DeliveryId};
use jiff::Timestamp;
use networks::Registry;
use serde_json::json;
use store::{Settings, Table};
use testkit::posts::{Owner, scheduled};
use testkit::{FakeNetwork, TestApi, TestClock, member};
use tokio::sync::watch;
use tokio::time::Instant;

use crate::folder::DataFolder;
use crate::functions::Functions;
use crate::queue::{BatchHandler, Pool};
use crate::services::Services;

const DUE: &str = "2026-12-01T09:00:00Z";
const LOUD: usize = 600;
const QUIET_TENANTS: usize = 20;
const QUIET: usize = 5;
/// Few, so that each has a backlog.
const SHARDS: u32 = 4;
/// Batches at once of the publisher, ten messages each.
const BATCHES: usize = 4;
/// What the loud one may cost the last of the quiet ones, and so each of them.
const COST_MAX: Duration = Duration::from_secs(2);

struct World {
    clock: TestClock,
    services: Services,
    functions: Functions,
    network: FakeNetwork,
    accounts: TestApi,
    _folder: DataFolder,
    _directory: tempfile::TempDir,
}

impl World {
    async fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let folder = DataFolder::open(directory.path()).unwrap();
        let clock = TestClock::at("2026-12-01T08:55:00Z");
        let base = "http://127.0.0.1:8080".parse().unwrap();
        let shared: Arc<dyn Clock> = Arc::new(clock.clone());
        let network = FakeNetwork::new(&clock, RepeatRule::ClientKey);
        let mut services = Services::open(&folder, base, shared).await.unwrap();
        let seen = network.with_effects(cloud::faults::Effects::default());
        let settings = Settings {
            shards: SHARDS,
            ..services.table.settings().clone()
        };
        let ids = services.table.ids().clone();
        services.table = Table::new(services.embedded.client(), settings, ids);
        services.networks = Registry::new(vec![Arc::new(seen)]);
        let functions = Functions::open(&services).await.unwrap();
        Self {
            accounts: TestApi::new(functions.routers(), &clock),
            clock,
            services,
            functions,
            network,
            _folder: folder,
            _directory: directory,
        }
    }

    /// A tenant with a connected account.
    async fn owner(&self, name: &str) -> Owner {
        let member = member(&self.services.table, &self.clock, Role::Owner).await;
        let connect = json!({ "network": FakeNetwork::ID, "credentials": { "identifier": name } });
        let call = self
            .accounts
            .post("/v1/accounts")
            .by(&member)
            .json(&connect);
        let answer = call.send().await.expect(201);
        Owner {
            scope: member.scope,
            user: member.user,
            account: answer.body["id"].as_str().unwrap().parse().unwrap(),
            network: FakeNetwork::ID.parse().unwrap(),
        }
    }

    async fn due(&self, owner: &Owner, posts: usize) -> Vec<DeliveryId> {
        let due: Timestamp = DUE.parse().unwrap();
        let mut deliveries = Vec::with_capacity(posts);
        for _ in 0..posts {
            let delivery = scheduled(&self.services.table, &self.clock, owner, due).await;
            deliveries.push(delivery.id);
        }
        deliveries
    }

    /// A tick of the dispatcher, and the runs over all shards that it hands over.
    async fn dispatch(&self) -> usize {
        self.functions.dispatch().await;
        let waiting = self.services.shards.waiting();
        if waiting == 0 {
            return 0;
        }
        let (stop, stopped) = watch::channel(false);
        let (stop, left) = (Arc::new(stop), Arc::new(Mutex::new(waiting)));
        let functions = self.functions.clone();
        let over_shard = move |message: String| {
            let (functions, stop, left) = (functions.clone(), Arc::clone(&stop), Arc::clone(&left));
            async move {
                functions.dispatch_shard(&message).await;
                let mut left = left.lock().unwrap();
                *left -= 1;
                if *left == 0 {
                    stop.send(true).unwrap();
                }
            }
        };
        self.services.shards.clone().run(over_shard, stopped).await;
        waiting
    }

    /// Publishes until all of `wanted` are out; answers everything that is out, in its order.
    async fn publish_until(&self, wanted: &BTreeSet<DeliveryId>) -> Vec<DeliveryId> {
        let (stop, stopped) = watch::channel(false);
        let stop = Arc::new(stop);
        let publisher = self.functions.publisher();
        let (network, wanted) = (
            self.network.with_effects(cloud::faults::Effects::default()),
            wanted.clone(),
        );
        let network = Arc::new(network);
        let handler: BatchHandler = Arc::new(move |batch| {
            let published = publisher(batch);
            let (network, wanted, stop) = (Arc::clone(&network), wanted.clone(), Arc::clone(&stop));
            Box::pin(async move {
                let failed = published.await;
                let out: BTreeSet<DeliveryId> =
                    network.visible().iter().map(|post| post.delivery).collect();
                if wanted.is_subset(&out) {
                    let _ = stop.send(true);
                }
                failed
            })
        });
        Pool::new(self.services.queue.clone(), handler, BATCHES)
            .run(stopped)
            .await;
        let visible = self.network.visible();
        visible.into_iter().map(|post| post.delivery).collect()
    }
}

/// What went out until the last quiet post did.
struct Played {
    /// Shards that had a backlog.
    handed_over: usize,
    quiet: BTreeSet<DeliveryId>,
    /// In its order.
    out: Vec<DeliveryId>,
    /// How late the last quiet post was.
    last_after: Duration,
}

/// The quiet tenants' posts beside so many of the loud one.
async fn play(loud_posts: usize) -> Played {
    let world = World::new().await;
    let loud = world.owner("loud").await;
    world.due(&loud, loud_posts).await;
    let mut quiet = BTreeSet::new();
    for number in 0..QUIET_TENANTS {
        let owner = world.owner(&format!("quiet-{number}")).await;
        quiet.extend(world.due(&owner, QUIET).await);
    }

    world.clock.set("2026-12-01T08:58:00Z".parse().unwrap());
    let handed_over = world.dispatch().await;
    world.clock.set(DUE.parse().unwrap());
    let began = Instant::now();
    let out = world.publish_until(&quiet).await;
    Played {
        handed_over,
        quiet,
        out,
        last_after: began.elapsed(),
    }
}

#[tokio::test]
async fn f_28_quiet_tenants_beside_a_loud_one_are_published_among_the_first_and_nearly_as_soon() {
    let alone = play(0).await;
    let beside = play(LOUD).await;

    assert_eq!(
        beside.handed_over, SHARDS as usize,
        "every shard has a backlog"
    );
    let mut out = beside.out.iter();
    let last = out.rposition(|delivery| beside.quiet.contains(delivery));
    let turns = QUIET * (QUIET_TENANTS + 1);
    let in_work = BATCHES * 10;
    assert!(
        last.unwrap() < turns + in_work,
        "the last was number {last:?}"
    );
    let (alone, beside) = (alone.last_after, beside.last_after);
    println!("the last quiet one after {alone:?} alone, after {beside:?} beside the loud one");
    assert!(
        beside <= alone + COST_MAX,
        "{beside:?} beside the loud one, {alone:?} alone"
    );
}
