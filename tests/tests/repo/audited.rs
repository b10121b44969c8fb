//! Every route that changes something leaves exactly one event for the audit log; so does every refusal for lack of a
//! permission.

use std::collections::BTreeSet;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use cloud::objects::ObjectKey;
use domain::Clock;
use domain::membership::Role;
use http::Method;
use jiff::SignedDuration;
use serde_json::{Value, json};
use store::AttentionWork;
use testkit::{Answer, FakeNetwork, TestMember, member};
use tests::people;

use crate::events::Functions;
use crate::openapi::snapshot;

const PIXELS: &[u8] = include_bytes!("../../../shared/networks/tests/it/pixels.png");

/// Paths that are no act within a tenant: those of a person's own sign-ins.
const OF_PERSONS: &str = "/v1/auth/";

/// `method path` of every operation that may change something, with what it declares.
fn changing() -> Vec<(String, String, Value)> {
    let document = snapshot();
    let mut found = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let acts = method != "get" && operation["x-permission"] != "public";
            if acts && !path.starts_with(OF_PERSONS) {
                found.push((method.to_uppercase(), path.clone(), operation.clone()));
            }
        }
    }
    found
}

/// Plays acts, and counts what waits to be sealed after each.
struct Story {
    functions: Functions,
    member: TestMember,
    /// Whose browser acts.
    cookie: String,
    played: BTreeSet<String>,
}

impl Story {
    async fn new() -> Self {
        let functions = Functions::new().await;
        let member = functions.member.clone();
        Self {
            functions,
            cookie: member.cookie.clone(),
            member,
            played: BTreeSet::new(),
        }
    }

    async fn events(&self) -> usize {
        let system = self.functions.product.table.system();
        let until = self.functions.product.clock.now();
        let mut events = 0;
        for shard in 0..system.shards() {
            let entries = system.attention(shard, until, 1_000).await.unwrap();
            let seals = entries.iter().map(|entry| &entry.work);
            events += seals
                .filter(|work| matches!(work, AttentionWork::Seal { .. }))
                .count();
        }
        events
    }

    async fn call(&self, method: &str, path: &str, body: &Value) -> Answer {
        let method: Method = method.parse().unwrap();
        let version = if method == Method::PATCH || method == Method::DELETE {
            let read = self
                .functions
                .product
                .api
                .get(path)
                .cookie(&self.cookie)
                .send()
                .await;
            read.headers.get("etag").cloned()
        } else {
            None
        };
        let mut call = self
            .functions
            .product
            .api
            .call(method, path)
            .cookie(&self.cookie);
        if let Some(version) = version {
            call = call.header("if-match", version.to_str().unwrap());
        }
        call.json(body).send().await
    }

    /// An act that succeeds, by the path in the document: its answer.
    async fn act(&mut self, operation: &str, ids: &[&str], body: &Value) -> Value {
        let before = self.events().await;
        let answer = self.play(operation, ids, body).await;
        assert!(answer.status.is_success(), "{operation}: {}", answer.body);
        assert_eq!(self.events().await, before + 1, "{operation}");
        answer.body
    }

    /// Something that counts only once it is confirmed.
    async fn prepare(&mut self, operation: &str, body: &Value) -> Value {
        let before = self.events().await;
        let answer = self.play(operation, &[], body).await;
        assert!(answer.status.is_success(), "{operation}: {}", answer.body);
        assert_eq!(self.events().await, before, "{operation}");
        answer.body
    }

    /// An act that is refused: nothing happened.
    async fn refused(&mut self, operation: &str, ids: &[&str], body: &Value) {
        let before = self.events().await;
        let answer = self.play(operation, ids, body).await;
        assert!(answer.status.is_client_error(), "{operation}");
        assert_eq!(self.events().await, before, "{operation}");
    }

    async fn play(&mut self, operation: &str, ids: &[&str], body: &Value) -> Answer {
        self.played.insert(operation.to_owned());
        let (method, template) = operation.split_once(' ').unwrap();
        let path = filled(template, ids);
        let answer = self.call(method, &path, body).await;
        if answer.headers.contains_key("set-cookie") {
            self.cookie = answer.cookie();
        }
        answer
    }
}

/// A path of the document with ids in its places.
fn filled(template: &str, ids: &[&str]) -> String {
    let mut ids = ids.iter();
    let parts = template.split('/').map(|part| {
        if part.starts_with('{') {
            (*ids.next().unwrap()).to_owned()
        } else {
            part.to_owned()
        }
    });
    parts.collect::<Vec<_>>().join("/")
}

fn id(body: &Value) -> String {
    body["id"].as_str().unwrap().to_owned()
}

async fn accounts(story: &mut Story) -> String {
    let named = json!({ "identifier": "ada" });
    let new = json!({ "network": FakeNetwork::ID, "credentials": named });
    let account = id(&story.act("POST /v1/accounts", &[], &new).await);
    let authorizations = "POST /v1/accounts/authorizations";
    let slot = json!({ "network": FakeNetwork::ID, "account_id": account });
    let opened = story.prepare(authorizations, &slot).await;
    let agreed = FakeNetwork::agree(opened["authorize_url"].as_str().unwrap(), "ada");
    story
        .act(&format!("{authorizations}/complete"), &[], &agreed)
        .await;
    let none = json!({});
    story
        .act("POST /v1/accounts/{id}/check", &[&account], &none)
        .await;
    let again = json!({ "credentials": named });
    story
        .act("POST /v1/accounts/{id}/reconnect", &[&account], &again)
        .await;
    account
}

async fn media(story: &mut Story) {
    let new = json!({
        "file_name": "loom.png", "content_type": "image/png", "bytes": PIXELS.len(), "alt_text": "A loom",
    });
    let medium = id(&story.act("POST /v1/media", &[], &new).await);
    let key = ObjectKey::upload(story.member.tenant, medium.parse().unwrap());
    story
        .functions
        .product
        .objects
        .upload(key, "image/png", PIXELS);
    let medium = [medium.as_str()];
    story
        .act("POST /v1/media/{id}/complete", &medium, &json!({}))
        .await;
    let edit = json!({ "alt_text": "A loom at dawn" });
    story.act("PATCH /v1/media/{id}", &medium, &edit).await;
    story
        .act("DELETE /v1/media/{id}", &medium, &Value::Null)
        .await;
}

async fn posts(story: &mut Story, account: &str) {
    let draft = json!({
        "when": { "draft": true },
        "base": { "text": "Walk" },
        "targets": [{ "account_id": account }],
    });
    let at = json!({ "when": { "at": "2026-12-24T09:00:00Z" } });
    let none = json!({});
    let body = story.act("POST /v1/posts", &[], &draft).await;
    let (post, target) = (id(&body), id(&body["targets"][0]));
    let post = [post.as_str()];
    let edit = json!({ "base": { "text": "Walk on" } });
    story.act("PATCH /v1/posts/{id}", &post, &edit).await;
    story.act("POST /v1/posts/{id}/schedule", &post, &at).await;
    let moved = json!({ "base": { "text": "Run" }, "when": { "at": "2026-12-25T09:00:00Z" } });
    story.act("PATCH /v1/posts/{id}", &post, &moved).await;
    for act in ["hold", "resume", "unschedule"] {
        let operation = format!("POST /v1/posts/{{id}}/{act}");
        story.act(&operation, &post, &none).await;
    }
    let copy = story
        .act("POST /v1/posts/{id}/duplicate", &post, &none)
        .await;
    story
        .act("DELETE /v1/posts/{id}", &[&id(&copy)], &Value::Null)
        .await;
    story.act("POST /v1/posts/{id}/schedule", &post, &at).await;
    story.act("POST /v1/posts/{id}/cancel", &post, &none).await;
    // What succeeds here, only after a publishing call.
    story
        .refused("POST /v1/posts/{id}/retry", &post, &none)
        .await;
    let found = json!({ "outcome": "not_published" });
    let ids = [post[0], target.as_str()];
    let resolve = "POST /v1/posts/{id}/targets/{target}/resolve";
    story.refused(resolve, &ids, &found).await;
}

async fn exports(story: &mut Story) {
    let none = json!({});
    let export = id(&story.act("POST /v1/exports", &[], &none).await);
    let product = &story.functions.product;
    transfers::run(&product.transfers).await.unwrap();
    story
        .act("POST /v1/exports/{id}/links", &[&export], &none)
        .await;
    let volumes = json!({ "volumes": [{ "bytes": 70, "sha256": "0".repeat(64) }] });
    let import = id(&story.act("POST /v1/imports", &[], &volumes).await);
    story
        .act("POST /v1/imports/{id}/check", &[&import], &none)
        .await;
    story
        .act("POST /v1/imports/{id}/cancel", &[&import], &none)
        .await;
    // What succeeds here, only once it is checked.
    story
        .refused("POST /v1/imports/{id}/apply", &[&import], &none)
        .await;
}

/// What somebody does in a tenant of several people.
async fn team(story: &mut Story) {
    story.cookie = people::enter(&story.functions.product, "charles").await;
    let own = json!({ "name": "Looms", "time_zone": "UTC" });
    let tenant = id(&story.act("POST /v1/tenants", &[], &own).await);
    let passkey = people::add_passkey(&story.functions.product, &story.cookie, "charles").await;
    story.cookie = passkey.cookie();
    for required in [true, false] {
        let security = json!({ "requires_second_factor": required });
        let operation = "PATCH /v1/tenants/{id}/security";
        story.act(operation, &[&tenant], &security).await;
    }
    let key = "/v1/tenants/{id}/encryption-key";
    let own = json!({ "kms_key_arn": testkit::OWN_KEY });
    story.act(&format!("POST {key}"), &[&tenant], &own).await;
    story
        .act(&format!("DELETE {key}"), &[&tenant], &Value::Null)
        .await;
    let named = json!({ "network": FakeNetwork::ID, "credentials": { "identifier": "charles" } });
    let account = id(&story.act("POST /v1/accounts", &[], &named).await);
    let role = json!({ "name": "Client", "permissions": ["read_posts"] });
    let role = id(&story.act("POST /v1/roles", &[], &role).await);
    let name = json!({ "name": "Clients" });
    story.act("PATCH /v1/roles/{id}", &[&role], &name).await;
    let none = Value::Null;
    story.act("DELETE /v1/roles/{id}", &[&role], &none).await;
    let group = json!({ "name": "Client", "account_ids": [account] });
    let group = id(&story.act("POST /v1/account-groups", &[], &group).await);
    story
        .act("PATCH /v1/account-groups/{id}", &[&group], &name)
        .await;
    story
        .act("DELETE /v1/account-groups/{id}", &[&group], &none)
        .await;
    let key = json!({ "name": "Loom", "scopes": ["read_posts"] });
    let key = id(&story.act("POST /v1/api-keys", &[], &key).await);
    let next = story
        .act("POST /v1/api-keys/{id}/rotate", &[&key], &json!({}))
        .await;
    story
        .act("DELETE /v1/api-keys/{id}", &[&id(&next)], &none)
        .await;
    let owner = story.cookie.clone();
    let grace = guest(story, "grace").await;
    people::add_passkey(&story.functions.product, &story.cookie, "grace").await;
    story.cookie.clone_from(&owner);
    let clock = &story.functions.product.clock;
    clock.advance(SignedDuration::from_secs(1));
    let reset = "/v1/members/{id}/second-factor/reset";
    let empty = json!({});
    for method in ["POST", "DELETE"] {
        let operation = format!("{method} {reset}");
        story.act(&operation, &[&grace], &empty).await;
    }
    let editor = json!({ "role": "editor" });
    story
        .act("PATCH /v1/members/{id}", &[&grace], &editor)
        .await;
    story.act("DELETE /v1/members/{id}", &[&grace], &none).await;
    guest(story, "alan").await;
    story.act("DELETE /v1/members/me", &[], &none).await;
    story.cookie = owner;
    let withdrawn = json!({ "email": "mary@example.com", "role": "viewer" });
    let withdrawn = id(&story.act("POST /v1/invitations", &[], &withdrawn).await);
    story
        .act("DELETE /v1/invitations/{id}", &[&withdrawn], &none)
        .await;
}

/// Invites somebody, who accepts and acts from then on; their id.
async fn guest(story: &mut Story, name: &str) -> String {
    let email = people::address(name);
    let invitation = json!({ "email": email, "role": "viewer" });
    let invitation = id(&story.act("POST /v1/invitations", &[], &invitation).await);
    story
        .act(
            "POST /v1/invitations/{id}/resend",
            &[&invitation],
            &json!({}),
        )
        .await;
    let product = &story.functions.product;
    let token = people::newest_token(product, name);
    story.cookie = people::enter(product, name).await;
    let body = json!({ "token": token });
    let accepted = story.act("POST /v1/invitations/accept", &[], &body).await;
    let product = &story.functions.product;
    let switch = json!({ "tenant_id": accepted["tenant_id"] });
    let call = product.api.post("/v1/auth/switch").cookie(&story.cookie);
    story.cookie = call.json(&switch).send().await.expect(200).cookie();
    let me = product.api.get("/v1/me").cookie(&story.cookie);
    id(&me.send().await.expect(200).body["user"])
}

/// How a tenant is looked into.
async fn support(story: &mut Story) {
    story.cookie = people::enter(&story.functions.product, "helper").await;
    let own = json!({ "name": "Looms", "time_zone": "UTC" });
    let tenant = id(&story.act("POST /v1/tenants", &[], &own).await);
    let consent = "/v1/tenants/{id}/support-consent";
    let tenant = [tenant.as_str()];
    story
        .act(&format!("POST {consent}"), &tenant, &json!({}))
        .await;
    let owner = story.cookie.clone();
    story.cookie = people::supporter(&story.functions.product, "mary").await;
    let why = json!({ "tenant_id": tenant[0], "reason": "Ticket 1843: no post" });
    story.act("POST /v1/support-sessions", &[], &why).await;
    let current = "DELETE /v1/support-sessions/current";
    story.act(current, &[], &Value::Null).await;
    story.cookie = owner;
    story
        .act(&format!("DELETE {consent}"), &tenant, &Value::Null)
        .await;
}

/// What somebody does with their own account, outside of any tenant.
async fn account_of_a_person(story: &mut Story) {
    let product = &story.functions.product;
    people::enter(product, "ada").await;
    story.cookie = people::sign_in(product, "ada").await;
    let sessions = product.api.get("/v1/me/sessions").cookie(&story.cookie);
    let sessions = sessions.send().await.expect(200).body;
    let is_other = |session: &&Value| session["is_current"] == false;
    let other = sessions["items"].as_array().unwrap().iter().find(is_other);
    let other = id(other.unwrap());
    let none = Value::Null;
    story
        .act("DELETE /v1/me/sessions/{id}", &[&other], &none)
        .await;
    story.act("DELETE /v1/me/sessions", &[], &none).await;
    let edit = json!({ "name": "Ada Lovelace" });
    story.act("PATCH /v1/me", &[], &edit).await;
    let picture = json!({ "image": STANDARD.encode(PIXELS) });
    story.act("PUT /v1/me/avatar", &[], &picture).await;
    story.act("DELETE /v1/me/avatar", &[], &none).await;
    let email = json!({ "email": "countess@example.com" });
    story.act("POST /v1/me/email", &[], &email).await;
    let app = "/v1/me/second-factor/authenticator";
    let code = json!({ "code": "000000" });
    story
        .refused(&format!("POST {app}/confirm"), &[], &code)
        .await;
    story.prepare(&format!("POST {app}"), &json!({})).await;
    // What succeeds here with an app only.
    story.refused(&format!("DELETE {app}"), &[], &none).await;
    let codes = "POST /v1/me/second-factor/recovery-codes";
    story.refused(codes, &[], &json!({})).await;
    let empty = json!({});
    story.prepare("POST /v1/me/passkeys/options", &empty).await;
    // What succeeds with a security key only.
    story.refused("POST /v1/me/passkeys", &[], &empty).await;
    for method in ["PATCH", "DELETE"] {
        let operation = format!("{method} /v1/me/passkeys/{{id}}");
        story.refused(&operation, &["none"], &empty).await;
    }
    let password = json!({
        "current_password": people::PASSWORD, "new_password": "eight looms weave flowers",
    });
    story.act("POST /v1/me/password", &[], &password).await;
}

#[tokio::test]
async fn every_route_that_changes_something_makes_exactly_one_audited_event() {
    let mut story = Story::new().await;
    let tenant = story.member.tenant.to_string();
    let account = accounts(&mut story).await;
    media(&mut story).await;
    posts(&mut story, &account).await;
    story
        .act("DELETE /v1/accounts/{id}", &[&account], &Value::Null)
        .await;
    exports(&mut story).await;
    let edit = json!({ "name": "Difference Engines" });
    story.act("PATCH /v1/tenants/{id}", &[&tenant], &edit).await;
    let german = json!({ "network": FakeNetwork::ID, "options": { "langs": ["de"] } });
    story.act("PATCH /v1/networks/defaults", &[], &german).await;
    story
        .act("DELETE /v1/tenants/{id}", &[&tenant], &Value::Null)
        .await;
    story
        .act("POST /v1/tenants/{id}/restore", &[&tenant], &json!({}))
        .await;
    let new = json!({ "name": "Looms", "time_zone": "UTC" });
    story.act("POST /v1/tenants", &[], &new).await;
    support(&mut story).await;
    team(&mut story).await;
    account_of_a_person(&mut story).await;

    let declared: BTreeSet<String> = changing()
        .into_iter()
        .map(|(method, path, _)| format!("{method} {path}"))
        .collect();
    assert_eq!(story.played, declared, "play new routes here");
}

#[tokio::test]
async fn every_refusal_for_lack_of_a_permission_makes_one_audited_event() {
    let mut story = Story::new().await;
    story.member = member(
        &story.functions.product.table,
        &story.functions.product.clock,
        Role::Viewer,
    )
    .await;
    let tenant = story.member.tenant.to_string();
    let mut refused = 0;
    for (method, path, operation) in changing() {
        let of_tenant = path.starts_with("/v1/tenants/{id}");
        let permission = operation["x-permission"].as_str().unwrap();
        let of_viewers = Role::Viewer.permissions();
        let is_free = ["signed_in", "public"].contains(&permission)
            || of_viewers
                .iter()
                .any(|free| api::permission::name(free) == permission);
        if is_free && !of_tenant {
            continue;
        }
        let ids = [&*tenant, &*tenant, &*tenant];
        let before = story.events().await;

        let api = &story.functions.product.api;
        let call = api.call(method.parse().unwrap(), filled(&path, &ids));
        let answer = call.by(&story.member).json(&json!({})).send().await;
        if path.ends_with("/restore") {
            // Of a tenant that was not deleted nobody learns more.
            answer.expect_problem(404, "not_found");
        } else {
            answer.expect_problem(403, "forbidden");
        }

        assert_eq!(story.events().await, before + 1, "{method} {path}");
        refused += 1;
    }
    assert!(refused > 15, "{refused}");
}
