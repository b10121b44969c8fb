//! A real Bluesky server (PDS with its PLC directory) on loopback, and an independent client that reads back what was
//! posted there. Lives in `tests/pds`; `tests/pds/install.sh` installs it.

use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::time::Duration;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// The rig needs no time to end: it removes its folder and exits when its stdin ends.
const END_TRIES: u32 = 100;
const END_PAUSE: Duration = Duration::from_millis(20);

/// A running server. Starting takes seconds: share one among the stories of a test binary. One that was started here
/// ends with this value, and with the process of the test however that ends.
#[derive(Debug)]
pub struct Pds {
    service: String,
    /// Only held until the server may end.
    _rig: Option<Rig>,
}

#[derive(Debug)]
struct Rig {
    stdin: Option<ChildStdin>,
    child: Child,
}

/// What the rig prints once it is ready.
#[derive(Deserialize)]
struct Addresses {
    pds: String,
}

/// An account at the server.
#[derive(Clone, Debug, Deserialize)]
pub struct PdsAccount {
    /// Its stable id.
    pub did: String,
    /// Its name, such as `alice.test`.
    pub handle: String,
    /// Its main password.
    pub password: String,
    /// A password for a program.
    pub app_password: String,
}

/// A post as the independent client reads it.
#[derive(Clone, Debug, Deserialize)]
pub struct PdsPost {
    /// Where the record is: `at://DID/app.bsky.feed.post/KEY`.
    pub uri: String,
    /// Hash of the record.
    pub cid: String,
    /// The record itself.
    pub record: Value,
    /// The text, cut at its byte ranges by the client's own reading.
    pub segments: Vec<PdsSegment>,
    /// Images with their bytes.
    pub images: Vec<PdsImage>,
}

/// A stretch of text with one meaning at most.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct PdsSegment {
    /// The text.
    pub text: String,
    /// The address behind it.
    pub link: Option<String>,
    /// The DID that it mentions.
    pub mention: Option<String>,
    /// The hashtag, without `#`.
    pub tag: Option<String>,
}

/// An image of a post.
#[derive(Clone, Debug, Deserialize)]
pub struct PdsImage {
    /// The alternative text.
    pub alt: String,
    /// `{width, height}`, or null.
    pub aspect_ratio: Value,
    /// As served.
    pub content_type: String,
    /// The bytes as served, in base64.
    pub base64: String,
}

impl Pds {
    /// Starts a server with no accounts.
    ///
    /// # Panics
    /// With what to do, where Node or the server is not installed.
    pub async fn start() -> Self {
        blocking(|| {
            let mut child = script("start.mjs")
                .stdin(Stdio::piped())
                .stdout(Stdio::piped())
                .spawn()
                .expect(
                    "node starts; it is needed for the tests' Bluesky server (Node 20 or newer)",
                );
            let stdin = child.stdin.take();
            let mut ready = String::new();
            let stdout = child.stdout.take().expect("stdout is piped");
            BufReader::new(stdout)
                .read_line(&mut ready)
                .expect("the rig's output can be read");
            let addresses: Addresses = serde_json::from_str(&ready).unwrap_or_else(|_| {
                panic!("the tests' Bluesky server did not start: run tests/pds/install.sh")
            });
            Self {
                service: addresses.pds,
                _rig: Some(Rig { stdin, child }),
            }
        })
        .await
    }

    /// A server of the same kind that somebody else started at this address.
    pub fn at(service: &str) -> Self {
        Self {
            service: service.to_owned(),
            _rig: None,
        }
    }

    /// The address of the server, such as `http://127.0.0.1:2583`.
    pub fn service(&self) -> &str {
        &self.service
    }

    /// Makes an account `NAME.test` with an app password.
    pub async fn create_account(&self, name: &str) -> PdsAccount {
        run(["account", &self.service, &format!("{name}.test")]).await
    }

    /// The account's owner deactivates it: it cannot post any more.
    pub async fn deactivate(&self, account: &PdsAccount) {
        let _: Value = run(["deactivate", &self.service, &account.handle]).await;
    }

    /// Every post of an account, oldest first by record key.
    pub async fn posts(&self, account: &PdsAccount) -> Vec<PdsPost> {
        run(["posts", &self.service, &account.did]).await
    }

    /// Where the server says that it is: other than [`Self::service`] a name, which consent pages need.
    pub fn own_address(&self) -> String {
        self.service.replace("127.0.0.1", "localhost")
    }

    /// The account's owner agrees at the consent page with this address: what a browser brings back.
    pub async fn agree(&self, address: &str, account: &PdsAccount) -> Value {
        consent(["agree", address, &account.handle, &account.password]).await
    }

    /// Somebody declines there.
    pub async fn decline(&self, address: &str) -> Value {
        consent(["decline", address]).await
    }

    /// The same access token, correctly signed, but expired.
    pub async fn expired(&self, access_token: &str) -> String {
        let output = blocking({
            let mut command = script("readback.mjs");
            command.args(["expired", access_token]);
            move || command.output().expect("node starts")
        })
        .await;
        String::from_utf8(output.stdout)
            .expect("a token is text")
            .trim()
            .to_owned()
    }
}

impl Drop for Rig {
    fn drop(&mut self) {
        drop(self.stdin.take());
        for _ in 0..END_TRIES {
            if matches!(self.child.try_wait(), Ok(Some(_))) {
                return;
            }
            std::thread::sleep(END_PAUSE);
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

async fn run<T: DeserializeOwned + Send + 'static, const N: usize>(arguments: [&str; N]) -> T {
    let mut command = script("readback.mjs");
    command.args(arguments);
    answer(command).await
}

async fn consent<const N: usize>(arguments: [&str; N]) -> Value {
    let mut command = script("consent.mjs");
    command.args(arguments);
    answer(command).await
}

async fn answer<T: DeserializeOwned + Send + 'static>(mut command: Command) -> T {
    blocking(move || {
        let output = command.output().expect("node starts");
        serde_json::from_slice(&output.stdout)
            .unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&output.stderr)))
    })
    .await
}

fn script(name: &str) -> Command {
    let folder = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/pds"));
    let mut command = Command::new("node");
    command
        .arg("--require")
        .arg(folder.join("loopback.cjs"))
        .arg(folder.join(name));
    command
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    match tokio::task::spawn_blocking(work).await {
        Ok(result) => result,
        Err(error) => std::panic::resume_unwind(error.into_panic()),
    }
}
