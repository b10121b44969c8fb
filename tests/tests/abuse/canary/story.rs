//! A story in which every kind of secret is made, used, mistyped, replaced and ended, and after each step of which all
//! places are looked at.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use aws_sdk_dynamodb::types::AttributeValue;
use bytes::Bytes;
use cloud::envelope::Sealed;
use cloud::objects::ObjectKey;
use cloud::queue::{Delay, Outgoing};
use domain::tenant::ROOT_TENANT;
use http::Method;
use jiff::SignedDuration;
use networks::Registry;
use publishing::Incoming;
use serde_json::{Value, json};
use testkit::{Answer, Behaviour, FakeNetwork, SoftPasskey};
use tests::product::Product;

use super::network::GuardedNetwork;
use super::phone::Phone;
use super::watch::{Log, MeantFor, Place, Watch};
use crate::document::Document;
use crate::fixture::every_scope;
use crate::roles::must_be_allowed;

const ADA: &str = "ada@example.com";
const COUNTESS: &str = "countess@example.com";
const BOB: &str = "bob@example.com";
const PIXELS: &[u8] = include_bytes!("../../../../shared/networks/tests/it/pixels.png");
/// After so many tries the queue gives a message up.
const TRIES: usize = 3;

/// Who acts, and what everybody could see of it.
#[derive(Debug)]
pub(crate) struct Story {
    product: Product,
    network: Arc<GuardedNetwork>,
    publishing: publishing::Ctx,
    log: Log,
    watch: Watch,
    cookie: String,
    tenant: String,
    accounts: Vec<String>,
    phone: Option<Phone>,
    recovery_codes: Vec<String>,
    password: &'static str,
    received: HashMap<usize, usize>,
}

impl Story {
    pub(crate) async fn new() -> Self {
        let log = Log::of_this_process();
        let mut network = None;
        let product = Product::with_networks(|clock| {
            let guarded = GuardedNetwork::new(clock);
            network = Some(Arc::clone(&guarded));
            Registry::new(vec![guarded])
        })
        .await;
        Self {
            publishing: publishing::Ctx {
                clock: Arc::new(product.clock.eager()),
                ..product.publishing.clone()
            },
            network: network.unwrap(),
            product,
            log,
            watch: Watch::default(),
            cookie: String::new(),
            tenant: String::new(),
            accounts: Vec::new(),
            phone: None,
            recovery_codes: Vec::new(),
            password: "",
            received: HashMap::new(),
        }
    }

    /// Plays everything.
    pub(crate) async fn play(&mut self) {
        self.product_has_keys().await;
        self.ada_registers().await;
        self.ada_signs_in().await;
        self.program_renews_its_tokens().await;
        self.ada_guards_her_account().await;
        self.ada_changes_her_password().await;
        self.ada_forgets_her_password().await;
        self.ada_makes_api_keys().await;
        self.ada_connects_accounts().await;
        self.posts_go_out().await;
        self.keys_cannot_be_had().await;
        self.messages_fail().await;
        self.bob_is_invited().await;
        self.secrets_stand_where_they_do_not_belong().await;
        self.ada_moves_to_another_address().await;
        self.ada_looks_at_everything().await;
        self.ada_takes_everything_with_her().await;
        self.ada_deletes_her_workspace().await;
    }

    /// Everything that was seen, at the end.
    pub(crate) async fn end(mut self) -> Watch {
        self.look().await;
        for line in self.log.lines() {
            let fields: Value = serde_json::from_str(&line).unwrap();
            let name = fields["target"].as_str().unwrap_or("line");
            self.watch.see(Place::Log, name, line);
        }
        self.watch
    }

    async fn product_has_keys(&mut self) {
        let keyring = self.product.table.system().keyring().await.unwrap();
        let keyring = keyring.unwrap();
        let place = || MeantFor::Item("X#KEYS -");
        self.watch.learn("cursor key", &keyring.cursor_key, place());
        let hash_key = keyring.hash_key.unwrap();
        self.watch.learn("hash key", hash_key, place());
        for key in keyring.signing {
            let binding = api::signing_key_binding(&key.kid);
            let sealed = Sealed::from_bytes(key.sealed);
            let envelope = &self.product.publishing.envelope;
            let opened = envelope.open(&binding, &sealed).await.unwrap();
            // The rest of it is about the public key.
            let private = &opened[36..68];
            self.watch.learn("signing key", private, MeantFor::ItsMaker);
        }
    }

    async fn ada_registers(&mut self) {
        let other = self.typed("password", "Somebody Tries The Address 99");
        let newcomer = json!({ "email": ADA, "password": other, "name": "Eve" });
        self.post("/v1/auth/register", &newcomer).await.expect(202);
        let password = self.typed("password", "The First Loom Weaves 1843!");
        let again = json!({ "email": ADA, "password": password, "name": "Ada" });
        self.post("/v1/auth/register", &again).await.expect(202);
        let weak = json!({ "email": BOB, "password": "bob@example.com", "name": "Bob" });
        self.post("/v1/auth/register", &weak).await.expect(422);
        let login = json!({ "email": ADA, "password": password });
        self.post("/v1/auth/login", &login).await.expect(403);
        let token = json!({ "token": self.newest_token(ADA) });
        self.post("/v1/auth/verify-email", &token).await.expect(204);
        self.post("/v1/auth/verify-email", &token).await;
        self.password = password;
    }

    async fn ada_signs_in(&mut self) {
        let wrong = self.typed("wrong password", "The First Loom Weaves 1834!");
        let login = json!({ "email": ADA, "password": wrong });
        self.post("/v1/auth/login", &login).await.expect(401);
        let login = json!({ "email": ADA, "password": self.password });
        self.post("/v1/auth/login", &login).await.expect(200);
        let tenant = json!({ "name": "Analytical Engines", "time_zone": "UTC" });
        let made = self.post("/v1/tenants", &tenant).await.expect(201);
        made.body["id"]
            .as_str()
            .unwrap()
            .clone_into(&mut self.tenant);
    }

    async fn program_renews_its_tokens(&mut self) {
        let browser = std::mem::take(&mut self.cookie);
        let login = json!({ "email": ADA, "password": self.password, "mode": "token" });
        let pair = self.post("/v1/auth/login", &login).await.expect(200).body;
        let renew = json!({ "refresh_token": pair["refresh_token"] });
        let next = self.post("/v1/auth/refresh", &renew).await.expect(200).body;
        let token = next["access_token"].as_str().unwrap();
        let call = self.product.api.get("/v1/me").bearer(token).send().await;
        self.see("GET /v1/me", &call).await;
        call.expect(200);
        self.product.clock.advance(SignedDuration::from_mins(1));
        // Used twice: its family ends.
        self.post("/v1/auth/refresh", &renew).await.expect(401);
        let renew = json!({ "refresh_token": next["refresh_token"] });
        self.post("/v1/auth/refresh", &renew).await.expect(401);
        self.cookie = browser;
    }

    async fn ada_guards_her_account(&mut self) {
        const APP: &str = "/v1/me/second-factor/authenticator";
        let offer = self.post(APP, &json!({})).await.expect(200).body;
        let phone = Phone::told(offer["secret"].as_str().unwrap());
        self.watch.learn("seed", &phone.seed, MeantFor::ItsMaker);
        let confirm = format!("{APP}/confirm");
        let wrong = json!({ "code": "000000" });
        self.post(&confirm, &wrong).await.expect(422);
        let code = json!({ "code": phone.code(&self.product.clock) });
        let made = self.post(&confirm, &code).await.expect(200).body;
        self.phone = Some(phone);
        let codes = made["recovery_codes"].as_array().unwrap();
        for code in codes {
            // As people may type them.
            let bare = code.as_str().unwrap().replace('-', "");
            self.watch.learn("recovery code", bare, MeantFor::ItsMaker);
        }
        self.recovery_codes = texts(codes);
        // Nobody could help her: she owns her workspace alone.
        let lost = json!({ "email": ADA, "password": self.password });
        let path = "/v1/auth/lost-second-factor";
        self.post(path, &lost).await.expect(409);
        self.sign_in("000000").await.expect(422);
        let code = self.recovery_codes.remove(0);
        self.sign_in(&code).await.expect(200);
        self.sign_in(&code).await.expect(422);
        self.enter().await;
        let path = "/v1/me/second-factor/recovery-codes";
        let renewed = self.post(path, &json!({})).await.expect(200).body;
        self.recovery_codes = texts(renewed["recovery_codes"].as_array().unwrap());
        let options = self.post("/v1/me/passkeys/options", &json!({})).await;
        let mut passkey = SoftPasskey::new("ada", testkit::http::PUBLIC_URL);
        let registration = passkey.create(&options.expect(200).body);
        let named = json!({ "name": "Phone", "registration": registration });
        self.post("/v1/me/passkeys", &named).await.expect(201);
    }

    async fn ada_changes_her_password(&mut self) {
        let wrong = self.typed("wrong password", "Not The Present One 2026");
        let next = self.typed("password", "The Second Loom Weaves 1844?");
        let path = "/v1/me/password";
        let change = json!({ "current_password": wrong, "new_password": next });
        self.post(path, &change).await.expect(422);
        let change = json!({ "current_password": self.password, "new_password": next });
        self.post(path, &change).await.expect(204);
        self.password = next;
    }

    /// The mail of the link is sent by the dispatcher, for the first try fails.
    async fn ada_forgets_her_password(&mut self) {
        self.product.mailbox.close(true);
        let forgot = json!({ "email": ADA });
        self.post("/v1/auth/forgot-password", &forgot)
            .await
            .expect(202);
        self.minutes(2).await;
        self.product.mailbox.close(false);
        self.minutes(10).await;
        let next = self.typed("password", "The Third Loom Weaves <1845>");
        let reset = json!({ "token": self.newest_token(ADA), "password": next });
        self.post("/v1/auth/reset-password", &reset)
            .await
            .expect(204);
        self.post("/v1/auth/reset-password", &reset)
            .await
            .expect(410);
        self.password = next;
        self.enter().await;
    }

    async fn ada_makes_api_keys(&mut self) {
        let key = self.post("/v1/api-keys", &every_scope(None)).await;
        let key = key.expect(201).body;
        let secret = key["secret"].as_str().unwrap().to_owned();
        let mut forged = secret.clone();
        forged.replace_range(100..104, "AAAA");
        self.call_with(&secret).await.expect(200);
        self.call_with(&forged).await.expect(401);
        let rotate = format!("/v1/api-keys/{}/rotate", key["id"].as_str().unwrap());
        let other = self.post(&rotate, &json!({})).await.expect(201).body;
        let revoke = format!("/v1/api-keys/{}", other["id"].as_str().unwrap());
        self.call(Method::DELETE, &revoke, &Value::Null)
            .await
            .expect(204);
        let revoked = other["secret"].as_str().unwrap();
        self.call_with(revoked).await.expect(401);
        // Somebody takes the key for its id.
        let mistaken = format!("/v1/api-keys/{secret}");
        self.call(Method::DELETE, &mistaken, &Value::Null)
            .await
            .expect(404);
    }

    async fn ada_connects_accounts(&mut self) {
        let wrong = self.typed("wrong app password", "wxyz-abcd-efgh-ijkl");
        let first = self.typed("app password", "abcd-efgh-ijkl-mnop");
        self.network.takes(first);
        self.connect("ada", wrong).await.expect(422);
        for name in ["ada", "countess"] {
            let made = self.connect(name, first).await.expect(201);
            self.accounts.push(id(&made));
        }
        let second = self.typed("app password", "qrst-uvwx-yzab-cdef");
        self.network.takes(second);
        self.connect("ada", second).await.expect(200);
        let account = format!("/v1/accounts/{}", self.accounts[0]);
        self.post(&format!("{account}/check"), &json!({}))
            .await
            .expect(200);
        let credentials = json!({ "identifier": "ada", "app_password": second });
        let credentials = json!({ "credentials": credentials });
        self.post(&format!("{account}/reconnect"), &credentials)
            .await
            .expect(200);
    }

    async fn posts_go_out(&mut self) {
        let announced = json!({
            "file_name": "loom.png",
            "content_type": "image/png",
            "bytes": PIXELS.len(),
        });
        let medium = self.post("/v1/media", &announced).await.expect(201).body;
        let key = object_key(&medium["upload"]["url"]);
        self.product.objects.upload(key, "image/png", PIXELS);
        let complete = format!("/v1/media/{}/complete", medium["id"].as_str().unwrap());
        self.post(&complete, &json!({})).await.expect(200);
        self.network.age();
        self.network.script([
            Behaviour::Accepts,
            Behaviour::LosesAnswer,
            Behaviour::EndsSession,
            Behaviour::LimitsRate(60),
            Behaviour::Processes(30),
            Behaviour::Rejects,
        ]);
        for text in ["one", "two", "three", "four", "five", "six"] {
            let account = &self.accounts[1];
            let post = json!({
                "when": { "now": true },
                "base": { "text": text, "media": [medium["id"]] },
                "targets": [{ "account_id": account }],
            });
            self.post("/v1/posts", &post).await.expect(201);
            self.minutes(2).await;
        }
        self.minutes(20).await;
        assert!(self.network.visible() >= 4, "{}", self.network.visible());
    }

    /// Neither can what is in the place of a credential be opened.
    async fn keys_cannot_be_had(&mut self) {
        self.minutes(10).await;
        let visible = self.network.visible();
        self.product.keys.fail(true);
        let account = &self.accounts[1];
        let post = json!({
            "when": { "now": true },
            "base": { "text": "late" },
            "targets": [{ "account_id": account }],
        });
        self.post("/v1/posts", &post).await.expect(201);
        self.minutes(3).await;
        assert_eq!(self.network.visible(), visible);
        self.product.keys.fail(false);
        self.minutes(20).await;
        assert_eq!(self.network.visible(), visible + 1);
        self.swap_credentials().await;
        self.post("/v1/posts", &post).await.expect(201);
        self.minutes(3).await;
        self.swap_credentials().await;
        self.network.script([Behaviour::Revokes]);
        self.minutes(20).await;
    }

    /// As somebody could who may write to the table.
    async fn swap_credentials(&self) {
        let Product { client, table, .. } = &self.product;
        let name = &table.settings().name;
        let sort = |account: &String| AttributeValue::S(format!("ACC#{account}"));
        let partition = || AttributeValue::S(format!("T#{}#CRED", self.tenant));
        let mut sealed = Vec::new();
        for account in &self.accounts {
            let get = client.get_item().table_name(name).consistent_read(true);
            let found = get.key("PK", partition()).key("SK", sort(account));
            let item = found.send().await.unwrap().item.unwrap();
            sealed.push(item["sealed"].clone());
        }
        for (account, sealed) in self.accounts.iter().zip(sealed.into_iter().rev()) {
            let update = client.update_item().table_name(name);
            update
                .key("PK", partition())
                .key("SK", sort(account))
                .update_expression("SET sealed = :other")
                .expression_attribute_values(":other", sealed)
                .send()
                .await
                .unwrap();
        }
    }

    async fn messages_fail(&mut self) {
        let poison = Outgoing {
            body: "not a message".to_owned(),
            tenant: ROOT_TENANT,
            delay: Delay::NONE,
        };
        let sent = self.product.publishing.waker.queue.send(&[poison]).await;
        sent.into_iter().collect::<Result<(), _>>().unwrap();
        self.minutes(30).await;
    }

    async fn bob_is_invited(&mut self) {
        self.enter().await;
        let invitation = json!({ "email": BOB, "role": "viewer" });
        let made = self.post("/v1/invitations", &invitation).await;
        let resend = format!("/v1/invitations/{}/resend", id(&made.expect(201)));
        self.post(&resend, &json!({})).await.expect(200);
        let token = json!({ "token": self.newest_token(BOB) });
        self.post("/v1/invitations/preview", &token)
            .await
            .expect(200);
        // It is for somebody else.
        self.post("/v1/invitations/accept", &token)
            .await
            .expect(403);
        let token = self.newest_token(BOB);
        let mistaken = format!("/v1/invitations/{token}");
        self.call(Method::DELETE, &mistaken, &Value::Null)
            .await
            .expect(404);
    }

    async fn secrets_stand_where_they_do_not_belong(&mut self) {
        let password = self.password;
        for body in [
            json!({ "email": ADA, "password": { "text": password } }),
            json!({ "email": password, "password": ADA }),
            json!({ "email": ADA, "password": password, "mode": password }),
            json!([password]),
        ] {
            self.see_nothing_of(password, "/v1/auth/login", &body).await;
        }
        let broken = format!("{{\"email\": \"{ADA}\", \"password\": \"{password}");
        let call = self.product.api.post("/v1/auth/login");
        let answer = call.raw("application/json", broken).send().await;
        self.see("POST /v1/auth/login", &answer).await;
        answer.expect(400);
        let token = self.newest_token(ADA);
        for path in [
            format!("/v1/posts?cursor={token}"),
            format!("/v1/posts?tag={token}"),
            format!("/v1/posts?limit={token}"),
            format!("/v1/me?token={token}"),
            format!("/v1/posts/{token}"),
            format!("/{token}"),
        ] {
            let answer = self.call(Method::GET, &path, &Value::Null).await;
            assert!(!answer.status.is_server_error(), "{path}");
        }
        let call = self.product.api.get("/v1/me").bearer(password);
        let answer = call.send().await;
        self.see("GET /v1/me", &answer).await;
        answer.expect(401);
    }

    async fn ada_moves_to_another_address(&mut self) {
        let wish = json!({ "email": COUNTESS });
        self.post("/v1/me/email", &wish).await.expect(202);
        let confirm = json!({ "token": self.newest_token(COUNTESS) });
        self.post("/v1/auth/confirm-email", &confirm)
            .await
            .expect(204);
        let revert = json!({ "token": self.newest_token(ADA) });
        // The link of something else.
        self.post("/v1/auth/verify-email", &revert)
            .await
            .expect(404);
        assert_ne!(revert, confirm);
    }

    async fn ada_looks_at_everything(&mut self) {
        self.minutes(2).await;
        upkeep::checkpoint(&self.product.upkeep).await.unwrap();
        let document = Document::new(self.product.document.clone());
        for operation in document.operations() {
            if operation.method == Method::GET && operation.path_ids() == 0 {
                self.call(Method::GET, &operation.path, &Value::Null).await;
            }
        }
        let export = self.call(Method::GET, "/v1/audit/export", &Value::Null);
        let export = export.await.expect(200);
        let lines = export.body.as_str().unwrap();
        assert!(lines.lines().count() > 20, "{lines}");
        for line in lines.lines() {
            self.watch.see(Place::Exports, "audit log", line);
        }
    }

    /// And in again, as somebody does with another workspace.
    async fn ada_takes_everything_with_her(&mut self) {
        self.prove().await;
        let wanted = self.post("/v1/exports", &json!({})).await.expect(202);
        transfers::run(&self.product.transfers).await.unwrap();
        let links = format!("/v1/exports/{}/links", id(&wanted));
        let links = self.post(&links, &json!({})).await.expect(200).body;
        let mut volumes = Vec::new();
        let mut announced = Vec::new();
        for file in links["items"].as_array().unwrap() {
            let bytes = self.stored_at(&file["url"]);
            self.watch.see_bytes(Place::Exports, "volume", &bytes);
            volumes.push(bytes);
            announced.push(json!({ "bytes": file["bytes"], "sha256": file["sha256"] }));
        }
        assert!(!volumes.is_empty());
        let announced = json!({ "volumes": announced });
        let import = self.post("/v1/imports", &announced).await.expect(201).body;
        for (upload, bytes) in import["uploads"].as_array().unwrap().iter().zip(volumes) {
            let key = object_key(&upload["url"]);
            self.product.objects.upload(key, "application/zip", bytes);
        }
        let path = format!("/v1/imports/{}", import["id"].as_str().unwrap());
        for (step, state) in [("check", "checked"), ("apply", "done")] {
            let begun = self.post(&format!("{path}/{step}"), &json!({})).await;
            begun.expect(202);
            transfers::run(&self.product.transfers).await.unwrap();
            let import = self.call(Method::GET, &path, &Value::Null).await;
            let import = import.expect(200).body;
            assert_eq!(import["state"], state, "{import}");
        }
        must_be_allowed(&self.product);
    }

    /// The bytes that an address of the store leads to.
    fn stored_at(&self, address: &Value) -> Bytes {
        let key = object_key(address);
        let all = self.product.objects.all().into_iter();
        let mut found = all.filter(|(stored, ..)| *stored == key);
        found.next().unwrap().2
    }

    async fn ada_deletes_her_workspace(&mut self) {
        self.prove().await;
        let path = format!("/v1/tenants/{}", self.tenant);
        self.call(Method::DELETE, &path, &Value::Null)
            .await
            .expect(204);
        self.minutes(3).await;
    }

    /// Signs in with both factors, in the tenant.
    async fn enter(&mut self) {
        let code = self.code();
        self.sign_in(&code).await.expect(200);
        let switch = json!({ "tenant_id": self.tenant });
        self.post("/v1/auth/switch", &switch).await.expect(200);
    }

    async fn sign_in(&mut self, code: &str) -> Answer {
        let login = json!({ "email": ADA, "password": self.password, "code": code });
        self.post("/v1/auth/login", &login).await
    }

    /// Proves who she is, for what needs that.
    async fn prove(&mut self) {
        let proof = json!({ "code": self.code() });
        self.post("/v1/auth/reauthenticate", &proof)
            .await
            .expect(200);
    }

    /// A code that was not used yet.
    fn code(&self) -> String {
        self.product.clock.advance(SignedDuration::from_secs(30));
        self.phone.as_ref().unwrap().code(&self.product.clock)
    }

    async fn connect(&mut self, identifier: &str, password: &str) -> Answer {
        let credentials = json!({ "identifier": identifier, "app_password": password });
        let account = json!({ "network": FakeNetwork::ID, "credentials": credentials });
        let call = self.product.api.post("/v1/accounts").cookie(&self.cookie);
        let key = format!("connect {}", self.accounts.len());
        let call = call.header("idempotency-key", &key).json(&account);
        let answer = call.send().await;
        self.see("POST /v1/accounts", &answer).await;
        answer
    }

    /// A call that is refused without a word of the secret.
    async fn see_nothing_of(&mut self, secret: &str, path: &str, body: &Value) {
        let answer = self.post(path, body).await;
        assert!(answer.status.is_client_error(), "{path}");
        assert!(!answer.body.to_string().contains(secret), "{path}");
    }

    async fn call_with(&mut self, key: &str) -> Answer {
        let call = self.product.api.get("/v1/posts").bearer(key).send().await;
        self.see("GET /v1/posts", &call).await;
        call
    }

    async fn post(&mut self, path: &str, body: &Value) -> Answer {
        self.call(Method::POST, path, body).await
    }

    async fn call(&mut self, method: Method, path: &str, body: &Value) -> Answer {
        let name = format!("{method} {}", path.split('/').nth(2).unwrap_or_default());
        let mut call = self.product.api.call(method.clone(), path);
        if !self.cookie.is_empty() {
            call = call.cookie(&self.cookie);
        }
        if method == Method::DELETE {
            call = call.header("if-match", "*");
        }
        if !body.is_null() {
            call = call.json(body);
        }
        let answer = call.send().await;
        if answer.headers.contains_key("set-cookie") {
            self.cookie = answer.cookie();
        }
        self.see(&name, &answer).await;
        answer
    }

    async fn see(&mut self, call: &str, answer: &Answer) {
        self.watch.see_answer(call, answer);
        self.look().await;
    }

    /// A person types a secret.
    fn typed(&mut self, name: &'static str, secret: &'static str) -> &'static str {
        self.watch.learn(name, secret, MeantFor::ItsMaker);
        secret
    }

    fn newest_token(&self, address: &str) -> String {
        let mails = self.product.mailbox.to(address);
        let mut tokens = mails.iter().rev().flat_map(|mail| tokens(&mail.text));
        tokens.next().unwrap().to_owned()
    }

    /// Lets time pass, with the timers and the queue.
    async fn minutes(&mut self, minutes: u32) {
        for _ in 0..minutes {
            self.product.clock.advance(SignedDuration::from_mins(1));
            for shard in 0..self.product.table.system().shards() {
                dispatch::backlog(&self.product.dispatch, shard)
                    .await
                    .unwrap();
            }
            self.look().await;
            self.deliver().await;
        }
        self.look().await;
    }

    async fn deliver(&mut self) {
        let queue = Arc::clone(&self.product.queue);
        let messages = queue.receive(10);
        let incoming = messages.iter().map(|message| Incoming {
            id: message.id.to_string(),
            body: message.body.clone(),
        });
        let failed = publishing::handle(&self.publishing, incoming.collect()).await;
        for message in messages {
            let tries = self.received.entry(message.id).or_default();
            *tries += 1;
            let is_done = !failed.contains(&message.id.to_string());
            if !is_done && *tries >= TRIES {
                self.watch.see(Place::DeadLetters, "message", &message.body);
            }
            if is_done || *tries >= TRIES {
                queue.acknowledge(message.id);
            }
        }
    }

    /// Looks at everything that is kept, and learns what it may not hold.
    async fn look(&mut self) {
        for key in self.product.keys.made() {
            self.watch
                .learn("key of a tenant", key.expose(), MeantFor::ItsMaker);
        }
        for token in self.network.issued() {
            self.watch.learn("token", token, MeantFor::ItsMaker);
        }
        for mail in self.product.mailbox.all() {
            for token in tokens(&mail.text) {
                let reader = MeantFor::Mails(mail.to.clone());
                self.watch.learn("link", token, reader);
            }
            for text in [mail.subject, mail.text, mail.html] {
                self.watch.see(Place::Mails, &mail.to, text);
            }
        }
        for item in self.items().await {
            let name = format!("{} {}", text(&item["PK"]), text(&item["SK"]));
            for (attribute, value) in &item {
                let shown = format!("{attribute} = {}", text(value));
                self.watch.see(Place::Table, &name, shown);
            }
        }
        for (key, kind, bytes) in self.product.objects.all() {
            self.watch.see(Place::Objects, "type", kind);
            self.watch
                .see_bytes(Place::Objects, &key.to_string(), &bytes);
        }
        for (name, bytes) in self.product.archive.kept() {
            self.watch.see_bytes(Place::Archive, &name, &bytes);
        }
        for message in self.product.queue.messages() {
            self.watch.see(Place::Queue, "message", message.body);
        }
    }

    async fn items(&self) -> Vec<BTreeMap<String, AttributeValue>> {
        let Product { client, table, .. } = &self.product;
        let scan = client.scan().table_name(&table.settings().name);
        let items = scan.into_paginator().items().send();
        let items: Vec<_> = items.collect::<Result<_, _>>().await.unwrap();
        items
            .into_iter()
            .map(|item| item.into_iter().collect())
            .collect()
    }
}

fn text(value: &AttributeValue) -> String {
    match value {
        AttributeValue::S(text) | AttributeValue::N(text) => text.clone(),
        AttributeValue::B(bytes) => hex::encode(bytes),
        other => format!("{other:?}"),
    }
}

/// What an address of the store leads to.
fn object_key(address: &Value) -> ObjectKey {
    let (_, key) = address.as_str().unwrap().split_once(".test/").unwrap();
    key.parse().unwrap()
}

/// What links in a mail have after `token=`.
fn tokens(mail: &str) -> Vec<&str> {
    let links = mail.split("token=").skip(1);
    links
        .filter_map(|rest| rest.split_whitespace().next())
        .collect()
}

fn texts(values: &[Value]) -> Vec<String> {
    let texts = values
        .iter()
        .map(|value| value.as_str().unwrap().to_owned());
    texts.collect()
}

fn id(answer: &Answer) -> String {
    answer.body["id"].as_str().unwrap().to_owned()
}
