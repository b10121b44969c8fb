//! The function with everything it needs, and the steps that most tests begin with.

use std::io::Write;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use auth::{Ctx, HashCost, Hasher, Issuer, SignInLimits, Strangers};
use aws_sdk_dynamodb::config::interceptors::BeforeTransmitInterceptorContextRef;
use aws_sdk_dynamodb::config::{ConfigBag, Intercept, RuntimeComponents};
use aws_sdk_dynamodb::error::BoxError;
use cloud::envelope::Envelope;
use cloud::telemetry::Metrics;
use domain::{Clock, Ids, NoticeId};
use engine::Outbox;
use serde_json::{Value, json};
use store::{Meter, Table};
use testkit::{
    Answer, FixedRandom, Mailbox, MemoryKeys, TestApi, TestClock, gate_with, public_url,
};

use crate::between::Between;

pub(crate) const ADDRESS: &str = "ada@example.com";
/// The same as a stranger may spell it.
pub(crate) const OTHER_CASE: &str = "ADA@Example.com";
pub(crate) const PASSWORD: &str = "correct horse battery";

pub(crate) struct App {
    pub(crate) api: TestApi,
    pub(crate) clock: TestClock,
    pub(crate) client: aws_sdk_dynamodb::Client,
    pub(crate) table: Table,
    pub(crate) mailbox: Mailbox,
    pub(crate) outbox: Outbox,
    pub(crate) hasher: Arc<Hasher>,
    pub(crate) envelope: Arc<Envelope>,
    pub(crate) meter: Arc<Meter>,
    pub(crate) keys: Arc<MemoryKeys>,
    /// What the function measured.
    pub(crate) metrics: Lines,
    pub(crate) between: Between,
    /// What the API's document says of the routes.
    pub(crate) document: Value,
    calls: Calls,
}

/// Lines that a function writes.
#[derive(Clone, Debug, Default)]
pub(crate) struct Lines(Arc<Mutex<Vec<u8>>>);

impl Lines {
    pub(crate) fn json(&self) -> Vec<Value> {
        let text = String::from_utf8(self.0.lock().unwrap().clone()).unwrap();
        let lines = text.lines().map(serde_json::from_str);
        lines.collect::<Result<_, _>>().unwrap()
    }
}

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// Counts the calls of the table.
#[derive(Clone, Debug, Default)]
struct Calls(Arc<AtomicU64>);

impl Intercept for Calls {
    fn name(&self) -> &'static str {
        "calls"
    }

    fn read_before_transmit(
        &self,
        _: &BeforeTransmitInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        self.0.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }
}

/// What a caller could measure of an answer by its time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Work {
    /// Runs of Argon2.
    pub(crate) hashes: u64,
    /// Calls of the table.
    pub(crate) calls: u64,
    /// Calls of the key service.
    pub(crate) key_calls: usize,
    /// Mails that were sent meanwhile.
    pub(crate) mails: usize,
}

impl App {
    pub(crate) async fn new() -> Self {
        Self::with_limits(SignInLimits::local()).await
    }

    pub(crate) async fn with_limits(limits: SignInLimits) -> Self {
        Self::with(limits, HashCost::OF_TODAY).await
    }

    /// One in which a thousand people sign in within a moment.
    pub(crate) async fn hashing_cheaply(limits: SignInLimits) -> Self {
        Self::with(limits, HashCost::OF_TESTS).await
    }

    async fn with(limits: SignInLimits, cost: HashCost) -> Self {
        let clock = TestClock::at("2026-12-01T08:00:00Z");
        let (calls, between) = (Calls::default(), Between::default());
        let config = testkit::table::config().await.interceptor(calls.clone());
        let config = config.interceptor(between.clone()).build();
        let client = aws_sdk_dynamodb::Client::from_conf(config);
        let on = (client, calls, between);
        Self::on(on, clock, Arc::default(), (limits, cost), 29).await
    }

    /// Another instance of the function: it shares what is outside of a process, and nothing else.
    pub(crate) async fn beside(&self, limits: SignInLimits) -> Self {
        let keys = Arc::clone(&self.keys);
        let between = self.between.clone();
        let on = (self.client.clone(), self.calls.clone(), between);
        let limits = (limits, HashCost::OF_TODAY);
        Self::on(on, self.clock.clone(), keys, limits, 31).await
    }

    async fn on(
        (client, calls, between): (aws_sdk_dynamodb::Client, Calls, Between),
        clock: TestClock,
        keys: Arc<MemoryKeys>,
        (limits, cost): (SignInLimits, HashCost),
        seed: u64,
    ) -> Self {
        let meter = Arc::new(Meter::default());
        let random = Arc::new(FixedRandom::new(seed));
        let ids = Ids::new(Arc::new(clock.clone()), Arc::<FixedRandom>::clone(&random));
        let table = testkit::table_with(client.clone(), ids)
            .await
            .metered(Arc::clone(&meter));
        let envelope = testkit::services::envelope_of(&keys, &table, &clock);
        let mailbox = Mailbox::default();
        let hasher = Arc::new(Hasher::costing(cost));
        let metrics = Lines::default();
        let shared: Arc<dyn Clock> = Arc::new(clock.clone());
        let outbox = Outbox {
            table: table.clone(),
            envelope: Arc::clone(&envelope),
            mailer: Arc::new(mailbox.clone()),
            clock: Arc::clone(&shared),
        };
        let ctx = Ctx {
            gate: gate_with(&table, &clock, &envelope).await,
            table: table.clone(),
            envelope: Arc::clone(&envelope),
            outbox: outbox.clone(),
            clock: shared,
            random,
            public_url: Arc::new(public_url()),
            hasher: Arc::clone(&hasher),
            issuer: Arc::new(Issuer::new(Arc::clone(&envelope))),
            limits,
            strangers: Arc::new(Strangers::new(Metrics::writing_to("auth", metrics.clone()))),
        };
        let routes = auth::router(ctx);
        let document = serde_json::to_value(routes.get_openapi()).unwrap();
        Self {
            api: TestApi::new(routes, &clock),
            clock,
            client,
            table,
            mailbox,
            outbox,
            hasher,
            envelope,
            meter,
            keys,
            metrics,
            between,
            document,
            calls,
        }
    }

    /// What it costs to answer something.
    pub(crate) async fn work(&self, call: impl Future<Output = Answer>) -> (Answer, Work) {
        let done = || Work {
            hashes: self.hasher.runs(),
            calls: self.calls.0.load(Ordering::Relaxed),
            key_calls: self.keys.calls(),
            mails: self.mailbox.all().len(),
        };
        let before = done();
        let answer = call.await;
        let after = done();
        let work = Work {
            hashes: after.hashes - before.hashes,
            calls: after.calls - before.calls,
            key_calls: after.key_calls - before.key_calls,
            mails: after.mails - before.mails,
        };
        (answer, work)
    }

    pub(crate) async fn register(&self, address: &str, password: &str) -> Answer {
        let body = json!({ "email": address, "password": password, "name": "Ada" });
        self.api.post("/v1/auth/register").json(&body).send().await
    }

    /// The token of the newest link that was mailed to an address.
    pub(crate) fn newest_token(&self, address: &str) -> String {
        let mails = self.mailbox.to(address);
        let with_link = mails.iter().rev().find_map(|mail| {
            let (_, rest) = mail.text.split_once("token=")?;
            rest.split_whitespace().next()
        });
        with_link.expect("a mail with a link").to_owned()
    }

    /// Follows the link of a registration with the usual password.
    pub(crate) async fn verify(&self, token: &str) -> Answer {
        self.verify_with(token, PASSWORD).await
    }

    pub(crate) async fn verify_with(&self, token: &str, password: &str) -> Answer {
        let body = json!({ "token": token, "password": password });
        let call = self.api.post("/v1/auth/verify-email");
        call.json(&body).send().await
    }

    /// Registers and verifies the usual person.
    pub(crate) async fn newcomer(&self) {
        self.register(ADDRESS, PASSWORD).await.expect(202);
        self.verify(&self.newest_token(ADDRESS)).await.expect(204);
    }

    pub(crate) async fn login(&self, password: &str, mode: &str) -> Answer {
        let body = json!({ "email": ADDRESS, "password": password, "mode": mode });
        self.api.post("/v1/auth/login").json(&body).send().await
    }

    /// The usual person, signed in by a program.
    pub(crate) async fn program(&self) -> Value {
        self.newcomer().await;
        self.login(PASSWORD, "token").await.expect(200).body
    }

    /// The usual person, signed in by a browser; the cookie.
    pub(crate) async fn browser(&self) -> String {
        self.newcomer().await;
        self.login(PASSWORD, "cookie").await.expect(200).cookie()
    }

    pub(crate) async fn refresh(&self, token: &str) -> Answer {
        let body = json!({ "refresh_token": token });
        self.api.post("/v1/auth/refresh").json(&body).send().await
    }

    pub(crate) async fn me_by_token(&self, token: &str) -> Answer {
        self.api.get("/v1/me").bearer(token).send().await
    }

    pub(crate) async fn me_by_cookie(&self, cookie: &str) -> Answer {
        self.api.get("/v1/me").cookie(cookie).send().await
    }
}

pub(crate) fn text<'a>(body: &'a Value, name: &str) -> &'a str {
    body[name]
        .as_str()
        .unwrap_or_else(|| panic!("{name} in {body}"))
}

impl App {
    /// Every mail that is owed.
    pub(crate) async fn owed(&self) -> Vec<NoticeId> {
        let due = self.clock.now() + jiff::SignedDuration::from_hours(1);
        let system = self.table.system();
        let mut owed = Vec::new();
        for shard in 0..system.shards() {
            for entry in system.attention(shard, due, 1_000).await.unwrap() {
                if let store::AttentionWork::Mail(id) = entry.work {
                    owed.push(id);
                }
            }
        }
        owed
    }

    /// Sends every mail that is owed, as the sweeper does.
    pub(crate) async fn send_all_owed(&self) {
        for id in self.owed().await {
            self.outbox.send_owed(id).await.unwrap();
        }
    }
}
