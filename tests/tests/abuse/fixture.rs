//! Two tenants with the same things in each: whatever a route can name must exist here.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use domain::membership::Permission;
use http::Method;
use serde_json::{Value, json};
use tests::people;
use tests::product::Product;

use crate::document::Document;
use crate::ids;
use testkit::FakeNetwork;

/// A small PNG.
pub(crate) const PIXELS: &[u8] = include_bytes!("../../../shared/networks/tests/it/pixels.png");

/// The owner of a tenant, signed in by a browser.
#[derive(Clone, Debug)]
pub(crate) struct Person {
    pub(crate) cookie: String,
    /// An API key with everything that a key can have.
    pub(crate) api_key: String,
    pub(crate) tenant: String,
    /// Every id that the API shows to them, in a fixed order: the same thing of two people is at the same place.
    pub(crate) ids: Vec<String>,
}

/// Registers somebody, and makes them a tenant with two of everything that is listed.
pub(crate) async fn person(product: &Product, document: &Document, name: &str) -> Person {
    let mut maker = Maker {
        product,
        cookie: people::enter(product, name).await,
        ids: Vec::new(),
    };
    let deleted = maker.deleted_tenant().await;
    let tenant = maker.tenant().await;
    maker.passkey(name).await;
    maker.avatar().await;
    let accounts = [maker.account(name, 1).await, maker.account(name, 2).await];
    let media = [maker.media().await, maker.media().await];
    for (account, medium) in accounts.iter().zip(&media) {
        maker.post(account, medium).await;
    }
    maker.team(name, &accounts).await;
    let api_key = maker.api_key().await;
    maker.export().await;
    // What happened so far is in the audit log within a minute.
    for shard in 0..product.table.system().shards() {
        dispatch::backlog(&product.dispatch, shard).await.unwrap();
    }
    // Behind the tenant that they act in: bodies name the first of a kind.
    maker.ids.extend(deleted);
    maker.look_around(document).await;
    Person {
        cookie: maker.cookie,
        api_key,
        tenant,
        ids: maker.ids,
    }
}

struct Maker<'a> {
    product: &'a Product,
    cookie: String,
    ids: Vec<String>,
}

impl Maker<'_> {
    async fn tenant(&mut self) -> String {
        let tenant = json!({ "name": "Analytical Engines", "time_zone": "Europe/London" });
        let call = self.product.api.post("/v1/tenants").cookie(&self.cookie);
        let made = call.json(&tenant).send().await.expect(201);
        self.cookie = made.cookie();
        self.keep(&made.body);
        id(&made.body)
    }

    async fn passkey(&mut self, name: &str) {
        let made = people::add_passkey(self.product, &self.cookie, name).await;
        self.cookie = made.cookie();
        self.keep(&made.body);
    }

    async fn avatar(&self) {
        let body = json!({ "image": STANDARD.encode(PIXELS) });
        let call = self.product.api.put("/v1/me/avatar").cookie(&self.cookie);
        call.json(&body).send().await.expect(200);
    }

    /// One that can come back, with the ids that came with it.
    async fn deleted_tenant(&mut self) -> Vec<String> {
        let tenant = self.tenant().await;
        let path = format!("/v1/tenants/{tenant}");
        let call = self.product.api.delete(path).cookie(&self.cookie);
        call.send().await.expect(204);
        std::mem::take(&mut self.ids)
    }

    async fn account(&mut self, name: &str, number: usize) -> String {
        let credentials = json!({ "identifier": format!("{name}{number}") });
        let account = json!({ "network": FakeNetwork::ID, "credentials": credentials });
        id(&self.make("/v1/accounts", &account).await)
    }

    async fn media(&mut self) -> String {
        let announced = json!({
            "file_name": "loom.png",
            "content_type": "image/png",
            "bytes": PIXELS.len(),
        });
        let medium = self.make("/v1/media", &announced).await;
        let address = medium["upload"]["url"].as_str().unwrap();
        let (_, key) = address.split_once(".test/").unwrap();
        self.product
            .objects
            .upload(key.parse().unwrap(), "image/png", PIXELS);
        let complete = format!("/v1/media/{}/complete", id(&medium));
        let call = self.product.api.post(complete).cookie(&self.cookie);
        call.send().await.expect(200);
        id(&medium)
    }

    async fn post(&mut self, account: &str, medium: &str) {
        let post = json!({
            "when": { "at": "2026-12-02T09:00:00Z" },
            "base": { "text": "The engine weaves.", "media": [medium] },
            "targets": [{ "account_id": account }],
        });
        self.make("/v1/posts", &post).await;
    }

    /// A role, a group and an invitation.
    async fn team(&mut self, name: &str, accounts: &[String]) {
        let role = json!({ "name": "Client", "permissions": ["read_posts"] });
        self.make("/v1/roles", &role).await;
        let group = json!({ "name": "Client", "account_ids": accounts });
        self.make("/v1/account-groups", &group).await;
        let email = format!("guest-of-{name}@example.com");
        let invitation = json!({ "email": email, "role": "viewer" });
        self.make("/v1/invitations", &invitation).await;
    }

    async fn api_key(&mut self) -> String {
        let made = self.make("/v1/api-keys", &every_scope(None)).await;
        made["secret"].as_str().unwrap().to_owned()
    }

    /// An export that can be downloaded, and an import that waits for its files.
    async fn export(&mut self) {
        let call = self.product.api.post("/v1/exports").cookie(&self.cookie);
        let wanted = call.send().await.expect(202).body;
        self.keep(&wanted);
        let run = transfers::run(&self.product.transfers).await.unwrap();
        assert!(run.steps > 0 && run.failed == 0, "{run:?}");
        let volumes = json!({ "volumes": [{ "bytes": 70, "sha256": "0".repeat(64) }] });
        self.make("/v1/imports", &volumes).await;
    }

    async fn make(&mut self, path: &str, body: &Value) -> Value {
        let call = self.product.api.post(path).cookie(&self.cookie).json(body);
        let made = call.send().await.expect(201).body;
        self.keep(&made);
        made
    }

    /// Reads whatever can be read, for the ids in it: of events, people, targets.
    async fn look_around(&mut self, document: &Document) {
        let reads: Vec<_> = document
            .operations()
            .into_iter()
            .filter(|operation| operation.method == Method::GET && operation.path_ids() < 2)
            .collect();
        for read in &reads {
            let known = match read.path_ids() {
                0 => vec![Vec::new()],
                _ => self.ids.iter().map(|id| vec![id.clone()]).collect(),
            };
            for named in known {
                let path = read.path_with(&named);
                let call = self.product.api.get(path).cookie(&self.cookie);
                let found = call.send().await;
                if found.status.is_success() {
                    self.keep(&found.body);
                }
            }
        }
    }

    fn keep(&mut self, body: &Value) {
        for id in ids::in_text(&body.to_string()) {
            // No route takes ids of events and of their writes; trying them would take most of the time.
            let is_of_event = ["evt", "op"].contains(&ids::prefix(&id));
            if !is_of_event && !self.ids.contains(&id) {
                self.ids.push(id);
            }
        }
    }
}

/// A key to be made: with all that a key can have but `without`.
pub(crate) fn every_scope(without: Option<Permission>) -> Value {
    let scopes: Vec<&str> = Permission::ALL
        .into_iter()
        .filter(|permission| permission.is_for_keys() && Some(*permission) != without)
        .map(api::permission::name)
        .collect();
    json!({ "name": "Newsroom", "scopes": scopes })
}

fn id(body: &Value) -> String {
    body["id"].as_str().unwrap().to_owned()
}
