//! An HTTP client whose answers are written down beforehand: it shows what the adapters send and what they make of
//! answers.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient,
    SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use serde_json::Value;

use super::Aws;
use crate::config::AwsConfig;

/// Shared by clones.
#[derive(Clone, Debug, Default)]
pub(crate) struct Canned {
    answers: Arc<Mutex<VecDeque<(u16, String)>>>,
    sent: Arc<Mutex<Vec<HttpRequest>>>,
}

impl Canned {
    /// Answers with a status and a body, one after the other.
    pub(crate) fn new(answers: &[(u16, Value)]) -> Self {
        let answers = answers
            .iter()
            .map(|(status, body)| (*status, body.to_string()))
            .collect();
        Self {
            answers: Arc::new(Mutex::new(answers)),
            sent: Arc::default(),
        }
    }

    pub(crate) fn aws(&self) -> Aws {
        Aws::with_http_client(AwsConfig::embedded(), SharedHttpClient::new(self.clone()))
    }

    /// The JSON bodies that were sent, in order.
    pub(crate) fn bodies(&self) -> Vec<Value> {
        let sent = self.sent.lock().unwrap();
        sent.iter()
            .map(|request| serde_json::from_slice(request.body().bytes().unwrap()).unwrap())
            .collect()
    }

    /// How many requests were sent.
    pub(crate) fn requests(&self) -> usize {
        self.sent.lock().unwrap().len()
    }
}

impl HttpClient for Canned {
    fn http_connector(
        &self,
        _: &HttpConnectorSettings,
        _: &RuntimeComponents,
    ) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

impl HttpConnector for Canned {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        self.sent.lock().unwrap().push(request);
        let answer = self.answers.lock().unwrap().pop_front();
        HttpConnectorFuture::ready(match answer {
            Some((status, body)) => Ok(HttpResponse::new(
                status.try_into().unwrap(),
                SdkBody::from(body),
            )),
            None => Err(ConnectorError::io("no more answers".into())),
        })
    }
}
