//! Answers that a table gives when it has too much to do, and that no emulator gives: the real answer is changed on its
//! way.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient,
    SharedHttpConnector,
};
use aws_smithy_runtime_api::client::interceptors::Intercept;
use aws_smithy_runtime_api::client::interceptors::context::BeforeTransmitInterceptorContextMut;
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::byte_stream::ByteStream;
use aws_smithy_types::config_bag::ConfigBag;
use serde_json::{Value, json};
use store::Table;
use testkit::TestClock;
use tokio::sync::Notify;

/// What becomes of answers.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Answers {
    /// They stay as they are.
    Whole,
    /// A batch read gives so many items at most; the other keys are unprocessed.
    AtMost(usize),
    /// A batch write stores so many items at most; the others are unprocessed.
    PutsAtMost(usize),
    /// So many transactions, counted from the first, meet another one and have no effect.
    Conflicts(usize),
    /// Transactions are more than the table has room for and have no effect, always.
    Throttles,
    /// So many updates of single items, counted from the first, meet a transaction and have no effect.
    UpdateConflicts(usize),
    /// What tells an event its place in the audit log meets a transaction, always.
    MarkConflicts,
}

/// A table, and the same one behind such answers.
pub(crate) async fn tables(clock: &TestClock, answers: Answers) -> (Table, Table, Meddler) {
    let config = testkit::table::config().await;
    let plain = aws_sdk_dynamodb::Client::from_conf(config.clone().build());
    let plain = testkit::table_with(plain, testkit::clock::ids(clock)).await;
    let meddler = Meddler {
        inner: aws_smithy_http_client::Builder::new().build_http(),
        answers,
        requests: Arc::default(),
        batch_writes: Arc::default(),
        unprocessed: Arc::default(),
    };
    let config = config
        .http_client(meddler.clone())
        .interceptor(meddler.clone());
    let client = aws_sdk_dynamodb::Client::from_conf(config.build());
    // Whoever waits behind such answers moves the clock.
    let ids = testkit::clock::ids(&clock.eager());
    let behind = Table::new(client, plain.settings().clone(), ids);
    (plain, behind, meddler)
}

/// An HTTP client that changes answers and counts requests.
#[derive(Clone, Debug)]
pub(crate) struct Meddler {
    inner: SharedHttpClient,
    answers: Answers,
    requests: Arc<AtomicUsize>,
    batch_writes: Arc<AtomicUsize>,
    /// What was taken out of the batch write that is under way, by tables.
    unprocessed: Arc<Mutex<Value>>,
}

impl Meddler {
    /// Requests so far, repeats included.
    pub(crate) fn requests(&self) -> usize {
        self.requests.load(Ordering::Relaxed)
    }

    /// Batch writes among them.
    pub(crate) fn batch_writes(&self) -> usize {
        self.batch_writes.load(Ordering::Relaxed)
    }
}

impl HttpClient for Meddler {
    fn http_connector(
        &self,
        settings: &HttpConnectorSettings,
        components: &RuntimeComponents,
    ) -> SharedHttpConnector {
        SharedHttpConnector::new(Connector {
            inner: self.inner.http_connector(settings, components),
            answers: self.answers,
            requests: Arc::clone(&self.requests),
            batch_writes: Arc::clone(&self.batch_writes),
            unprocessed: Arc::clone(&self.unprocessed),
        })
    }
}

/// What is not to be processed is taken out before the request is signed: one of the tables checks signatures.
impl Intercept for Meddler {
    fn name(&self) -> &'static str {
        "Meddler"
    }

    fn modify_before_signing(
        &self,
        context: &mut BeforeTransmitInterceptorContextMut<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let request = context.request_mut();
        if let Answers::PutsAtMost(items) = self.answers
            && target(request).ends_with(".BatchWriteItem")
        {
            *self.unprocessed.lock().unwrap() = shorten(request, items);
        }
        Ok(())
    }
}

#[derive(Debug)]
struct Connector {
    inner: SharedHttpConnector,
    answers: Answers,
    requests: Arc<AtomicUsize>,
    batch_writes: Arc<AtomicUsize>,
    /// What was taken out of the batch write that is under way, by tables.
    unprocessed: Arc<Mutex<Value>>,
}

impl HttpConnector for Connector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let number = self.requests.fetch_add(1, Ordering::Relaxed);
        let target = target(&request);
        let is_batch_read = target.ends_with(".BatchGetItem");
        let is_batch_write = target.ends_with(".BatchWriteItem");
        let is_transaction = target.ends_with(".TransactWriteItems");
        let is_update = target.ends_with(".UpdateItem");
        if is_batch_write {
            self.batch_writes.fetch_add(1, Ordering::Relaxed);
        }
        match self.answers {
            Answers::Conflicts(times) if is_transaction && number < times => {
                HttpConnectorFuture::ready(Ok(conflict()))
            }
            Answers::Throttles if is_transaction => HttpConnectorFuture::ready(Ok(throttled())),
            Answers::UpdateConflicts(times) if is_update && number < times => {
                HttpConnectorFuture::ready(Ok(update_conflict()))
            }
            Answers::MarkConflicts if is_mark(&request) => {
                HttpConnectorFuture::ready(Ok(update_conflict()))
            }
            Answers::AtMost(items) if is_batch_read => {
                let answer = self.inner.call(request);
                HttpConnectorFuture::new(async move { Ok(shortened(answer.await?, items).await) })
            }
            Answers::PutsAtMost(0) if is_batch_write => {
                let unprocessed = self.unprocessed.lock().unwrap().take();
                let body = json!({ "UnprocessedItems": unprocessed });
                HttpConnectorFuture::ready(Ok(answer(200, &body)))
            }
            Answers::PutsAtMost(_) if is_batch_write => {
                let unprocessed = self.unprocessed.lock().unwrap().take();
                let answer = self.inner.call(request);
                HttpConnectorFuture::new(async move {
                    Ok(with_unprocessed(answer.await?, unprocessed).await)
                })
            }
            Answers::Whole
            | Answers::AtMost(_)
            | Answers::PutsAtMost(_)
            | Answers::Conflicts(_)
            | Answers::Throttles
            | Answers::UpdateConflicts(_)
            | Answers::MarkConflicts => self.inner.call(request),
        }
    }
}

/// The operation that a request asks for.
pub(crate) fn target(request: &HttpRequest) -> &str {
    request.headers().get("x-amz-target").unwrap_or_default()
}

fn is_mark(request: &HttpRequest) -> bool {
    let body = request.body().bytes().unwrap_or_default();
    let body: Value = serde_json::from_slice(body).unwrap_or_default();
    target(request).ends_with(".PutItem") && body["Item"]["seq"].is_object()
}

pub(crate) fn conflict() -> HttpResponse {
    cancelled("TransactionConflict", "Transaction is ongoing for the item")
}

fn throttled() -> HttpResponse {
    cancelled(
        "ThrottlingError",
        "Throughput exceeds the current capacity of your table or index",
    )
}

fn cancelled(code: &str, message: &str) -> HttpResponse {
    let body = json!({
        "__type": "com.amazonaws.dynamodb.v20120810#TransactionCanceledException",
        "message": format!("Transaction cancelled, please refer cancellation reasons for specific reasons [{code}]"),
        "CancellationReasons": [{ "Code": code, "Message": message }],
    });
    answer(400, &body)
}

pub(crate) fn update_conflict() -> HttpResponse {
    let body = json!({
        "__type": "com.amazonaws.dynamodb.v20120810#TransactionConflictException",
        "message": "Transaction is ongoing for the item",
    });
    answer(400, &body)
}

/// Leaves so many items at most in a batch write; answers the others, by their tables.
fn shorten(request: &mut HttpRequest, most: usize) -> Value {
    let mut body: Value = serde_json::from_slice(request.body().bytes().unwrap()).unwrap();
    let mut left = json!({});
    for (table, writes) in body["RequestItems"].as_object_mut().unwrap() {
        let writes = writes.as_array_mut().unwrap();
        let rest = writes.split_off(most.min(writes.len()));
        if !rest.is_empty() {
            left[table.as_str()] = Value::Array(rest);
        }
    }
    let body = body.to_string();
    request
        .headers_mut()
        .insert("content-length", body.len().to_string());
    *request.body_mut() = SdkBody::from(body);
    left
}

/// The same answer to a batch write, with these items unprocessed.
async fn with_unprocessed(whole: HttpResponse, items: Value) -> HttpResponse {
    let status = whole.status().as_u16();
    let mut body = json_of(whole).await;
    body["UnprocessedItems"] = items;
    answer(status, &body)
}

/// The same answer with fewer items; the keys of the others are unprocessed.
async fn shortened(whole: HttpResponse, most: usize) -> HttpResponse {
    let status = whole.status().as_u16();
    let mut body = json_of(whole).await;
    let tables: Vec<String> = body["Responses"]
        .as_object()
        .unwrap()
        .keys()
        .cloned()
        .collect();
    for table in tables {
        let items = body["Responses"][&table].as_array_mut().unwrap();
        let left: Vec<Value> = items
            .split_off(most.min(items.len()))
            .into_iter()
            .map(|item| json!({ "PK": item["PK"], "SK": item["SK"] }))
            .collect();
        if !left.is_empty() {
            body["UnprocessedKeys"][&table] = json!({ "Keys": left, "ConsistentRead": true });
        }
    }
    answer(status, &body)
}

async fn json_of(answer: HttpResponse) -> Value {
    let body = ByteStream::new(answer.into_body()).collect().await.unwrap();
    serde_json::from_slice(&body.into_bytes()).unwrap()
}

fn answer(status: u16, body: &Value) -> HttpResponse {
    let mut answer = HttpResponse::new(status.try_into().unwrap(), SdkBody::from(body.to_string()));
    answer
        .headers_mut()
        .insert("content-type", "application/x-amz-json-1.0");
    answer
}

/// Holds back the first request of a kind until it is let on.
#[derive(Clone, Debug)]
pub(crate) struct Gate {
    inner: SharedHttpClient,
    kind: Held,
    is_used: Arc<AtomicUsize>,
    /// Told when the request is there.
    pub(crate) reached: Arc<Notify>,
    /// Lets the request on.
    pub(crate) open: Arc<Notify>,
}

/// What a gate holds back.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Held {
    /// A block of the audit log.
    Block,
    /// What tells an event its place in the audit log.
    Mark,
    /// A part of a checkpoint, for its owner.
    Witness,
    /// A look for such parts.
    Witnesses,
}

/// A table behind a gate, and the same without it.
pub(crate) async fn gated(
    clock: &TestClock,
    kind: Held,
) -> (aws_sdk_dynamodb::Client, Table, Table, Gate) {
    let config = testkit::table::config().await;
    let client = aws_sdk_dynamodb::Client::from_conf(config.clone().build());
    let plain = testkit::table_with(client.clone(), testkit::clock::ids(clock)).await;
    let gate = Gate {
        inner: aws_smithy_http_client::Builder::new().build_http(),
        kind,
        is_used: Arc::default(),
        reached: Arc::default(),
        open: Arc::default(),
    };
    let behind = aws_sdk_dynamodb::Client::from_conf(config.http_client(gate.clone()).build());
    let behind = Table::new(behind, plain.settings().clone(), plain.ids().clone());
    (client, plain, behind, gate)
}

impl HttpClient for Gate {
    fn http_connector(
        &self,
        settings: &HttpConnectorSettings,
        components: &RuntimeComponents,
    ) -> SharedHttpConnector {
        SharedHttpConnector::new(GatedConnector {
            inner: self.inner.http_connector(settings, components),
            gate: self.clone(),
        })
    }
}

#[derive(Debug)]
struct GatedConnector {
    inner: SharedHttpConnector,
    gate: Gate,
}

impl HttpConnector for GatedConnector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let body = request.body().bytes().unwrap_or_default();
        let body: Value = serde_json::from_slice(body).unwrap_or_default();
        let is_held = match self.gate.kind {
            Held::Block => {
                target(&request).ends_with(".PutItem") && body["Item"]["links"].is_object()
            }
            Held::Mark => is_mark(&request),
            Held::Witness => body["TransactItems"][0]["Put"]["Item"]["witness"].is_object(),
            Held::Witnesses => {
                target(&request).ends_with(".Query") && body.to_string().contains("\"CP#")
            }
        };
        if !is_held || self.gate.is_used.fetch_add(1, Ordering::Relaxed) > 0 {
            return self.inner.call(request);
        }
        let (inner, gate) = (self.inner.clone(), self.gate.clone());
        HttpConnectorFuture::new(async move {
            gate.reached.notify_one();
            gate.open.notified().await;
            inner.call(request).await
        })
    }
}
