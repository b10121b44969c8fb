//! Tenants through their routes, on a real table.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod audit;
mod delete;
mod encryption_key;
mod exports;
mod imports;
mod made;
mod security;
mod settings;

use std::sync::Arc;

use aws_sdk_dynamodb::Client;
use domain::UserId;
use domain::membership::Role;
use jiff::SignedDuration;
use serde_json::{Value, json};
use store::Table;
use tenants::{Ctx, TenantLimits, router};
use testkit::{
    Answer, FixedRandom, MemoryKeys, MemoryObjects, TestApi, TestClock, gate, member, own_keys,
};

struct App {
    api: TestApi,
    clock: TestClock,
    table: Table,
    keys: Arc<MemoryKeys>,
}

impl App {
    async fn new() -> Self {
        Self::with_limits(TenantLimits::local()).await
    }

    async fn with_limits(limits: TenantLimits) -> Self {
        Self::on(testkit::table::config().await, limits).await
    }

    async fn on(config: aws_sdk_dynamodb::config::Builder, limits: TenantLimits) -> Self {
        let clock = TestClock::at("2026-12-01T08:00:00Z");
        let client = Client::from_conf(config.build());
        let table = testkit::table_with(client, testkit::clock::ids(&clock)).await;
        let keys = Arc::<MemoryKeys>::default();
        let ctx = Ctx {
            gate: gate(&table, &clock).await,
            table: table.clone(),
            clock: Arc::new(clock.clone()),
            random: Arc::new(FixedRandom::new(31)),
            objects: MemoryObjects::new(),
            own_keys: own_keys(&keys),
            limits,
        };
        Self {
            api: TestApi::new(router(ctx), &clock),
            clock,
            table,
            keys,
        }
    }

    /// Somebody who is signed in and has no tenant yet; the cookie.
    async fn newcomer(&self) -> String {
        let user = UserId::generate(self.table.ids());
        testkit::http::session(&self.table, &self.clock, user, None).await
    }

    async fn create(&self, cookie: &str, key: Option<&str>, name: &str) -> Answer {
        let body = json!({ "name": name, "time_zone": "Europe/Berlin" });
        let mut call = self.api.post("/v1/tenants").cookie(cookie).json(&body);
        if let Some(key) = key {
            call = call.header("idempotency-key", key);
        }
        call.send().await
    }

    async fn list(&self, cookie: &str) -> Vec<Value> {
        let answer = self.api.get("/v1/tenants").cookie(cookie).send().await;
        let answer = answer.expect(200);
        assert_eq!(answer.body["next"], Value::Null);
        answer.body["items"].as_array().unwrap().clone()
    }
}

#[tokio::test]
async fn create_tenant_makes_the_caller_its_owner_and_binds_the_session() {
    let app = App::new().await;
    let cookie = app.newcomer().await;

    let answer = app
        .create(&cookie, None, " Analytical Engines ")
        .await
        .expect(201);

    assert!(answer.body["id"].as_str().unwrap().starts_with("ten_"));
    assert_eq!(answer.body["name"], "Analytical Engines");
    assert_eq!(answer.body["time_zone"], "Europe/Berlin");
    assert_eq!(answer.body["role"], "owner");
    assert_eq!(answer.headers["etag"], "\"1\"");
    let bound = answer.cookie();
    assert!(bound.ends_with(answer.body["id"].as_str().unwrap()));
    assert_eq!(app.list(&bound).await, [answer.body]);
    let old = app.api.get("/v1/tenants").cookie(&cookie).send().await;
    old.expect(401);
}

#[tokio::test]
async fn create_tenant_with_wrong_fields_names_each_of_them_and_stores_nothing() {
    let app = App::new().await;
    let cookie = app.newcomer().await;
    let body = json!({ "name": "", "time_zone": "Mars/Olympus" });

    let call = app.api.post("/v1/tenants").cookie(&cookie).json(&body);
    let answer = call.send().await.expect_problem(422, "invalid_request");

    assert_eq!(answer.body["errors"][0]["pointer"], "/name");
    assert_eq!(answer.body["errors"][1]["pointer"], "/time_zone");
    assert!(app.list(&cookie).await.is_empty());
}

#[tokio::test]
async fn create_tenant_with_fields_that_nobody_may_set_is_refused() {
    let app = App::new().await;
    let cookie = app.newcomer().await;
    for field in [
        "id",
        "role",
        "owner",
        "plan",
        "state",
        "parent",
        "limits",
        "tenant_id",
    ] {
        let mut body = json!({ "name": "x", "time_zone": "UTC" });
        body[field] = json!("x");
        let call = app.api.post("/v1/tenants").cookie(&cookie).json(&body);
        let answer = call.send().await.expect_problem(422, "invalid_request");
        assert_eq!(answer.body["errors"][0]["pointer"], format!("/{field}"));
    }
}

#[tokio::test]
async fn create_tenant_again_with_the_same_key_answers_the_first_tenant() {
    let app = App::new().await;
    let cookie = app.newcomer().await;
    let first = app.create(&cookie, Some("k 1"), "One").await.expect(201);

    let again = app
        .create(&first.cookie(), Some("k 1"), "One")
        .await
        .expect(201);

    assert_eq!(again.body, first.body);
    assert!(!again.headers.contains_key("set-cookie"));
    assert_eq!(app.list(&first.cookie()).await.len(), 1);
}

#[tokio::test]
async fn create_tenant_again_with_the_same_key_after_its_deletion_answers_the_first_tenant() {
    let app = App::new().await;
    let cookie = app.newcomer().await;
    let first = app.create(&cookie, Some("k"), "One").await.expect(201);
    let path = format!("/v1/tenants/{}", first.body["id"].as_str().unwrap());
    let bound = first.cookie();
    let call = app.api.delete(&path).cookie(&bound);
    call.send().await.expect(204);

    let again = app.create(&bound, Some("k"), "One").await.expect(201);

    assert_eq!(again.body["id"], first.body["id"]);
    assert_eq!(again.body["state"], "deleted");
    assert!(!again.headers.contains_key("set-cookie"));
    assert!(app.list(&bound).await.is_empty());
}

#[tokio::test]
async fn create_tenant_with_a_used_key_and_another_body_is_refused() {
    let app = App::new().await;
    let cookie = app.newcomer().await;
    let first = app.create(&cookie, Some("k"), "One").await.expect(201);

    app.create(&first.cookie(), Some("k"), "Two")
        .await
        .expect_problem(422, "idempotency_key_reused");

    app.create(&first.cookie(), Some("other"), "Two")
        .await
        .expect(201);
}

#[tokio::test]
async fn create_tenant_after_thirty_days_may_use_the_key_again() {
    let app = App::new().await;
    let cookie = app.newcomer().await;
    let user: UserId = cookie.split('.').nth(1).unwrap().parse().unwrap();
    app.create(&cookie, Some("k"), "One").await.expect(201);

    app.clock.advance(SignedDuration::from_hours(30 * 24));
    let cookie = testkit::http::session(&app.table, &app.clock, user, None).await;

    app.create(&cookie, Some("k"), "Two").await.expect(201);
}

#[tokio::test]
async fn create_tenant_that_was_refused_does_not_use_up_the_key() {
    let app = App::new().await;
    let cookie = app.newcomer().await;

    app.create(&cookie, Some("k"), "").await.expect(422);

    app.create(&cookie, Some("k"), "One").await.expect(201);
}

#[tokio::test]
async fn create_tenant_with_a_bad_key_is_refused() {
    let app = App::new().await;
    let cookie = app.newcomer().await;
    let too_long = "x".repeat(256);
    for key in ["", "tab\there", "ümlaut", too_long.as_str()] {
        app.create(&cookie, Some(key), "One")
            .await
            .expect_problem(400, "invalid_idempotency_key");
    }
    app.create(&cookie, Some(&"~".repeat(255)), "One")
        .await
        .expect(201);
}

#[tokio::test]
async fn create_tenant_by_many_at_once_with_one_key_makes_one() {
    let app = App::new().await;
    let user = UserId::generate(app.table.ids());
    let cookie = testkit::http::session(&app.table, &app.clock, user, None).await;

    let tries = (0..8).map(|_| app.create(&cookie, Some("k"), "One"));
    let answers = futures::future::join_all(tries).await;

    let mut ids: Vec<_> = answers
        .iter()
        .filter(|answer| answer.status == 201)
        .map(|answer| answer.body["id"].to_string())
        .collect();
    ids.dedup();
    assert_eq!(ids.len(), 1, "{answers:?}");
    for answer in &answers {
        // Whoever comes after the winner shows a session that the winner replaced.
        assert!(
            answer.status == 201 || answer.status == 401,
            "{}",
            answer.body
        );
    }
    let made = app.table.system().memberships(user).await.unwrap();
    assert_eq!(made.len(), 1);
}

#[tokio::test]
async fn tenant_of_somebody_else_is_answered_like_an_unknown_one() {
    let app = App::new().await;
    let owner = member(&app.table, &app.clock, Role::Owner).await;
    let foreign = member(&app.table, &app.clock, Role::Owner).await;
    let mut bodies = Vec::new();
    for id in [
        foreign.tenant.to_string(),
        "ten_00000000000000000000000009".to_owned(),
        "ten_nonsense".to_owned(),
        owner.user.to_string(),
    ] {
        let path = format!("/v1/tenants/{id}");
        let name = json!({ "name": "x" });
        for call in [
            app.api.get(&path),
            app.api.patch(&path).header("if-match", "\"1\"").json(&name),
            app.api.delete(&path),
        ] {
            let answer = call.by(&owner).send().await;
            let mut body = answer.expect_problem(404, "not_found").body;
            body["instance"] = Value::Null;
            bodies.push(body);
        }
    }
    bodies.dedup();
    assert_eq!(bodies.len(), 1);
    let path = format!("/v1/tenants/{}", foreign.tenant);
    let untouched = app.api.get(&path).by(&foreign).send().await.expect(200);
    assert_eq!(untouched.headers["etag"], "\"1\"");
}

#[tokio::test]
async fn edit_tenant_honours_the_version_that_was_read() {
    let app = App::new().await;
    let owner = member(&app.table, &app.clock, Role::Admin).await;
    let path = format!("/v1/tenants/{}", owner.tenant);
    let edit = |tag: Option<&str>, body: &Value| {
        let call = app.api.patch(&path).by(&owner).json(body);
        match tag {
            Some(tag) => call.header("if-match", tag),
            None => call,
        }
        .send()
    };
    let name = json!({ "name": "New" });

    for tag in ["\"2\"", "W/\"1\"", "1", "\"x\"", ""] {
        edit(Some(tag), &name)
            .await
            .expect_problem(412, "stale_version");
    }
    let first = edit(Some("\"7\", \"1\""), &name).await.expect(200);
    assert_eq!(first.body["name"], "New");
    assert_eq!(first.headers["etag"], "\"2\"");
    edit(Some("\"1\""), &name)
        .await
        .expect_problem(412, "stale_version");
    let zone = json!({ "time_zone": "Asia/Tokyo" });
    let second = edit(Some("*"), &zone).await.expect(200);
    assert_eq!(second.body["name"], "New");
    assert_eq!(second.body["time_zone"], "Asia/Tokyo");
}

#[tokio::test]
async fn edits_of_a_tenant_at_once_without_a_version_all_happen() {
    let app = App::new().await;
    let owner = member(&app.table, &app.clock, Role::Owner).await;
    let path = format!("/v1/tenants/{}", owner.tenant);
    let edit = |body: Value| {
        let call = app.api.patch(&path).by(&owner).json(&body);
        async move { call.send().await.expect(200) }
    };

    tokio::join!(
        edit(json!({ "name": "New" })),
        edit(json!({ "time_zone": "Asia/Tokyo" })),
    );

    let now = app.api.get(&path).by(&owner).send().await.expect(200);
    assert_eq!(now.body["name"], "New");
    assert_eq!(now.body["time_zone"], "Asia/Tokyo");
    assert_eq!(now.headers["etag"], "\"3\"");
}

#[tokio::test]
async fn edit_tenant_that_changes_nothing_keeps_the_version() {
    let app = App::new().await;
    let owner = member(&app.table, &app.clock, Role::Owner).await;
    let path = format!("/v1/tenants/{}", owner.tenant);

    let call = app.api.patch(&path).by(&owner).header("if-match", "\"1\"");
    let answer = call.json(&json!({})).send().await.expect(200);

    assert_eq!(answer.headers["etag"], "\"1\"");
}

#[tokio::test]
async fn edit_tenant_cannot_remove_a_field() {
    let app = App::new().await;
    let owner = member(&app.table, &app.clock, Role::Owner).await;
    let path = format!("/v1/tenants/{}", owner.tenant);

    let call = app.api.patch(&path).by(&owner).header("if-match", "\"1\"");
    let answer = call.json(&json!({ "name": null })).send().await;

    let answer = answer.expect_problem(422, "invalid_request");
    assert_eq!(answer.body["errors"][0]["pointer"], "/name");
    assert_eq!(answer.body["errors"][0]["code"], "wrong_type");
}

#[tokio::test]
async fn change_of_a_tenant_by_a_role_that_may_not_is_forbidden() {
    for (role, edit, delete) in [
        (Role::Viewer, 403, 403),
        (Role::Author, 403, 403),
        (Role::Editor, 403, 403),
        (Role::Admin, 200, 403),
        (Role::Owner, 200, 204),
    ] {
        let app = App::new().await;
        let somebody = member(&app.table, &app.clock, role).await;
        let path = format!("/v1/tenants/{}", somebody.tenant);

        let call = app.api.patch(&path).by(&somebody);
        let call = call.header("if-match", "*").json(&json!({ "name": "New" }));
        call.send().await.expect(edit);
        let call = app.api.delete(&path).by(&somebody);
        call.send().await.expect(delete);
    }
}

#[tokio::test]
async fn delete_tenant_takes_it_from_its_members_at_once() {
    let app = App::new().await;
    let owner = member(&app.table, &app.clock, Role::Owner).await;
    let path = format!("/v1/tenants/{}", owner.tenant);
    let stale = app.api.delete(&path).by(&owner).header("if-match", "\"9\"");
    stale.send().await.expect_problem(412, "stale_version");

    app.api.delete(&path).by(&owner).send().await.expect(204);

    for call in [app.api.get(&path), app.api.delete(&path)] {
        call.by(&owner).send().await.expect(404);
    }
    assert!(app.list(&owner.cookie).await.is_empty());
}
