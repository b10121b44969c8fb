//! A running host.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};

use reqwest::header::HOST;
use reqwest::redirect::Policy;
use reqwest::{Client, Response, StatusCode};
use serde_json::{Value, json};

const PASSWORD: &str = "correct horse battery";

/// The host, killed when this value goes.
pub(crate) struct Process {
    child: Child,
    pub(crate) base: String,
    http: Client,
}

/// A command that starts the host on a folder.
pub(crate) fn command(folder: &Path, port: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_m1autoposter"));
    command
        .env("M1A_DATA_DIR", folder)
        .env("M1A_PORT", port)
        .env("M1A_WEB_DIR", folder.join("no dashboard"));
    command
}

/// What a host says that refuses to start.
pub(crate) fn refusal(folder: &Path, port: &str) -> String {
    let Output { status, stderr, .. } = command(folder, port).output().unwrap();
    assert!(!status.success());
    String::from_utf8(stderr).unwrap()
}

impl Process {
    /// Starts the host on a free port and waits until it is ready.
    pub(crate) fn start(folder: &Path) -> Self {
        // Only a test that ran before in this process finds a provider already there.
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        let mut child = command(folder, "0")
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap())
            .read_line(&mut line)
            .unwrap();
        let base = line
            .trim()
            .strip_prefix("M1Autoposter is ready at ")
            .unwrap();
        Self {
            base: base.to_owned(),
            child,
            http: Client::builder().redirect(Policy::none()).build().unwrap(),
        }
    }

    pub(crate) async fn get(&self, path: &str) -> Response {
        let url = format!("{}{path}", self.base);
        self.http.get(url).send().await.unwrap()
    }

    /// As a browser that reached the host by another name.
    pub(crate) async fn get_as(&self, path: &str, name: &str) -> Response {
        let request = self.http.get(format!("{}{path}", self.base));
        request.header(HOST, name).send().await.unwrap()
    }

    pub(crate) async fn json(&self, path: &str) -> Value {
        self.get(path).await.json().await.unwrap()
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> Response {
        let request = self.http.post(format!("{}{path}", self.base));
        request.json(body).send().await.unwrap()
    }

    pub(crate) async fn register(&self, email: &str) {
        let person = json!({ "email": email, "password": PASSWORD, "name": "Ada" });
        let answer = self.post("/v1/auth/register", &person).await;
        assert_eq!(answer.status(), StatusCode::ACCEPTED);
    }

    pub(crate) async fn mails(&self, email: &str) -> Vec<Value> {
        let outbox = self.json(&format!("/local/outbox?to={email}")).await;
        outbox["items"].as_array().unwrap().clone()
    }

    /// Follows the link of the newest mail.
    pub(crate) async fn verify(&self, email: &str) -> StatusCode {
        let mails = self.mails(email).await;
        let link = mails[0]["links"][0].as_str().unwrap();
        let (_, token) = link.split_once("token=").unwrap();
        let body = json!({ "token": token, "password": PASSWORD });
        self.post("/v1/auth/verify-email", &body).await.status()
    }

    pub(crate) async fn sign_in(&self, email: &str) -> StatusCode {
        let person = json!({ "email": email, "password": PASSWORD, "mode": "token" });
        self.post("/v1/auth/login", &person).await.status()
    }

    /// Ends it at once, as a power cut would.
    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Asks it to end; answers whether it ended well.
    pub(crate) fn terminate(mut self) -> bool {
        let id = self.child.id().to_string();
        let sent = Command::new("kill").args(["-TERM", &id]).status().unwrap();
        assert!(sent.success());
        self.child.wait().unwrap().success()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
