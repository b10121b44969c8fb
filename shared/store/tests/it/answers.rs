//! Answers that a table gives when it has too much to do, and that no emulator gives: the real answer is changed on its
//! way.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient,
    SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::byte_stream::ByteStream;
use serde_json::{Value, json};
use store::Table;
use testkit::TestClock;

/// What becomes of answers.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Answers {
    /// They stay as they are.
    Whole,
    /// A batch read gives so many items at most; the other keys are unprocessed.
    AtMost(usize),
    /// So many transactions, counted from the first, meet another one and have no effect.
    Conflicts(usize),
    /// So many updates of single items, counted from the first, meet a transaction and have no effect.
    UpdateConflicts(usize),
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
    };
    let client = aws_sdk_dynamodb::Client::from_conf(config.http_client(meddler.clone()).build());
    let behind = Table::new(client, plain.settings().clone(), plain.ids().clone());
    (plain, behind, meddler)
}

/// An HTTP client that changes answers and counts requests.
#[derive(Clone, Debug)]
pub(crate) struct Meddler {
    inner: SharedHttpClient,
    answers: Answers,
    requests: Arc<AtomicUsize>,
}

impl Meddler {
    /// Requests so far, repeats included.
    pub(crate) fn requests(&self) -> usize {
        self.requests.load(Ordering::Relaxed)
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
        })
    }
}

#[derive(Debug)]
struct Connector {
    inner: SharedHttpConnector,
    answers: Answers,
    requests: Arc<AtomicUsize>,
}

impl HttpConnector for Connector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let number = self.requests.fetch_add(1, Ordering::Relaxed);
        let target = request.headers().get("x-amz-target").unwrap_or_default();
        let is_batch = target.ends_with(".BatchGetItem");
        let is_transaction = target.ends_with(".TransactWriteItems");
        let is_update = target.ends_with(".UpdateItem");
        match self.answers {
            Answers::Conflicts(times) if is_transaction && number < times => {
                HttpConnectorFuture::ready(Ok(conflict()))
            }
            Answers::UpdateConflicts(times) if is_update && number < times => {
                HttpConnectorFuture::ready(Ok(update_conflict()))
            }
            Answers::AtMost(items) if is_batch => {
                let answer = self.inner.call(request);
                HttpConnectorFuture::new(async move { Ok(shortened(answer.await?, items).await) })
            }
            Answers::Whole
            | Answers::AtMost(_)
            | Answers::Conflicts(_)
            | Answers::UpdateConflicts(_) => self.inner.call(request),
        }
    }
}

fn conflict() -> HttpResponse {
    let body = json!({
        "__type": "com.amazonaws.dynamodb.v20120810#TransactionCanceledException",
        "message": "Transaction cancelled, please refer cancellation reasons for specific reasons [TransactionConflict]",
        "CancellationReasons": [{ "Code": "TransactionConflict", "Message": "Transaction is ongoing for the item" }],
    });
    answer(400, &body)
}

fn update_conflict() -> HttpResponse {
    let body = json!({
        "__type": "com.amazonaws.dynamodb.v20120810#TransactionConflictException",
        "message": "Transaction is ongoing for the item",
    });
    answer(400, &body)
}

/// The same answer with fewer items; the keys of the others are unprocessed.
async fn shortened(whole: HttpResponse, most: usize) -> HttpResponse {
    let status = whole.status().as_u16();
    let body = ByteStream::new(whole.into_body()).collect().await.unwrap();
    let mut body: Value = serde_json::from_slice(&body.into_bytes()).unwrap();
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

fn answer(status: u16, body: &Value) -> HttpResponse {
    let mut answer = HttpResponse::new(status.try_into().unwrap(), SdkBody::from(body.to_string()));
    answer
        .headers_mut()
        .insert("content-type", "application/x-amz-json-1.0");
    answer
}
