//! A program that uses the API.

use std::time::Duration;

use reqwest::{Client, ClientBuilder, Method, RequestBuilder};
use serde_json::{Value, json};
use tokio::time::Instant;

const PASSWORD: &str = "correct horse battery staple";
/// Between two looks at something that changes by itself.
const PAUSE: Duration = Duration::from_millis(200);

/// Somebody who is signed in and acts in a tenant of their own.
#[derive(Debug)]
pub struct Caller {
    client: Client,
    base: String,
    token: String,
}

/// What a call was answered with.
#[derive(Debug)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// The media type, or nothing.
    pub content_type: String,
    /// The version of what was answered.
    pub etag: Option<String>,
    /// The cookie that is set.
    pub cookie: Option<String>,
    /// The body as JSON, or null.
    pub body: Value,
}

impl Caller {
    /// Nobody yet.
    pub fn stranger(base: &str) -> Self {
        // A host that was killed leaves dead connections behind: none is kept.
        let client = Client::builder().pool_max_idle_per_host(0);
        Self::stranger_with(client, base)
    }

    /// Nobody yet, who reaches the API as this client does.
    pub fn stranger_with(client: ClientBuilder, base: &str) -> Self {
        // Refused only when another test of this process was first.
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        Self {
            client: client.build().unwrap(),
            base: base.to_owned(),
            token: String::new(),
        }
    }

    /// A program that calls with this API key, and reaches the API as this caller does.
    #[must_use]
    pub fn with_key(&self, key: &str) -> Self {
        Self {
            client: self.client.clone(),
            base: self.base.clone(),
            token: key.to_owned(),
        }
    }

    /// Registers at a local host, whose outbox shows the mail, and acts in a tenant of their own.
    pub async fn register(base: &str, email: &str) -> Self {
        let mut caller = Self::stranger(base);
        caller.enter(email).await;
        let outbox = format!("/local/outbox?to={email}");
        let mails = caller.get(&outbox).await.expect(200).body;
        let link = mails["items"][0]["links"][0].as_str().unwrap();
        caller.settle(email, link).await;
        caller
    }

    /// Registers; a mail then says how to go on.
    pub async fn enter(&self, email: &str) {
        let person = json!({ "email": email, "password": PASSWORD, "name": "Ada Lovelace" });
        self.post("/v1/auth/register", &person).await.expect(202);
    }

    /// Follows the link of the mail, signs in, makes a tenant and acts in it.
    pub async fn settle(&mut self, email: &str, link: &str) {
        let (_, token) = link.split_once("token=").unwrap();
        let verify = json!({ "token": token, "password": PASSWORD });
        self.post("/v1/auth/verify-email", &verify)
            .await
            .expect(204);
        self.sign_in(email).await;
        let tenant = json!({ "name": "Analytical Engines", "time_zone": "Europe/London" });
        let tenant = self.post("/v1/tenants", &tenant).await.expect(201).body;
        let switch = json!({ "tenant_id": tenant["id"] });
        let switched = self.post("/v1/auth/switch", &switch).await.expect(200);
        assert_eq!(switched.body["tenant_id"], tenant["id"]);
        self.take_token(&switched);
    }

    async fn sign_in(&mut self, email: &str) {
        let login = json!({ "email": email, "password": PASSWORD, "mode": "token" });
        let answer = self.post("/v1/auth/login", &login).await.expect(200);
        assert_eq!(answer.body["token_type"], "Bearer");
        self.take_token(&answer);
    }

    fn take_token(&mut self, answer: &Answer) {
        answer.body["access_token"]
            .as_str()
            .unwrap()
            .clone_into(&mut self.token);
    }

    /// Connects an account at the playground; answers its id.
    pub async fn connect(&self, identifier: &str) -> String {
        let account = json!({
            "network": "playground",
            "credentials": { "identifier": identifier },
        });
        let account = self.post("/v1/accounts", &account).await.expect(201).body;
        account["id"].as_str().unwrap().to_owned()
    }

    /// Uploads a PNG; answers its id.
    pub async fn upload(&self, picture: &'static [u8], alt_text: &str) -> String {
        let announced = json!({
            "file_name": "picture.png",
            "content_type": "image/png",
            "bytes": picture.len(),
            "alt_text": alt_text,
        });
        let media = self.post("/v1/media", &announced).await.expect(201).body;
        let upload = &media["upload"];
        assert_eq!(upload["method"], "PUT");
        let mut request = self.client.put(upload["url"].as_str().unwrap());
        for (name, value) in upload["headers"].as_object().unwrap() {
            request = request.header(name, value.as_str().unwrap());
        }
        let stored = request.body(picture).send().await.unwrap();
        assert!(stored.status().is_success());
        let id = media["id"].as_str().unwrap();
        let complete = format!("/v1/media/{id}/complete");
        let ready = self.post(&complete, &json!({})).await.expect(200).body;
        assert_eq!(ready["state"], "ready");
        id.to_owned()
    }

    /// What readers of a playground account see: the texts of its posts.
    pub async fn readers_of(&self, identifier: &str) -> Vec<String> {
        let path = format!("/local/networks/playground/posts?identifier={identifier}");
        let posts = self.get(&path).await.expect(200).body;
        let posts = posts["items"].as_array().unwrap().iter();
        posts
            .map(|post| post["text"].as_str().unwrap().to_owned())
            .collect()
    }

    /// Looks at a post until `is_reached`, for at most `longest`.
    pub async fn wait_for(
        &self,
        post: &str,
        longest: Duration,
        is_reached: impl Fn(&Value) -> bool,
    ) -> Value {
        let began = Instant::now();
        loop {
            let found = self.get(&format!("/v1/posts/{post}")).await.expect(200);
            if is_reached(&found.body) {
                return found.body;
            }
            assert!(began.elapsed() < longest, "not in time: {}", found.body);
            tokio::time::sleep(PAUSE).await;
        }
    }

    /// Reads a path.
    pub async fn get(&self, path: &str) -> Answer {
        self.send(self.request("GET", path)).await
    }

    /// Sends JSON to a path.
    pub async fn post(&self, path: &str, body: &Value) -> Answer {
        self.send(self.request("POST", path).json(body)).await
    }

    /// A call with the caller's token, to be completed.
    pub fn request(&self, method: &str, path: &str) -> RequestBuilder {
        let method: Method = method.parse().unwrap();
        let request = self
            .client
            .request(method, format!("{}{path}", self.base))
            .timeout(Duration::from_secs(30));
        if self.token.is_empty() {
            request
        } else {
            request.bearer_auth(&self.token)
        }
    }

    /// Sends a call and reads its whole answer.
    pub async fn send(&self, request: RequestBuilder) -> Answer {
        let response = request.send().await.unwrap();
        let headers = response.headers().clone();
        let header = |name: &str| {
            let value = headers.get(name)?;
            Some(value.to_str().unwrap().to_owned())
        };
        Answer {
            status: response.status().as_u16(),
            content_type: header("content-type").unwrap_or_default(),
            etag: header("etag"),
            cookie: header("set-cookie"),
            body: serde_json::from_slice(&response.bytes().await.unwrap()).unwrap_or_default(),
        }
    }
}

impl Answer {
    /// The answer, if it has this status.
    #[track_caller]
    pub fn expect(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{}", self.body);
        self
    }
}
