//! The whole product in this process, on services in memory.

use std::sync::Arc;

use api::Gate;
use api::edge::{Edge, finish};
use auth::{Issuer, SignInLimits};
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::Builder;
use axum::Router;
use cloud::envelope::Envelope;
use cloud::mail::Mailer;
use cloud::telemetry::Metrics;
use domain::network::RepeatRule;
use domain::{Clock, Ids};
use engine::{Notifier, Outbox, Reconciler, Waker};
use members::InvitationLimits;
use networks::Registry;
use serde_json::Value;
use store::{Settings, Table};
use tenants::TenantLimits;
use testkit::{
    FakeNetwork, FixedRandom, GENEROUS, Mailbox, MemoryArchive, MemoryKeys, MemoryObjects,
    MemoryQueue, TestApi, TestClock, gate_with, public_url,
};
use utoipa_axum::router::OpenApiRouter;

use crate::recorder::Recorder;

/// All functions, and what they stand on.
#[derive(Debug)]
pub struct Product {
    /// The clock, which stands still.
    pub clock: TestClock,
    /// What reaches the table without being recorded.
    pub client: Client,
    /// The same as the store sees it.
    pub table: Table,
    /// What each function asks of the table.
    pub recorder: Recorder,
    /// The key service.
    pub keys: Arc<MemoryKeys>,
    /// The queue of the publisher.
    pub queue: Arc<MemoryQueue>,
    /// Uploaded bytes.
    pub objects: Arc<MemoryObjects>,
    /// What is kept for good.
    pub archive: Arc<MemoryArchive>,
    /// Mails that were sent.
    pub mailbox: Mailbox,
    /// The API with the edge around it.
    pub routes: Router,
    /// The same, to be called.
    pub api: TestApi,
    /// The document that the merged routers describe.
    pub document: Value,
    /// The publisher.
    pub publishing: publishing::Ctx,
    /// The dispatcher.
    pub dispatch: dispatch::Ctx,
    /// The sweeper.
    pub upkeep: upkeep::Ctx,
    /// The maker of exports.
    pub transfers: transfers::Ctx,
}

impl Product {
    /// The product with an empty table and a fake network, at `2026-12-01T08:58:10Z`.
    pub async fn new() -> Self {
        Self::with_networks(|clock| {
            let network = FakeNetwork::new(clock, RepeatRule::ClientKey);
            Registry::new(vec![Arc::new(network)])
        })
        .await
    }

    /// The same with other networks.
    pub async fn with_networks(networks: impl FnOnce(&TestClock) -> Registry) -> Self {
        let clock = TestClock::at("2026-12-01T08:58:10Z");
        let config = testkit::table::config().await;
        let client = Client::from_conf(config.clone().build());
        let ids = testkit::clock::ids(&clock);
        let table = testkit::table_with(client.clone(), ids.clone()).await;
        let mailbox = Mailbox::default();
        let parts = Parts {
            config,
            settings: table.settings().clone(),
            ids,
            recorder: Recorder::default(),
            keys: Arc::default(),
            mailer: Arc::new(mailbox.clone()),
            queue: MemoryQueue::new(&clock),
            networks: networks(&clock),
            objects: MemoryObjects::new(),
            now: Arc::new(clock.clone()),
            clock: clock.clone(),
        };
        // The first start of `auth`.
        let first = parts.table("auth");
        gate_with(&first, &clock, &parts.envelope(&first)).await;
        let (routes, document) = parts.routers().split_for_parts();
        let edge = Edge {
            clock: Arc::clone(&parts.now),
            random: Arc::new(FixedRandom::new(37)),
        };
        let routes = finish(routes, edge);
        let archive = Arc::new(MemoryArchive::default());
        Self {
            api: TestApi::of(routes.clone()),
            document: serde_json::to_value(document).unwrap(),
            routes,
            publishing: parts.publishing(),
            transfers: parts.transfers(),
            dispatch: dispatch::Ctx {
                reconciler: parts.reconciler("dispatch"),
                shards: MemoryQueue::new(&clock),
                time_max: dispatch::TIME_MAX,
            },
            upkeep: upkeep::Ctx {
                reconciler: parts.reconciler("upkeep"),
                objects: Arc::<MemoryObjects>::clone(&parts.objects),
                archive: Arc::<MemoryArchive>::clone(&archive),
                signer: testkit::signer(),
                environment: "test".to_owned(),
            },
            keys: parts.keys,
            queue: parts.queue,
            objects: parts.objects,
            archive,
            recorder: parts.recorder,
            clock,
            client,
            table,
            mailbox,
        }
    }
}

/// What the functions of one product share.
struct Parts {
    clock: TestClock,
    now: Arc<dyn Clock>,
    config: Builder,
    settings: Settings,
    ids: Ids,
    recorder: Recorder,
    keys: Arc<MemoryKeys>,
    mailer: Arc<dyn Mailer>,
    queue: Arc<MemoryQueue>,
    networks: Registry,
    objects: Arc<MemoryObjects>,
}

impl Parts {
    /// The table as one function reaches it: its calls are recorded.
    fn table(&self, function: &'static str) -> Table {
        let recording = self.recorder.of(function);
        let config = self.config.clone().interceptor(recording).build();
        let client = Client::from_conf(config);
        Table::new(client, self.settings.clone(), self.ids.clone())
    }

    fn gate(&self, table: &Table) -> Gate {
        Gate::with_limits(
            table.clone(),
            Arc::clone(&self.now),
            &public_url(),
            GENEROUS,
        )
    }

    fn envelope(&self, table: &Table) -> Arc<Envelope> {
        testkit::services::envelope_of(&self.keys, table, &self.clock)
    }

    fn waker(&self, table: &Table) -> Waker {
        Waker {
            table: table.clone(),
            queue: Arc::<MemoryQueue>::clone(&self.queue),
            clock: Arc::clone(&self.now),
        }
    }

    fn notifier(&self, table: &Table) -> Notifier {
        Notifier {
            table: table.clone(),
            mailer: Arc::clone(&self.mailer),
            clock: Arc::clone(&self.now),
            dashboard: "http://127.0.0.1:8080".to_owned(),
        }
    }

    fn outbox(&self, table: &Table) -> Outbox {
        Outbox {
            table: table.clone(),
            envelope: self.envelope(table),
            mailer: Arc::clone(&self.mailer),
            clock: Arc::clone(&self.now),
        }
    }

    fn reconciler(&self, function: &'static str) -> Reconciler {
        let table = self.table(function);
        Reconciler {
            waker: self.waker(&table),
            notifier: self.notifier(&table),
            outbox: self.outbox(&table),
        }
    }

    fn routers(&self) -> OpenApiRouter {
        OpenApiRouter::with_openapi(api::openapi::base())
            .merge(auth::router(self.auth()))
            .merge(tenants::router(self.tenants()))
            .merge(members::router(self.members()))
            .merge(accounts::router(self.accounts()))
            .merge(media::router(self.media()))
            .merge(scheduling::router(self.scheduling()))
    }

    fn auth(&self) -> auth::Ctx {
        let table = self.table("auth");
        let envelope = self.envelope(&table);
        auth::Ctx {
            gate: self.gate(&table),
            issuer: Arc::new(Issuer::new(Arc::clone(&envelope))),
            envelope,
            outbox: self.outbox(&table),
            clock: Arc::clone(&self.now),
            random: Arc::new(FixedRandom::new(29)),
            public_url: Arc::new(public_url()),
            hasher: Arc::default(),
            limits: SignInLimits::strict(),
            strangers: Arc::default(),
            table,
        }
    }

    fn tenants(&self) -> tenants::Ctx {
        let table = self.table("tenants");
        tenants::Ctx {
            gate: self.gate(&table),
            clock: Arc::clone(&self.now),
            random: Arc::new(FixedRandom::new(31)),
            objects: Arc::<MemoryObjects>::clone(&self.objects),
            own_keys: testkit::own_keys(&self.keys),
            limits: TenantLimits::local(),
            table,
        }
    }

    fn transfers(&self) -> transfers::Ctx {
        let table = self.table("transfers");
        transfers::Ctx {
            objects: Arc::<MemoryObjects>::clone(&self.objects),
            networks: self.networks.clone(),
            notifier: self.notifier(&table),
            clock: Arc::clone(&self.now),
            time_max: transfers::TIME_MAX,
            volume_bytes: transfers::VOLUME_BYTES,
            table,
        }
    }

    fn members(&self) -> members::Ctx {
        let table = self.table("members");
        members::Ctx {
            gate: self.gate(&table),
            outbox: self.outbox(&table),
            clock: Arc::clone(&self.now),
            random: Arc::new(FixedRandom::new(41)),
            public_url: Arc::new(public_url()),
            limits: InvitationLimits::local(),
            table,
        }
    }

    fn accounts(&self) -> accounts::Ctx {
        let table = self.table("accounts");
        accounts::Ctx {
            gate: self.gate(&table),
            clock: Arc::clone(&self.now),
            random: Arc::new(FixedRandom::new(43)),
            networks: self.networks.clone(),
            envelope: self.envelope(&table),
            waker: self.waker(&table),
            notifier: self.notifier(&table),
            table,
        }
    }

    fn media(&self) -> media::Ctx {
        let table = self.table("media");
        media::Ctx::new(
            self.gate(&table),
            table,
            Arc::clone(&self.now),
            Arc::<MemoryObjects>::clone(&self.objects),
        )
    }

    fn scheduling(&self) -> scheduling::Ctx {
        let table = self.table("scheduling");
        scheduling::Ctx {
            gate: self.gate(&table),
            clock: Arc::clone(&self.now),
            networks: self.networks.clone(),
            waker: self.waker(&table),
            table,
        }
    }

    fn publishing(&self) -> publishing::Ctx {
        let table = self.table("publishing");
        publishing::Ctx {
            networks: self.networks.clone(),
            envelope: self.envelope(&table),
            objects: Arc::<MemoryObjects>::clone(&self.objects),
            waker: self.waker(&table),
            notifier: self.notifier(&table),
            clock: Arc::clone(&self.now),
            metrics: Metrics::off(),
            table,
        }
    }
}
