//! The function, its table and its network.

use std::sync::Arc;

use accounts::Ctx;
use cloud::faults::Effects;
use domain::membership::Role;
use domain::network::RepeatRule;
use domain::{Clock, Ids};
use engine::{Notifier, Waker};
use networks::Registry;
use serde_json::{Value, json};
use store::Table;
use testkit::services::envelope_of;
use testkit::{
    Answer, FakeNetwork, FixedRandom, MemoryKeys, MemoryQueue, TestApi, TestClock, TestMember,
};

use crate::door::{Door, PASSWORD};

pub(crate) struct App {
    pub(crate) api: TestApi,
    pub(crate) table: Table,
    pub(crate) client: aws_sdk_dynamodb::Client,
    pub(crate) clock: TestClock,
    pub(crate) door: Arc<Door>,
    /// The other network.
    pub(crate) fake: FakeNetwork,
    keys: Arc<MemoryKeys>,
}

impl App {
    pub(crate) async fn start() -> Self {
        let clock = TestClock::at("2026-12-01T08:00:00Z");
        let client = testkit::table::client().await;
        let networks = (Door::new(), FakeNetwork::new(&clock, RepeatRule::Nothing));
        Self::on(client, clock, networks, Arc::default(), 19).await
    }

    /// Another instance of the function: it shares what is outside of a process, and nothing else.
    pub(crate) async fn beside(&self) -> Self {
        let (client, clock) = (self.client.clone(), self.clock.clone());
        let networks = (
            Arc::clone(&self.door),
            self.fake.with_effects(Effects::default()),
        );
        Self::on(client, clock, networks, Arc::clone(&self.keys), 23).await
    }

    async fn on(
        client: aws_sdk_dynamodb::Client,
        clock: TestClock,
        (door, fake): (Arc<Door>, FakeNetwork),
        keys: Arc<MemoryKeys>,
        seed: u64,
    ) -> Self {
        let shared: Arc<dyn Clock> = Arc::new(clock.clone());
        let ids = Ids::new(Arc::clone(&shared), Arc::new(FixedRandom::new(seed)));
        let table = testkit::table_with(client.clone(), ids).await;
        let envelope = envelope_of(&keys, &table, &clock);
        let ctx = Ctx {
            gate: testkit::gate_with(&table, &clock, &envelope).await,
            table: table.clone(),
            clock: Arc::clone(&shared),
            random: Arc::new(FixedRandom::new(seed)),
            networks: Registry::new(vec![
                Arc::clone(&door) as Arc<_>,
                Arc::new(fake.with_effects(Effects::default())),
            ]),
            envelope,
            waker: Waker {
                table: table.clone(),
                queue: MemoryQueue::new(&clock),
                clock: Arc::clone(&shared),
            },
            notifier: Notifier {
                table: table.clone(),
                mailer: Arc::new(testkit::Mailbox::default()),
                clock: shared,
                dashboard: "http://127.0.0.1:8080".to_owned(),
            },
        };
        Self {
            api: TestApi::new(accounts::router(ctx), &clock),
            table,
            client,
            clock,
            door,
            fake,
            keys,
        }
    }

    pub(crate) async fn admin(&self) -> TestMember {
        testkit::member(&self.table, &self.clock, Role::Admin).await
    }

    /// Connects an account with the right password.
    pub(crate) async fn connect(&self, member: &TestMember, identifier: &str) -> Answer {
        self.api
            .post("/v1/accounts")
            .by(member)
            .json(&credentials(identifier, PASSWORD))
            .send()
            .await
    }

    /// Connects an account; its id.
    pub(crate) async fn connected(&self, member: &TestMember, identifier: &str) -> String {
        let answer = self.connect(member, identifier).await.expect(201);
        answer.body["id"].as_str().unwrap().to_owned()
    }

    pub(crate) async fn act(&self, member: &TestMember, id: &str, act: &str) -> Answer {
        let path = format!("/v1/accounts/{id}/{act}");
        self.api.post(path).by(member).send().await
    }

    pub(crate) async fn list(&self, member: &TestMember) -> Vec<Value> {
        let answer = self.api.get("/v1/accounts").by(member).send().await;
        answer.expect(200).body["items"].as_array().unwrap().clone()
    }

    /// Everything in the table, as text.
    pub(crate) async fn dump(&self) -> String {
        testkit::table::everything(&self.client).await
    }
}

pub(crate) fn credentials(identifier: &str, password: &str) -> Value {
    json!({
        "network": "door",
        "credentials": { "identifier": identifier, "app_password": password },
    })
}
