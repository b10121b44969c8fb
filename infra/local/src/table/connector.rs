//! Carries the SDK client's requests to the emulator in this process. Over HTTP on loopback each call would cost twice
//! as much.

use std::fmt;
use std::sync::Arc;

use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient,
    SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use dynoxide::{Database, DynoxideError};
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::sync::Semaphore;

/// Requests at once. The emulator has one lock: one request waits for it while another is read or written as JSON, and
/// more would only block threads.
const AT_ONCE: usize = 2;

/// The way to the emulator. Clones share it.
#[derive(Clone)]
pub(super) struct Connector {
    database: Database,
    turns: Arc<Semaphore>,
}

impl fmt::Debug for Connector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connector").finish_non_exhaustive()
    }
}

impl Connector {
    pub(super) fn new(database: Database) -> Self {
        Self {
            database,
            turns: Arc::new(Semaphore::new(AT_ONCE)),
        }
    }

    pub(super) fn database(&self) -> &Database {
        &self.database
    }

    /// What SDK clients take for their network.
    pub(super) fn http_client(&self) -> SharedHttpClient {
        SharedHttpClient::new(self.clone())
    }
}

impl HttpClient for Connector {
    fn http_connector(
        &self,
        _: &HttpConnectorSettings,
        _: &RuntimeComponents,
    ) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

impl HttpConnector for Connector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let Self { database, turns } = self.clone();
        HttpConnectorFuture::new(async move {
            let failed =
                |error: Box<dyn std::error::Error + Send + Sync>| ConnectorError::io(error);
            let turn = turns
                .acquire_owned()
                .await
                .map_err(|error| failed(error.into()))?;
            // Once begun it is finished, even when the caller no longer waits: as with a service far away.
            let answer = tokio::task::spawn_blocking(move || {
                let answer = answer(&database, &request);
                drop(turn);
                answer
            });
            let (status, body) = answer.await.map_err(|error| failed(error.into()))?;
            let status = status.try_into().map_err(|error| failed(Box::new(error)))?;
            Ok(HttpResponse::new(status, SdkBody::from(body)))
        })
    }
}

/// Status and JSON.
fn answer(database: &Database, request: &HttpRequest) -> (u16, String) {
    let target = request.headers().get("x-amz-target").unwrap_or_default();
    let operation = target.rsplit_once('.').map_or(target, |(_, name)| name);
    let body = request.body().bytes().unwrap_or_default();
    match run(database, operation, body) {
        Ok(json) => (200, json),
        Err(error) => (error.status_code(), error.to_json()),
    }
}

/// The operations that the product and its schema use.
fn run(database: &Database, operation: &str, body: &[u8]) -> dynoxide::Result<String> {
    match operation {
        "GetItem" => call(body, |request| database.get_item(request)),
        "PutItem" => call(body, |request| database.put_item(request)),
        "UpdateItem" => call(body, |request| database.update_item(request)),
        "DeleteItem" => call(body, |request| database.delete_item(request)),
        "Query" => call(body, |request| database.query(request)),
        "Scan" => call(body, |request| database.scan(request)),
        "BatchGetItem" => call(body, |request| database.batch_get_item(request)),
        "BatchWriteItem" => call(body, |request| database.batch_write_item(request)),
        "TransactGetItems" => call(body, |request| database.transact_get_items(request)),
        "TransactWriteItems" => call(body, |request| database.transact_write_items(request)),
        "CreateTable" => call(body, |request| database.create_table(request)),
        "DescribeTable" => call(body, |request| database.describe_table(request)),
        "UpdateTimeToLive" => call(body, |request| database.update_time_to_live(request)),
        "DescribeTimeToLive" => call(body, |request| database.describe_time_to_live(request)),
        other => Err(DynoxideError::ValidationException(format!(
            "the embedded table has no {other}"
        ))),
    }
}

fn call<Request: DeserializeOwned, Response: Serialize>(
    body: &[u8],
    operation: impl FnOnce(Request) -> dynoxide::Result<Response>,
) -> dynoxide::Result<String> {
    let request = serde_json::from_slice(body)
        .map_err(|error| DynoxideError::SerializationException(error.to_string()))?;
    let response = operation(request)?;
    serde_json::to_string(&response)
        .map_err(|error| DynoxideError::InternalServerError(error.to_string()))
}
