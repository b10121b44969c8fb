//! What both sets of tests need: the network with its client, and requests.

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;
use cloud::clock::SystemClock;
use domain::account::RemoteIdentity;
use domain::{Clock, DeliveryId};
use jiff::Timestamp;
use networks::{
    Attachment, Bluesky, CallOutcome, Credential, Egress, HttpClient, Network, Part, PublishRequest,
};
use serde_json::{Value, json};

pub(crate) fn bluesky(egress: Egress) -> Bluesky {
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    Bluesky::new(HttpClient::new(egress).unwrap(), Arc::new(SystemClock))
}

pub(crate) fn credentials(
    service: &str,
    identifier: &str,
    app_password: &str,
) -> BTreeMap<String, String> {
    [
        ("service", service),
        ("identifier", identifier),
        ("app_password", app_password),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .into()
}

/// A request with one part; `number` makes the delivery.
pub(crate) fn request(identity: &RemoteIdentity, number: u128, text: &str) -> PublishRequest {
    // A UUIDv7 of 2026-11-22 with `number` in its random bits.
    let uuid = 0x019a_ab00_0000_7000_8000_0000_0000_0000_u128 + number * 0x9e37_79b9_7f4a;
    PublishRequest {
        delivery: DeliveryId::from_uuid(uuid::Uuid::from_u128(uuid)),
        identity: identity.clone(),
        due: "2026-12-01T09:00:00Z".parse().unwrap(),
        parts: vec![part(text)],
        options: json!({}),
    }
}

pub(crate) fn part(text: &str) -> Part {
    Part {
        text: text.to_owned(),
        attachments: Vec::new(),
    }
}

pub(crate) fn image(bytes: impl Into<Bytes>, alt_text: &str) -> Attachment {
    Attachment {
        bytes: bytes.into(),
        content_type: "image/png".to_owned(),
        width: 2,
        height: 1,
        alt_text: alt_text.to_owned(),
    }
}

/// Prepares and calls once.
pub(crate) async fn publish(
    network: &Bluesky,
    credential: &Credential,
    request: &PublishRequest,
) -> CallOutcome {
    let prepared = network.prepare(credential, request).await.unwrap();
    network.call(credential, request, &prepared).await
}

/// The credential with one field replaced.
pub(crate) fn with_field(credential: &Credential, field: &str, value: &str) -> Credential {
    let mut fields: Value = serde_json::from_str(credential.expose()).unwrap();
    fields[field] = json!(value);
    Credential::new(fields.to_string())
}

pub(crate) fn field(credential: &Credential, field: &str) -> String {
    let fields: Value = serde_json::from_str(credential.expose()).unwrap();
    fields[field].as_str().unwrap().to_owned()
}

pub(crate) fn now() -> Timestamp {
    SystemClock.now()
}
