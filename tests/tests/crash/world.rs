//! What outlives a process, and processes on top of it.

use std::collections::HashMap;
use std::sync::Arc;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::AttributeValue;

use cloud::envelope::Envelope;
use cloud::faults::{Effects, Faulty, FaultyHttpClient};
use cloud::mail::Mailer;
use cloud::objects::ObjectStore;
use cloud::queue::DeliveryQueue;
use cloud::telemetry::Metrics;
use domain::event::EventKind;
use domain::membership::Role;
use domain::network::RepeatRule;
use domain::tenant::TimeZoneName;
use domain::user::{Origin, User};
use domain::{Clock, DeliveryId, NoticeId};
use engine::{Notifier, Outbox, Reconciler, Waker};
use networks::Registry;
use serde_json::json;
use store::{
    NewToken, OwedMail, Registration, SecretHash, StoredPassword, StoredPost, Table, TokenPurpose,
    UserAct,
};
use testkit::{
    FakeNetwork, FixedRandom, Mailbox, MemoryArchive, MemoryKeys, MemoryObjects, MemoryQueue,
    TestApi, TestClock, TestMember,
};

/// Where the author of every post gets mails.
pub(crate) const AUTHOR: &str = "ada@example.com";

/// What outlives a process: the table, the queue, keys, objects, the archive, and the network outside.
pub(crate) struct World {
    pub(crate) clock: TestClock,
    pub(crate) table: Table,
    pub(crate) queue: Arc<MemoryQueue>,
    pub(crate) network: FakeNetwork,
    pub(crate) member: TestMember,
    pub(crate) account: String,
    pub(crate) mailbox: Mailbox,
    pub(crate) keys: Arc<MemoryKeys>,
    pub(crate) objects: Arc<MemoryObjects>,
    pub(crate) archive: Arc<MemoryArchive>,
    endpoint: aws_sdk_dynamodb::config::Builder,
}

/// One process with all functions.
pub(crate) struct Process {
    pub(crate) api: TestApi,
    pub(crate) dispatch: dispatch::Ctx,
    pub(crate) publishing: publishing::Ctx,
    pub(crate) upkeep: upkeep::Ctx,
    pub(crate) transfers: transfers::Ctx,
}

impl World {
    /// A fresh world with a member and an account at the fake network.
    pub(crate) async fn new(repeat: RepeatRule) -> Self {
        let clock = TestClock::at("2026-12-01T08:58:10Z");
        let endpoint = testkit::table::config().await;
        let client = Client::from_conf(endpoint.clone().build());
        let table = testkit::table_with(client, testkit::clock::ids(&clock)).await;
        let member = testkit::member(&table, &clock, Role::Owner).await;
        register(&table, &member).await;
        let mut world = Self {
            queue: MemoryQueue::new(&clock),
            network: FakeNetwork::new(&clock, repeat),
            keys: Arc::new(MemoryKeys::default()),
            objects: MemoryObjects::new(),
            archive: Arc::default(),
            account: String::new(),
            mailbox: Mailbox::default(),
            clock,
            table,
            member,
            endpoint,
        };
        let setup = world.start(Effects::default());
        world.account = setup.connect(&world, "ada").await;
        world
    }

    /// A post as it is stored.
    pub(crate) async fn post(&self, id: &str) -> StoredPost {
        let posts = self.table.tenant(&self.member.scope);
        posts.post(id.parse().unwrap()).await.unwrap().unwrap()
    }

    /// What readers see of a delivery.
    pub(crate) fn visible_of(&self, delivery: DeliveryId) -> usize {
        let visible = self.network.visible().into_iter();
        visible.filter(|post| post.delivery == delivery).count()
    }

    /// The member signs in anew, whatever became of their session.
    pub(crate) async fn sign_in(&self) {
        let TestMember { user, tenant, .. } = self.member;
        testkit::http::session(&self.table, &self.clock, user, Some(tenant)).await;
    }

    /// What reaches the table without faults.
    pub(crate) fn client(&self) -> Client {
        Client::from_conf(self.endpoint.clone().build())
    }

    /// Removes an item that was read.
    pub(crate) async fn delete(&self, item: &HashMap<String, AttributeValue>) {
        let client = self.client();
        let delete = client.delete_item().table_name(&self.table.settings().name);
        let delete = delete
            .key("PK", item["PK"].clone())
            .key("SK", item["SK"].clone());
        delete.send().await.unwrap();
    }

    /// Puts each credential where the other one belongs, as somebody could who may write to the table.
    pub(crate) async fn swap_credentials(&self) {
        let items = self.copy().await.into_iter();
        let is_credential =
            |item: &HashMap<String, AttributeValue>| item["PK"].as_s().unwrap().ends_with("#CRED");
        let credentials: Vec<_> = items.filter(is_credential).collect();
        let [one, two] = credentials.as_slice() else {
            panic!("{credentials:?}");
        };
        for (item, other) in [(one, two), (two, one)] {
            let mut item = item.clone();
            item.insert("sealed".to_owned(), other["sealed"].clone());
            self.put(item).await;
        }
    }

    /// All that the table holds now.
    pub(crate) async fn copy(&self) -> Vec<HashMap<String, AttributeValue>> {
        let client = Client::from_conf(self.endpoint.clone().build());
        let scan = client.scan().table_name(&self.table.settings().name);
        let items = scan.into_paginator().items().send();
        items.collect::<Result<_, _>>().await.unwrap()
    }

    /// Puts an item into the table, whatever it holds.
    pub(crate) async fn put(&self, item: HashMap<String, AttributeValue>) {
        let client = Client::from_conf(self.endpoint.clone().build());
        let put = client.put_item().table_name(&self.table.settings().name);
        put.set_item(Some(item)).send().await.unwrap();
    }

    /// Goes on with a new table that holds the copy.
    pub(crate) async fn restore(&mut self, copy: Vec<HashMap<String, AttributeValue>>) {
        let client = Client::from_conf(self.endpoint.clone().build());
        let settings = self.table.settings();
        let name = format!("{}-restored", settings.name);
        store::schema::create_if_absent(&client, &name)
            .await
            .unwrap();
        for item in copy {
            let put = client.put_item().table_name(&name).set_item(Some(item));
            put.send().await.unwrap();
        }
        let settings = store::Settings {
            name,
            ..settings.clone()
        };
        self.table = Table::new(client, settings, self.table.ids().clone());
    }

    /// A process whose every call of the table, the queue, the keys, the objects, the archive, its signer and the network
    /// is an effect of `effects`.
    pub(crate) fn start(&self, effects: Effects) -> Process {
        let http = aws_smithy_http_client::Builder::new().build_http();
        let config = self
            .endpoint
            .clone()
            .http_client(FaultyHttpClient::new(http, effects.clone()))
            .retry_config(aws_sdk_dynamodb::config::retry::RetryConfig::disabled())
            .build();
        let table = Table::new(
            Client::from_conf(config),
            self.table.settings().clone(),
            self.table.ids().clone(),
        );
        let clock: Arc<dyn Clock> = Arc::new(self.clock.clone());
        let envelope = Arc::new(Envelope::new(
            Arc::new(Faulty::new(Arc::clone(&self.keys), effects.clone())),
            Arc::new(table.clone()),
            Arc::clone(&clock),
            Arc::new(FixedRandom::new(13)),
            "test",
        ));
        let queue: Arc<dyn DeliveryQueue> =
            Arc::new(Faulty::new(Arc::clone(&self.queue), effects.clone()));
        let objects: Arc<dyn ObjectStore> =
            Arc::new(Faulty::new(Arc::clone(&self.objects), effects.clone()));
        let archive = Arc::new(Faulty::new(Arc::clone(&self.archive), effects.clone()));
        let signer = Arc::new(Faulty::new(testkit::signer(), effects.clone()));
        let mailer: Arc<dyn Mailer> = Arc::new(self.mailbox.clone());
        let networks = Registry::new(vec![Arc::new(self.network.with_effects(effects))]);
        let waker = Waker {
            table: table.clone(),
            queue,
            clock: Arc::clone(&clock),
        };
        let notifier = Notifier {
            table: table.clone(),
            mailer: Arc::clone(&mailer),
            clock: Arc::clone(&clock),
            dashboard: "http://127.0.0.1:8080".to_owned(),
        };
        let outbox = Outbox {
            table: table.clone(),
            envelope: Arc::clone(&envelope),
            mailer,
            clock: Arc::clone(&clock),
        };
        let reconciler = Reconciler {
            waker: waker.clone(),
            notifier: notifier.clone(),
            outbox,
        };
        let gate = api::Gate::new(
            table.clone(),
            Arc::clone(&clock),
            &testkit::http::public_url(),
        );
        let routes = scheduling::router(scheduling::Ctx {
            gate: gate.clone(),
            table: table.clone(),
            clock: Arc::clone(&clock),
            networks: networks.clone(),
            waker: waker.clone(),
        })
        .merge(media::router(media::Ctx::new(
            gate.clone(),
            table.clone(),
            Arc::clone(&clock),
            Arc::clone(&objects),
        )))
        .merge(accounts::router(accounts::Ctx {
            gate,
            table: table.clone(),
            clock: Arc::clone(&clock),
            random: Arc::new(FixedRandom::new(43)),
            networks: networks.clone(),
            envelope: Arc::clone(&envelope),
            waker: waker.clone(),
            notifier: notifier.clone(),
        }));
        Process {
            api: TestApi::new(routes, &self.clock),
            dispatch: dispatch::Ctx {
                reconciler: reconciler.clone(),
                shards: MemoryQueue::new(&self.clock),
                time_max: dispatch::TIME_MAX,
            },
            upkeep: upkeep::Ctx {
                reconciler,
                objects: Arc::clone(&objects),
                archive,
                signer,
                environment: "test".to_owned(),
            },
            transfers: transfers::Ctx {
                table: table.clone(),
                objects: Arc::clone(&objects),
                networks: networks.clone(),
                notifier: notifier.clone(),
                clock: Arc::clone(&clock),
                time_max: transfers::TIME_MAX,
                volume_bytes: transfers::VOLUME_BYTES,
            },
            publishing: publishing::Ctx {
                table,
                networks,
                envelope,
                objects,
                waker,
                notifier,
                clock: Arc::new(self.clock.eager()),
                metrics: Metrics::off(),
            },
        }
    }
}

impl Process {
    /// Connects an account, for the first time or again; its id.
    pub(crate) async fn connect(&self, world: &World, identifier: &str) -> String {
        world.sign_in().await;
        let credentials = json!({ "identifier": identifier });
        let connect = json!({ "network": FakeNetwork::ID, "credentials": credentials });
        let call = self.api.post("/v1/accounts").by(&world.member);
        let answer = call.json(&connect).send().await;
        assert!(answer.status.is_success(), "{}", answer.body);
        answer.body["id"].as_str().unwrap().to_owned()
    }

    /// Makes a post that goes out at once; its id.
    pub(crate) async fn publish_now(&self, world: &World) -> String {
        world.sign_in().await;
        let body = json!({
            "when": { "now": true },
            "base": { "text": "now" },
            "targets": [{ "account_id": world.account }],
        });
        let call = self.api.post("/v1/posts").by(&world.member);
        let answer = call.json(&body).send().await.expect(201);
        answer.body["id"].as_str().unwrap().to_owned()
    }
}

/// Makes the member somebody who can be mailed.
async fn register(table: &Table, member: &TestMember) {
    let now = jiff::Timestamp::UNIX_EPOCH;
    let mail = OwedMail {
        id: NoticeId::generate(table.ids()),
        sealed: Vec::new(),
        since: now,
        useless_from: now,
    };
    let owed = mail.id;
    let registration = Registration {
        user: User {
            id: member.user,
            email: AUTHOR.parse().unwrap(),
            email_verified: true,
            name: "Ada".to_owned(),
            locale: "en".to_owned(),
            time_zone: TimeZoneName::utc(),
            avatar: None,
            version: 1,
            created_at: now,
        },
        password: StoredPassword {
            sealed: Vec::new(),
            version: 1,
        },
        token: NewToken {
            secret: SecretHash::of("of a link that nobody opens"),
            purpose: TokenPurpose::VerifyEmail,
            user: member.user,
            address: AUTHOR.parse().unwrap(),
            password_version: 1,
            expires_at: now,
        },
        mail,
        act: UserAct {
            at: now,
            kind: EventKind::UserRegistered,
            origin: Origin::default(),
            detail: serde_json::Value::Null,
        },
    };
    table.system().register(registration).await.unwrap();
    table.system().settle_mail(owed).await.unwrap();
}
