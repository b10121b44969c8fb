//! The deployment that `tests/aws/with-deployment.py` made for this run.

use std::io::Write as _;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use aws_sdk_sqs::config::{BehaviorVersion, Credentials, Region};
use jiff::Timestamp;
use reqwest::{Client, ClientBuilder};
use serde::Deserialize;
use serde_json::{Value, json};
use testkit::{Pds, PdsAccount};
use tests::caller::Caller;
use tokio::time::Instant;

/// The repository's.
const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");

/// A small PNG.
pub(crate) const PIXELS: &[u8] = include_bytes!("../../../shared/networks/tests/it/pixels.png");

/// Between two looks at something that changes by itself.
const PAUSE: Duration = Duration::from_millis(300);

/// What the stacks put out, and where the emulator is.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Deployment {
    /// The address of the API.
    pub(crate) api_endpoint: String,
    endpoint: String,
    region: String,
    /// A key that a customer has.
    pub(crate) customer_key: String,
    /// A file with the decisions about roles.
    pub(crate) decisions: PathBuf,
    python: PathBuf,
    /// The address of the Bluesky server, which the deployment names as one of its own.
    private_servers: String,
}

/// A queue by its name in the template.
#[derive(Clone, Copy)]
pub(crate) enum Queue {
    Deliveries,
    DeadLetters,
}

impl Deployment {
    #[expect(
        clippy::disallowed_methods,
        reason = "the script around the tests made it"
    )]
    pub(crate) fn of_this_run() -> Self {
        let text = std::env::var("M1A_DEPLOYMENT")
            .expect("M1A_DEPLOYMENT names the deployment: run `make test-aws`");
        serde_json::from_str(&text).unwrap()
    }

    /// A client that finds the API's name at the emulator. In AWS its name leads to it.
    pub(crate) fn client(&self) -> ClientBuilder {
        let address: SocketAddr = self
            .endpoint
            .strip_prefix("http://")
            .unwrap()
            .parse()
            .unwrap();
        let (_, host) = self.api_endpoint.split_once("://").unwrap();
        let (name, _port) = host.split_once(':').unwrap();
        Client::builder().resolve(name, address)
    }

    pub(crate) fn stranger(&self) -> Caller {
        Caller::stranger_with(self.client(), &self.api_endpoint)
    }

    /// Somebody who registered, verified their address by the mail and acts in a tenant of their own.
    pub(crate) async fn member(&self, name: &str) -> Caller {
        let email = format!("{name}@example.com");
        let mut caller = self.stranger();
        caller.enter(&email).await;
        let mail = self
            .eventually("the mail", async || self.mails_to(&email).await.pop())
            .await;
        let link = mail
            .split_whitespace()
            .find(|word| word.contains("token="))
            .unwrap();
        caller.settle(&email, link).await;
        caller
    }

    /// The texts of all mails to an address.
    pub(crate) async fn mails_to(&self, email: &str) -> Vec<String> {
        let found = self.inspect("/_ministack/ses/messages").await;
        let mut accounts = found["messages"].as_object().unwrap().values();
        accounts
            .by_ref()
            .flat_map(|mails| mails.as_array().unwrap())
            .filter(|mail| mail["To"].as_array().unwrap().contains(&json!(email)))
            .map(|mail| mail["BodyText"].as_str().unwrap().to_owned())
            .collect()
    }

    /// The token of somebody's newest link to a page of the dashboard, once they have been sent so many.
    pub(crate) async fn token_of(&self, email: &str, page: &str, count: usize) -> String {
        let link = format!("/{page}?token=");
        self.eventually(&link, async || {
            let mails = self.mails_to(email).await;
            let words = mails.iter().flat_map(|mail| mail.split_whitespace());
            let tokens = words.filter_map(|word| word.split_once(link.as_str()));
            let tokens: Vec<_> = tokens.map(|(_, token)| token.to_owned()).collect();
            tokens.last().filter(|_| tokens.len() == count).cloned()
        })
        .await
    }

    /// Makes an account at the Bluesky server and connects it; answers it with its id at the product.
    pub(crate) async fn connect(&self, caller: &Caller, name: &str) -> (PdsAccount, String) {
        let pds = self.pds();
        let account = pds.create_account(name).await;
        let new = json!({
            "network": "bluesky",
            "credentials": {
                "service": pds.service(),
                "identifier": account.handle,
                "app_password": account.app_password,
            },
        });
        let connected = caller.post("/v1/accounts", &new).await.expect(201).body;
        assert_eq!(connected["remote_id"], account.did);
        (account, connected["id"].as_str().unwrap().to_owned())
    }

    pub(crate) fn pds(&self) -> Pds {
        Pds::at(&self.private_servers)
    }

    /// The texts of an account's posts as its readers see them.
    pub(crate) async fn visible(&self, account: &PdsAccount) -> Vec<String> {
        let posts = self.pds().posts(account).await;
        posts
            .iter()
            .map(|post| post.record["text"].as_str().unwrap().to_owned())
            .collect()
    }

    /// Starts a function with an event of `events/`.
    pub(crate) fn invoke(&self, function: &str, event: &str) -> Value {
        self.start("client.py", function, &read_event(event), &[])
    }

    /// Starts a function with this event.
    pub(crate) fn invoke_with(&self, function: &str, event: &Value) -> Value {
        self.start("client.py", function, event, &[])
    }

    /// Starts a function so many times at once, each time where it never ran before.
    pub(crate) fn invoke_cold(&self, function: &str, event: &Value, times: usize) -> Vec<Value> {
        let answers = self.start("cold.py", function, event, &[&times.to_string()]);
        answers.as_array().unwrap().clone()
    }

    /// What a script of `tests/aws` prints that starts a function with an event.
    fn start(&self, script: &str, function: &str, event: &Value, more: &[&str]) -> Value {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(event.to_string().as_bytes()).unwrap();
        let output = Command::new(&self.python)
            .arg(format!("{ROOT}/tests/aws/{script}"))
            .args([&self.endpoint, &format!("m1autoposter-test-{function}")])
            .arg(file.path())
            .args(more)
            .output()
            .unwrap();
        serde_json::from_slice(&output.stdout)
            .unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&output.stderr)))
    }

    pub(crate) fn sqs(&self) -> aws_sdk_sqs::Client {
        let config = aws_sdk_sqs::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .endpoint_url(&self.endpoint)
            .region(Region::new(self.region.clone()))
            .credentials_provider(Credentials::new("test", "test", None, None, "tests"))
            .build();
        aws_sdk_sqs::Client::from_conf(config)
    }

    pub(crate) fn queue_url(&self, queue: Queue) -> String {
        let suffix = match queue {
            Queue::Deliveries => "",
            Queue::DeadLetters => "-dead",
        };
        format!(
            "{}/000000000000/m1autoposter-test-deliveries{suffix}",
            self.endpoint
        )
    }

    /// All messages of a queue, those in work and those that wait for their time, too.
    pub(crate) async fn messages(&self, queue: Queue) -> Vec<String> {
        let path = format!(
            "/_ministack/sqs/messages?QueueUrl={}",
            self.queue_url(queue)
        );
        let found = self.inspect(&path).await;
        let mut bodies = Vec::new();
        for regions in found["messages"].as_object().unwrap().values() {
            for queues in regions.as_object().unwrap().values() {
                for messages in queues.as_object().unwrap().values() {
                    let messages = messages.as_array().unwrap().iter();
                    bodies.extend(
                        messages.map(|message| message["Body"].as_str().unwrap().to_owned()),
                    );
                }
            }
        }
        bodies
    }

    async fn inspect(&self, path: &str) -> Value {
        let answer = self
            .client()
            .build()
            .unwrap()
            .get(format!("{}{path}", self.endpoint));
        answer.send().await.unwrap().json().await.unwrap()
    }

    /// Looks until there is something, for at most two minutes.
    pub(crate) async fn eventually<T>(
        &self,
        what: &str,
        mut look: impl AsyncFnMut() -> Option<T>,
    ) -> T {
        let began = Instant::now();
        loop {
            if let Some(found) = look().await {
                return found;
            }
            assert!(
                began.elapsed() < Duration::from_mins(2),
                "not in time: {what}"
            );
            tokio::time::sleep(PAUSE).await;
        }
    }
}

/// An event of `events/`.
pub(crate) fn read_event(name: &str) -> Value {
    let text = std::fs::read_to_string(format!("{ROOT}/events/{name}")).unwrap();
    serde_json::from_str(&text).unwrap()
}

/// The wall clock, by which the functions run.
#[expect(
    clippy::disallowed_methods,
    reason = "the functions run by the wall clock"
)]
pub(crate) fn now() -> Timestamp {
    Timestamp::now()
}

/// A whole second, so many from now.
pub(crate) fn in_seconds(seconds: i64) -> Timestamp {
    Timestamp::from_second(now().as_second() + seconds).unwrap()
}

/// A time of the API.
pub(crate) fn instant(value: &Value) -> Timestamp {
    value.as_str().unwrap().parse().unwrap()
}
