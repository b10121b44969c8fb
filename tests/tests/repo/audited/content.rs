//! What a tenant has: accounts, media, posts, and what leaves and enters it as a whole.

use cloud::objects::ObjectKey;
use serde_json::{Value, json};
use testkit::FakeNetwork;

use super::story::{Story, id};

pub(super) const PIXELS: &[u8] = include_bytes!("../../../../shared/networks/tests/it/pixels.png");

pub(super) async fn accounts(story: &mut Story) -> String {
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

pub(super) async fn media(story: &mut Story) {
    let new = json!({
        "file_name": "loom.png", "content_type": "image/png", "bytes": PIXELS.len(), "alt_text": "A loom",
    });
    let medium = id(&story.act("POST /v1/media", &[], &new).await);
    let key = ObjectKey::upload(story.member.tenant, medium.parse().unwrap());
    story.product.objects.upload(key, "image/png", PIXELS);
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

pub(super) async fn posts(story: &mut Story, account: &str) {
    let draft = json!({
        "when": { "draft": true },
        "base": { "text": "Walk" },
        "targets": [{ "account_id": account }],
    });
    let at = json!({ "when": { "at": "2026-12-24T09:00:00Z" } });
    let none = json!({});
    let post = id(&story.act("POST /v1/posts", &[], &draft).await);
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
}

/// Before the tenant ends: what the product does then to accounts that are connected are events of its own.
pub(super) async fn disconnect(story: &mut Story, account: &str) {
    story
        .act("DELETE /v1/accounts/{id}", &[account], &Value::Null)
        .await;
}

/// Everything leaves, and comes in again.
pub(super) async fn transfers(story: &mut Story) {
    let none = json!({});
    let export = id(&story.act("POST /v1/exports", &[], &none).await);
    run(story).await;
    let links = "POST /v1/exports/{id}/links";
    let links = story.act(links, &[&export], &none).await;
    let mut announced = Vec::new();
    let mut volumes = Vec::new();
    for file in links["items"].as_array().unwrap() {
        announced.push(json!({ "bytes": file["bytes"], "sha256": file["sha256"] }));
        volumes.push(stored_at(story, &file["url"]));
    }
    let others = json!({ "volumes": [{ "bytes": 70, "sha256": "0".repeat(64) }] });
    let stopped = id(&story.act("POST /v1/imports", &[], &others).await);
    for step in ["check", "cancel"] {
        let operation = format!("POST /v1/imports/{{id}}/{step}");
        story.act(&operation, &[&stopped], &none).await;
    }
    let announced = json!({ "volumes": announced });
    let import = story.act("POST /v1/imports", &[], &announced).await;
    for (upload, bytes) in import["uploads"].as_array().unwrap().iter().zip(volumes) {
        let key = object_key(&upload["url"]);
        story.product.objects.upload(key, "application/zip", bytes);
    }
    let import = id(&import);
    for (step, state) in [("check", "checked"), ("apply", "done")] {
        let operation = format!("POST /v1/imports/{{id}}/{step}");
        story.act(&operation, &[&import], &none).await;
        run(story).await;
        let read = story.read(&format!("/v1/imports/{import}")).await;
        assert_eq!(read["state"], state, "{read}");
    }
}

async fn run(story: &Story) {
    let run = transfers::run(&story.product.transfers).await.unwrap();
    assert!(run.steps > 0 && run.failed == 0, "{run:?}");
}

fn object_key(address: &Value) -> ObjectKey {
    let (_, key) = address.as_str().unwrap().split_once(".test/").unwrap();
    key.parse().unwrap()
}

fn stored_at(story: &Story, address: &Value) -> Vec<u8> {
    let key = object_key(address);
    let mut all = story.product.objects.all().into_iter();
    let (_, _, bytes) = all.find(|(stored, ..)| *stored == key).unwrap();
    bytes.to_vec()
}

/// What a tenant is, and that it ends and comes back.
pub(super) async fn tenant(story: &mut Story) {
    let tenant = story.member.tenant.to_string();
    let tenant = [tenant.as_str()];
    let edit = json!({ "name": "Difference Engines" });
    story.act("PATCH /v1/tenants/{id}", &tenant, &edit).await;
    let german = json!({ "network": FakeNetwork::ID, "options": { "langs": ["de"] } });
    story.act("PATCH /v1/networks/defaults", &[], &german).await;
    story
        .act("DELETE /v1/tenants/{id}", &tenant, &Value::Null)
        .await;
    story
        .act("POST /v1/tenants/{id}/restore", &tenant, &json!({}))
        .await;
    let new = json!({ "name": "Looms", "time_zone": "UTC" });
    story.act("POST /v1/tenants", &[], &new).await;
}
