//! Every sample event is handled by the function that gets such events, as the runtime hands it over.

use aws_lambda_events::event::sqs::SqsEvent;
use cloud::telemetry::Metrics;
use domain::membership::Role;
use serde_json::Value;
use testkit::{FakeNetwork, TestMember, member};
use tests::product::Product;
use tower::ServiceExt as _;
use upkeep::events::Outcome;

use crate::files;

/// All functions, and somebody who calls them.
pub(crate) struct Functions {
    pub(crate) product: Product,
    pub(crate) member: TestMember,
}

impl Functions {
    pub(crate) async fn new() -> Self {
        let product = Product::new().await;
        let member = member(&product.table, &product.clock, Role::Owner).await;
        Self { product, member }
    }

    /// Answers a sample of `events/api` as the gateway sends it.
    async fn answer(&self, event: &str, replaced: &[(&str, &str)]) -> (u16, Value) {
        let session = self.member.cookie.split_once('=').unwrap().1;
        let mut text = files::text(&format!("events/api/{event}.json"));
        for (placeholder, value) in replaced.iter().chain(&[("SESSION", session)]) {
            text = text.replace(placeholder, value);
        }
        let request = lambda_http::request::from_str(&text).unwrap();
        let response = self.product.routes.clone().oneshot(request).await.unwrap();
        let status = response.status().as_u16();
        let body = axum::body::to_bytes(response.into_body(), usize::MAX)
            .await
            .unwrap();
        (status, serde_json::from_slice(&body).unwrap_or_default())
    }

    /// Answers a sample of `events/sqs`: the messages that must come again.
    async fn failed(&self, event: &str) -> Vec<String> {
        let text = files::text(&format!("events/sqs/{event}.json"));
        let event: SqsEvent = serde_json::from_str(&text).unwrap();
        let response = publishing::events::on_messages(&self.product.publishing, event).await;
        let failures = response.batch_item_failures.into_iter();
        failures.map(|failure| failure.item_identifier).collect()
    }
}

/// Samples of HTTP events, in the order in which they are played, and what they are answered with.
const API: [(&str, u16); 9] = [
    ("register", 202),
    // Its address is not verified yet.
    ("login", 401),
    ("list-tenants", 200),
    ("connect-account", 201),
    ("announce-media", 201),
    ("create-post", 201),
    ("list-posts", 200),
    ("create-tenant", 201),
    ("unknown-path", 404),
];

#[tokio::test]
async fn api_samples_are_answered() {
    let functions = Functions::new().await;
    let mut account = String::new();
    for (event, expected) in API {
        let replaced = [("ACCOUNT", account.as_str()), ("NETWORK", FakeNetwork::ID)];
        let (status, body) = functions.answer(event, &replaced).await;

        assert_eq!(status, expected, "{event}: {body}");
        if event == "connect-account" {
            body["id"].as_str().unwrap().clone_into(&mut account);
        }
        if event == "list-posts" {
            assert_eq!(body["items"].as_array().unwrap().len(), 1, "{body}");
        }
    }
}

#[tokio::test]
async fn sqs_samples_name_the_messages_that_must_come_again() {
    let functions = Functions::new().await;

    assert_eq!(functions.failed("work").await, Vec::<String>::new());
    assert_eq!(functions.failed("reap").await, Vec::<String>::new());
    assert_eq!(functions.failed("rotate-key").await, Vec::<String>::new());
    assert_eq!(functions.failed("sign-out").await, Vec::<String>::new());
    assert_eq!(
        functions.failed("one-of-two-unreadable").await,
        ["f6d1b1c2-2f0e-4a44-9c1f-5a3c1a5f7b11"]
    );
    assert_eq!(
        functions.failed("newer-version").await,
        ["7c9d3f0e-1a2b-4c5d-8e6f-0a1b2c3d4e5f"]
    );
}

#[tokio::test]
async fn timer_samples_start_a_run() {
    let functions = Functions::new().await;
    let sample = |name: &str| files::text(&format!("events/timer/{name}.json"));
    let metrics = Metrics::off();
    let dispatch = dispatch_event("events/timer/dispatch.json");

    assert!(matches!(dispatch, dispatch::events::Event::Timer(_)));
    let tick = dispatch::events::on_event(&functions.product.dispatch, &metrics, dispatch).await;
    let event = serde_json::from_str(&sample("upkeep")).unwrap();
    let sweep = upkeep::events::on_event(&functions.product.upkeep, &metrics, event).await;
    let event = serde_json::from_str(&sample("lost-time")).unwrap();
    let declared = upkeep::events::on_event(&functions.product.upkeep, &metrics, event).await;

    let event = serde_json::from_str(&sample("rotate-keys")).unwrap();
    let asked = upkeep::events::on_event(&functions.product.upkeep, &metrics, event).await;
    let event = serde_json::from_str(&sample("retire-signing-keys")).unwrap();
    let retired = upkeep::events::on_event(&functions.product.upkeep, &metrics, event).await;
    let event = serde_json::from_str(&sample("checkpoint")).unwrap();
    let checkpoint = upkeep::events::on_event(&functions.product.upkeep, &metrics, event).await;

    let event = serde_json::from_str(&sample("transfers")).unwrap();
    let exports = transfers::events::on_event(&functions.product.transfers, &metrics, event).await;

    assert_eq!(exports.unwrap(), transfers::Run::default());

    let event = serde_json::from_str(&sample("appoint-supporter")).unwrap();
    let appointed = upkeep::events::on_event(&functions.product.upkeep, &metrics, event).await;

    // Nobody has the id of the sample.
    assert_eq!(appointed.unwrap_err().code(), "not_found");
    // The making of the tenant and the sign-in, which the tick has sealed.
    let both = upkeep::Checkpointed { chains: 2 };
    assert_eq!(checkpoint.unwrap(), Outcome::Checkpointed(both));
    // It names a tenant that there is not.
    let nobody = upkeep::RotationsAsked { tenants: 0 };
    assert_eq!(asked.unwrap(), Outcome::RotationsAsked(nobody));
    // The only key was made ten seconds later.
    let Outcome::SigningKeysRetired(retired) = retired.unwrap() else {
        panic!("no key was asked for");
    };
    assert_eq!((retired.retired.len(), retired.kept.len()), (0, 1));
    assert_eq!(tick.unwrap().batch_item_failures, []);
    assert_eq!(sweep.unwrap(), Outcome::Swept(upkeep::Sweep::default()));
    // What it names is in no table.
    let Outcome::Declared(declared) = declared.unwrap() else {
        panic!("it is no declaration");
    };
    assert_eq!(declared.gone.len(), 1);
    assert_eq!(
        upkeep::Declared {
            gone: vec![],
            ..declared
        },
        upkeep::Declared::default()
    );
}

#[tokio::test]
async fn dispatch_samples_name_the_messages_that_must_come_again() {
    let functions = Functions::new().await;
    let metrics = Metrics::off();
    let failed = async |name: &str| {
        let event = dispatch_event(&format!("events/sqs/{name}.json"));
        assert!(matches!(event, dispatch::events::Event::Shards(_)));
        let answer = dispatch::events::on_event(&functions.product.dispatch, &metrics, event).await;
        let failures = answer.unwrap().batch_item_failures.into_iter();
        failures
            .map(|failure| failure.item_identifier)
            .collect::<Vec<_>>()
    };

    for followed in ["shard", "seal"] {
        assert_eq!(failed(followed).await, Vec::<String>::new(), "{followed}");
    }
    assert_eq!(
        failed("newer-shard").await,
        ["c2c1a5b4-6f0e-4d77-9a53-7d1e8f2b6a90"]
    );
}

fn dispatch_event(path: &str) -> dispatch::events::Event {
    serde_json::from_str(&files::text(path)).unwrap()
}

#[test]
fn every_sample_is_played() {
    let played = ["work", "reap", "one-of-two-unreadable", "newer-version"]
        .into_iter()
        .chain(["rotate-key", "sign-out", "shard", "newer-shard", "seal"])
        .chain([
            "dispatch",
            "upkeep",
            "lost-time",
            "checkpoint",
            "rotate-keys",
            "retire-signing-keys",
            "transfers",
            "appoint-supporter",
        ])
        .chain(API.map(|(event, _)| event));
    let mut played: Vec<String> = played.map(|name| format!("{name}.json")).collect();
    played.sort();
    let mut samples: Vec<String> = files::below("events", ".json")
        .iter()
        .map(|path| path.file_name().unwrap().to_string_lossy().into_owned())
        .collect();
    samples.sort();

    assert_eq!(samples, played);
}
