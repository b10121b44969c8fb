//! A table in memory, behind the unmodified SDK client.

use std::sync::Arc;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::{BehaviorVersion, Credentials, Region};
use domain::Ids;
use dynoxide::Database;
use store::{Settings, Table};

use crate::clock::{TestClock, ids};

const NAME: &str = "m1autoposter-test";

/// A fresh, empty table with ids of `clock`.
pub async fn table(clock: &TestClock) -> Table {
    table_with(client().await, ids(clock)).await
}

/// A fresh table behind `client`, which a test may have wrapped with faults.
pub async fn table_with(client: Client, ids: Ids) -> Table {
    store::schema::create_if_absent(&client, NAME)
        .await
        .expect("the table is made");
    Table::new(
        client,
        Settings {
            name: NAME.to_owned(),
            shards: 4,
        },
        ids,
    )
}

/// A client of a fresh database in memory, served on loopback for as long as the test's runtime lives.
pub async fn client() -> Client {
    Client::from_conf(config().await.build())
}

/// The configuration of [`client`], for a test that puts something between.
pub async fn config() -> aws_sdk_dynamodb::config::Builder {
    let database = Arc::new(Database::memory().expect("a database in memory"));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0")
        .await
        .expect("a free port");
    let address = listener.local_addr().expect("a bound address");
    tokio::spawn(dynoxide::server::serve_on(
        listener,
        Database::clone(&database),
    ));
    aws_sdk_dynamodb::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .endpoint_url(format!("http://{address}"))
        .region(Region::from_static("local"))
        .credentials_provider(Credentials::new("local", "local", None, None, "testkit"))
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
