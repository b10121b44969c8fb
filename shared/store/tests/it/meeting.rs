//! A table whose transactions meet, as those of AWS do: each is under way for a while, and whatever else would write one
//! of its items meanwhile is refused. The while is one of a clock that goes on only once everybody waits, so a slow
//! machine changes nothing, and nobody waits in fact.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex};

use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient,
    SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use domain::{Clock, Ids};
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use store::Table;
use testkit::{FixedRandom, TestClock};
use tokio::sync::oneshot;

use crate::answers::{conflict, target, update_conflict};

/// For so long a transaction of some items is under way at AWS, and so long a refusal takes: measured nowhere, and
/// rather too long.
const UNDER_WAY: SignedDuration = SignedDuration::from_millis(15);
const REFUSAL: SignedDuration = SignedDuration::from_millis(5);

/// A table, and the same one where the transactions of so many callers at once meet.
pub(crate) async fn tables(clock: &TestClock, callers: usize) -> (Table, Table, Meeting) {
    let config = testkit::table::config().await;
    let plain = aws_sdk_dynamodb::Client::from_conf(config.clone().build());
    let plain = testkit::table_with(plain, testkit::clock::ids(clock)).await;
    let meeting = Meeting {
        inner: aws_smithy_http_client::Builder::new().build_http(),
        clock: Arc::new(CommonClock::new(clock.now(), callers)),
        begun_at: clock.now(),
        written: Arc::default(),
        tries: Arc::default(),
    };
    let client = aws_sdk_dynamodb::Client::from_conf(config.http_client(meeting.clone()).build());
    let ids = Ids::new(
        Arc::clone(&meeting.clock) as _,
        Arc::new(FixedRandom::new(7)),
    );
    let busy = Table::new(client, plain.settings().clone(), ids);
    (plain, busy, meeting)
}

/// An HTTP client that knows which items the transactions under way write.
#[derive(Clone, Debug)]
pub(crate) struct Meeting {
    inner: SharedHttpClient,
    clock: Arc<CommonClock>,
    begun_at: Timestamp,
    written: Arc<Mutex<BTreeSet<String>>>,
    /// By the tokens of transactions.
    tries: Arc<Mutex<HashMap<String, usize>>>,
}

impl Meeting {
    /// What one of the callers does, who is waited for no more after it.
    pub(crate) async fn leave_after<T>(&self, act: impl Future<Output = T>) -> T {
        let done = act.await;
        self.clock.leave();
        done
    }

    /// The most tries that a transaction needed.
    pub(crate) fn tries_max(&self) -> usize {
        let tries = self.tries.lock().unwrap();
        tries.values().copied().max().unwrap_or_default()
    }

    /// How long all of it took.
    pub(crate) fn took(&self) -> SignedDuration {
        self.clock.now().duration_since(self.begun_at)
    }
}

impl HttpClient for Meeting {
    fn http_connector(
        &self,
        settings: &HttpConnectorSettings,
        components: &RuntimeComponents,
    ) -> SharedHttpConnector {
        SharedHttpConnector::new(Connector {
            inner: self.inner.http_connector(settings, components),
            meeting: self.clone(),
        })
    }
}

#[derive(Debug)]
struct Connector {
    inner: SharedHttpConnector,
    meeting: Meeting,
}

impl HttpConnector for Connector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let body = request.body().bytes().unwrap_or_default();
        let body: Value = serde_json::from_slice(body).unwrap_or_default();
        let is_transaction = target(&request).ends_with(".TransactWriteItems");
        let items = items(target(&request), &body);
        let Meeting {
            clock,
            written,
            tries,
            ..
        } = self.meeting.clone();
        if is_transaction {
            let token = body["ClientRequestToken"].as_str().unwrap().to_owned();
            *tries.lock().unwrap().entry(token).or_default() += 1;
        }
        let is_met = !items.is_disjoint(&written.lock().unwrap());
        if is_met {
            let refusal = if is_transaction {
                conflict()
            } else {
                update_conflict()
            };
            return HttpConnectorFuture::new(async move {
                clock.wait_until(clock.now() + REFUSAL).await;
                Ok(refusal)
            });
        }
        if !is_transaction {
            return self.inner.call(request);
        }
        written.lock().unwrap().extend(items.iter().cloned());
        let inner = self.inner.clone();
        HttpConnectorFuture::new(async move {
            clock.wait_until(clock.now() + UNDER_WAY).await;
            let answer = inner.call(request).await;
            written.lock().unwrap().retain(|item| !items.contains(item));
            answer
        })
    }
}

/// The keys of the items that a request writes, or only checks in a transaction.
fn items(target: &str, body: &Value) -> BTreeSet<String> {
    let key = |holder: &Value| format!("{} {}", holder["PK"], holder["SK"]);
    match target.rsplit('.').next() {
        Some("PutItem") => [key(&body["Item"])].into(),
        Some("UpdateItem" | "DeleteItem") => [key(&body["Key"])].into(),
        Some("TransactWriteItems") => {
            let writes = body["TransactItems"].as_array().unwrap().iter();
            let writes = writes.flat_map(|write| write.as_object().unwrap().values());
            writes
                .map(|write| key(write.get("Item").unwrap_or(&write["Key"])))
                .collect()
        }
        _ => BTreeSet::new(),
    }
}

/// A clock of several who act at once: it stands still while one of them does something, and goes on to the next time
/// that somebody waits for once all of them wait.
#[derive(Debug)]
struct CommonClock(Mutex<Waiting>);

#[derive(Debug)]
struct Waiting {
    now: Timestamp,
    /// Who does something.
    acting: usize,
    asleep: BTreeMap<(Timestamp, u64), oneshot::Sender<()>>,
    /// Of the next one who waits.
    number: u64,
}

impl CommonClock {
    fn new(now: Timestamp, acting: usize) -> Self {
        Self(Mutex::new(Waiting {
            now,
            acting,
            asleep: BTreeMap::new(),
            number: 0,
        }))
    }

    fn leave(&self) {
        self.0.lock().unwrap().rest();
    }
}

impl Waiting {
    /// One fewer does something.
    fn rest(&mut self) {
        self.acting -= 1;
        if self.acting == 0
            && let Some(((instant, _), first)) = self.asleep.pop_first()
        {
            self.now = instant;
            self.acting = 1;
            first.send(()).unwrap();
        }
    }
}

impl Clock for CommonClock {
    fn now(&self) -> Timestamp {
        self.0.lock().unwrap().now
    }

    fn wait_until(&self, instant: Timestamp) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        Box::pin(async move {
            let woken = {
                let mut waiting = self.0.lock().unwrap();
                if instant <= waiting.now {
                    return;
                }
                let (first, woken) = oneshot::channel();
                let number = waiting.number;
                waiting.number += 1;
                waiting.asleep.insert((instant, number), first);
                waiting.rest();
                woken
            };
            woken.await.unwrap();
        })
    }
}
