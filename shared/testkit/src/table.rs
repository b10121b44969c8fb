//! A table behind the unmodified SDK client: in memory, or at the implementation of DynamoDB that the environment names.

use std::sync::Arc;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::{BehaviorVersion, Credentials, Region};
use aws_sdk_dynamodb::types::AttributeValue;
use domain::{Ids, TenantId};
use dynoxide::Database;
use store::{Settings, Table};

use crate::clock::{TestClock, ids};

const NAME: &str = "m1autoposter-test";

/// Address of an implementation of DynamoDB to test against, in place of the one in memory.
const ENDPOINT: &str = "M1A_TEST_DYNAMODB";

/// An implementation of DynamoDB.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Engine {
    /// In this process, and a fresh one for each client.
    Dynoxide,
    /// In a process of its own, over HTTP, with an account for each client.
    MiniStack,
}

/// What tests run against.
pub fn engine() -> Engine {
    match std::env::var_os(ENDPOINT) {
        Some(_) => Engine::MiniStack,
        None => Engine::Dynoxide,
    }
}

/// A fresh, empty table with ids of `clock`.
pub async fn table(clock: &TestClock) -> Table {
    table_with(client().await, ids(clock)).await
}

/// A fresh table behind `client`, which a test may have wrapped with faults.
pub async fn table_with(client: Client, ids: Ids) -> Table {
    store::schema::create_if_absent(&client, NAME)
        .await
        .expect("the table is made");
    let name = NAME.to_owned();
    Table::new(client, Settings { name, shards: 4 }, ids)
}

/// A client of the engine; one in memory is fresh, and served on loopback for as long as the test's runtime lives.
pub async fn client() -> Client {
    Client::from_conf(config().await.build())
}

/// The configuration of [`client`], for a test that puts something between.
pub async fn config() -> aws_sdk_dynamodb::config::Builder {
    let endpoint = match std::env::var(ENDPOINT) {
        Ok(endpoint) => endpoint,
        Err(_) => serve_in_memory().await,
    };
    aws_sdk_dynamodb::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .endpoint_url(endpoint)
        .region(Region::from_static("eu-central-1"))
        .credentials_provider(Credentials::new(account(), "test", None, None, "testkit"))
}

/// An AWS account of its own, which is what MiniStack takes an access key of twelve digits for: the tests' ids repeat
/// themselves, and so do the tokens of their transactions.
fn account() -> String {
    format!("{:012}", uuid::Uuid::now_v7().as_u128() % 1_000_000_000_000)
}

async fn serve_in_memory() -> String {
    let database = Arc::new(Database::memory().expect("a database in memory"));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0")
        .await
        .expect("a free port");
    let address = listener.local_addr().expect("a bound address");
    tokio::spawn(dynoxide::server::serve_on(
        listener,
        Database::clone(&database),
    ));
    format!("http://{address}")
}

/// All that is stored, as text: for tests that look for what must not be there.
pub async fn everything(client: &Client) -> String {
    let answer = client
        .scan()
        .table_name(NAME)
        .send()
        .await
        .expect("a readable table");
    format!("{:?}", answer.items())
}

/// The kinds of a tenant's events that are of no post, oldest first.
pub async fn event_kinds(client: &Client, tenant: TenantId) -> Vec<String> {
    let answer = client
        .query()
        .table_name(NAME)
        .key_condition_expression("PK = :events")
        .expression_attribute_values(":events", AttributeValue::S(format!("T#{tenant}#EVT")))
        .send()
        .await
        .expect("a readable table");
    let kind = |item: &std::collections::HashMap<String, AttributeValue>| {
        item.get("event")?.as_s().ok().cloned()
    };
    answer.items().iter().filter_map(kind).collect()
}
