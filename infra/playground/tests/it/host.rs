//! A playground that listens on loopback, and its client.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use cloud::clock::SystemClock;
use domain::account::RemoteIdentity;
use domain::{Clock, DeliveryId};
use jiff::Timestamp;
use networks::{
    Attachment, CallOutcome, Connected, Credential, Egress, HttpClient, Network, Part,
    PublishRequest,
};
use playground::{PREFIX, Playground, Server};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use url::Url;

pub(crate) struct Host {
    pub(crate) address: SocketAddr,
    pub(crate) network: Playground,
    http: HttpClient,
    folder: TempDir,
    serving: JoinSet<()>,
}

impl Host {
    pub(crate) async fn start() -> Self {
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        let folder = tempfile::tempdir().unwrap();
        let http = HttpClient::new(Egress::AllowLoopback).unwrap();
        let (address, serving) = serve(&folder.path().join("playground.sqlite")).await;
        let base = Url::parse(&format!("http://{address}")).unwrap();
        Self {
            address,
            network: Playground::new(base, http.clone(), Arc::new(SystemClock)),
            http,
            folder,
            serving,
        }
    }

    /// Stops serving and starts again from the file alone.
    pub(crate) async fn restart(&mut self) {
        self.serving.shutdown().await;
        let (address, serving) = serve(&self.folder.path().join("playground.sqlite")).await;
        self.address = address;
        self.serving = serving;
        let base = Url::parse(&format!("http://{address}")).unwrap();
        self.network = Playground::new(base, self.http.clone(), Arc::new(SystemClock));
    }

    pub(crate) async fn connect(&self, identifier: &str) -> Connected {
        let credentials = BTreeMap::from([("identifier".to_owned(), identifier.to_owned())]);
        self.network.connect(&credentials).await.unwrap()
    }

    /// Prepares and calls once.
    pub(crate) async fn publish(
        &self,
        credential: &Credential,
        request: &PublishRequest,
    ) -> CallOutcome {
        let prepared = self.network.prepare(credential, request).await.unwrap();
        self.network.call(credential, request, &prepared).await
    }

    pub(crate) async fn behave(&self, body: Value) {
        let (status, answer) = self.put_behaviour(&body).await;
        assert_eq!(status, 200, "{answer}");
    }

    pub(crate) async fn put_behaviour(&self, body: &Value) -> (u16, Value) {
        self.put_behaviour_text(&body.to_string()).await
    }

    pub(crate) async fn put_behaviour_text(&self, body: &str) -> (u16, Value) {
        let answer = reqwest::Client::new()
            .put(self.url("/behaviour"))
            .body(body.to_owned())
            .send()
            .await
            .unwrap();
        let status = answer.status().as_u16();
        (status, answer.json().await.unwrap())
    }

    /// What readers see.
    pub(crate) async fn posts(&self, identifier: &str) -> Vec<Value> {
        let mut url = self.url("/posts");
        url.query_pairs_mut().append_pair("identifier", identifier);
        let (status, body) = self.get(url).await;
        assert_eq!(status, 200);
        let body: Value = serde_json::from_slice(&body).unwrap();
        body["items"].as_array().unwrap().clone()
    }

    pub(crate) async fn get(&self, url: Url) -> (u16, Bytes) {
        let answer = self.http.send(self.http.get(url)).await.unwrap();
        (answer.status.as_u16(), answer.body)
    }

    pub(crate) fn url(&self, path: &str) -> Url {
        Url::parse(&format!("http://{}{PREFIX}{path}", self.address)).unwrap()
    }
}

async fn serve(file: &Path) -> (SocketAddr, JoinSet<()>) {
    let router = Server::open(file, Arc::new(SystemClock)).unwrap().router();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let mut serving = JoinSet::new();
    serving.spawn(async move { axum::serve(listener, router).await.unwrap() });
    (address, serving)
}

pub(crate) fn now() -> Timestamp {
    SystemClock.now()
}

pub(crate) fn texts(posts: &[Value]) -> Vec<&str> {
    posts
        .iter()
        .map(|post| post["text"].as_str().unwrap())
        .collect()
}

pub(crate) fn request(connected: &Connected, text: &str) -> PublishRequest {
    PublishRequest {
        delivery: "dlv_00000000000000000000000007"
            .parse::<DeliveryId>()
            .unwrap(),
        identity: RemoteIdentity::clone(&connected.identity),
        due: now(),
        parts: vec![Part {
            text: text.to_owned(),
            attachments: Vec::new(),
        }],
        options: json!({}),
    }
}

pub(crate) fn image(bytes: &'static [u8], alt_text: &str) -> Attachment {
    Attachment {
        bytes: Bytes::from_static(bytes),
        content_type: "image/png".to_owned(),
        width: 1,
        height: 1,
        alt_text: alt_text.to_owned(),
    }
}
