//! Faults below an SDK client: every HTTP request, retries included, is one effect.

use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient,
    SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;

use super::Effects;

/// An HTTP client for SDK clients whose every request is an effect.
#[derive(Clone, Debug)]
pub struct FaultyHttpClient {
    inner: SharedHttpClient,
    effects: Effects,
}

impl FaultyHttpClient {
    /// `inner`, under the plan of `effects`.
    pub fn new(inner: SharedHttpClient, effects: Effects) -> Self {
        Self { inner, effects }
    }
}

impl HttpClient for FaultyHttpClient {
    fn http_connector(
        &self,
        settings: &HttpConnectorSettings,
        components: &RuntimeComponents,
    ) -> SharedHttpConnector {
        SharedHttpConnector::new(FaultyConnector {
            inner: self.inner.http_connector(settings, components),
            effects: self.effects.clone(),
        })
    }
}

#[derive(Debug)]
struct FaultyConnector {
    inner: SharedHttpConnector,
    effects: Effects,
}

impl HttpConnector for FaultyConnector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let (inner, effects) = (self.inner.clone(), self.effects.clone());
        let name = operation(&request);
        HttpConnectorFuture::new(async move {
            // Clients may begin to send as soon as they are called: the call itself is part of the effect.
            let call = async { inner.call(request).await };
            match effects.guard(name, call).await {
                Ok(answer) => answer,
                Err(fault) => Err(ConnectorError::io(fault.into())),
            }
        })
    }
}

/// The table's operation, for readable lists of effects.
fn operation(request: &HttpRequest) -> &'static str {
    const OPERATIONS: [&str; 9] = [
        "BatchGetItem",
        "BatchWriteItem",
        "DeleteItem",
        "GetItem",
        "PutItem",
        "Query",
        "TransactGetItems",
        "TransactWriteItems",
        "UpdateItem",
    ];
    let target = request.headers().get("x-amz-target").unwrap_or_default();
    let action = target.rsplit_once('.').map_or("", |(_, action)| action);
    OPERATIONS
        .into_iter()
        .find(|operation| *operation == action)
        .unwrap_or("request")
}
