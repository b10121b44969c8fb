//! Exports, as admins ask for them and download them.

use domain::Clock;
use domain::export::{Export, Position, Volume};
use domain::membership::{AccountLimit, Role};
use jiff::SignedDuration;
use serde_json::{Value, json};
use store::ExportAdvance;
use testkit::http::{account_group, colleague};
use testkit::{TestMember, member};

use crate::App;

const SHA256: &str = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

impl App {
    async fn request_export(&self, by: &TestMember) -> Value {
        let answer = self.api.post("/v1/exports").by(by).send().await;
        answer.expect(202).body
    }

    /// What the function that makes exports does.
    async fn make(&self, by: &TestMember, export: &Value) {
        let now = self.clock.now();
        let tenant = self.table.tenant(&by.scope);
        let id = export["id"].as_str().unwrap().parse().unwrap();
        let seen: Export = tenant.export(id, now).await.unwrap().unwrap();
        let volume = Volume {
            number: 1,
            bytes: 10,
            sha256: SHA256.to_owned(),
        };
        let next = seen.with(&volume, seen.counts, Position::End, now);
        let advance = ExportAdvance {
            seen: &seen,
            next: &next,
            volume: &volume,
            owes: None,
        };
        assert!(tenant.advance_export(&advance).await.unwrap());
    }
}

#[tokio::test]
async fn export_is_asked_for_made_and_downloaded_for_a_while() {
    let app = App::new().await;
    let owner = member(&app.table, &app.clock, Role::Owner).await;
    let wanted = app.request_export(&owner).await;
    assert_eq!(wanted["state"], "running");
    let path = format!("/v1/exports/{}", wanted["id"].as_str().unwrap());
    let links = format!("{path}/links");
    let early = app.api.post(&links).by(&owner).send().await;
    early.expect_problem(409, "export_not_ready");

    app.make(&owner, &wanted).await;

    let read = app.api.get(&path).by(&owner).send().await.expect(200).body;
    assert_eq!(read["state"], "ready");
    assert_eq!(read["ready_at"], "2026-12-01T08:00:00Z");
    assert_eq!(read["expires_at"], "2026-12-08T08:00:00Z");
    assert_eq!((&read["volumes"], &read["bytes"]), (&json!(1), &json!(10)));
    let list = app.api.get("/v1/exports").by(&owner).send().await;
    assert_eq!(list.expect(200).body["items"], json!([read]));
    let answer = app.api.post(&links).by(&owner).send().await.expect(200);
    let volume = &answer.body["items"][0];
    assert_eq!(volume["sha256"], SHA256);
    assert_eq!(volume["expires_at"], "2026-12-01T08:15:00Z");
    let place = format!(
        "/exports/{}/{}/000001-0123456789abcdef.zip",
        owner.tenant,
        read["id"].as_str().unwrap()
    );
    assert!(volume["url"].as_str().unwrap().ends_with(&place));

    app.clock.advance(SignedDuration::from_hours(7 * 24));
    let fresh = testkit::http::session(&app.table, &app.clock, owner.user, Some(owner.tenant));
    let fresh = fresh.await;
    let gone = app.api.get(&path).cookie(&fresh).send().await;
    gone.expect_problem(404, "not_found");
}

#[tokio::test]
async fn export_that_is_asked_for_while_one_is_made_is_that_one() {
    let app = App::new().await;
    let owner = member(&app.table, &app.clock, Role::Owner).await;

    let first = app.request_export(&owner).await;
    let second = app.request_export(&owner).await;

    assert_eq!(first, second);
}

#[tokio::test]
async fn exports_that_two_ask_for_at_once_are_one() {
    let app = App::new().await;
    let owner = member(&app.table, &app.clock, Role::Owner).await;

    let (one, other) = tokio::join!(app.request_export(&owner), app.request_export(&owner));

    assert_eq!(one["id"], other["id"]);
    let list = app.api.get("/v1/exports").by(&owner).send().await;
    assert_eq!(list.expect(200).body["items"], json!([one]));
}

#[tokio::test]
async fn fourth_export_of_a_day_has_to_wait() {
    let app = App::new().await;
    let owner = member(&app.table, &app.clock, Role::Owner).await;
    for _ in 0..3 {
        let wanted = app.request_export(&owner).await;
        app.make(&owner, &wanted).await;
    }

    let fourth = app.api.post("/v1/exports").by(&owner).send().await;

    fourth.expect_problem(429, "rate_limited");
}

#[tokio::test]
async fn export_of_another_tenant_does_not_exist() {
    let app = App::new().await;
    let owner = member(&app.table, &app.clock, Role::Owner).await;
    let other = member(&app.table, &app.clock, Role::Owner).await;
    let theirs = app.request_export(&other).await;
    app.make(&other, &theirs).await;
    let path = format!("/v1/exports/{}", theirs["id"].as_str().unwrap());

    let read = app.api.get(&path).by(&owner).send().await;
    let links = app.api.post(format!("{path}/links")).by(&owner).send();

    read.expect_problem(404, "not_found");
    links.await.expect_problem(404, "not_found");
}

#[tokio::test]
async fn export_is_not_for_whoever_is_limited_to_some_accounts() {
    let app = App::new().await;
    let owner = member(&app.table, &app.clock, Role::Owner).await;
    let group = account_group(&app.table, &app.clock, &owner, &[]).await;
    let limit = AccountLimit::Groups([group].into());
    let role = Role::Admin.into();
    let limited = colleague(&app.table, &app.clock, &owner, role, limit).await;
    let export = app.request_export(&owner).await;
    let path = format!("/v1/exports/{}", export["id"].as_str().unwrap());

    for call in [
        app.api.post("/v1/exports"),
        app.api.get("/v1/exports"),
        app.api.get(&path),
        app.api.post(format!("{path}/links")),
    ] {
        let answer = call.by(&limited).send().await;
        answer.expect_problem(403, "limited_to_accounts");
    }
}

#[tokio::test]
async fn export_is_for_admins_who_proved_just_now_who_they_are() {
    let app = App::new().await;
    let owner = member(&app.table, &app.clock, Role::Owner).await;
    let of = |role: Role| {
        let all = AccountLimit::Unlimited;
        colleague(&app.table, &app.clock, &owner, role.into(), all)
    };
    let (admin, editor) = (of(Role::Admin).await, of(Role::Editor).await);

    app.request_export(&admin).await;
    let refused = app.api.post("/v1/exports").by(&editor).send().await;
    app.clock.advance(SignedDuration::from_mins(10));
    let late = app.api.post("/v1/exports").by(&owner).send().await;
    let read = app.api.get("/v1/exports").by(&owner).send().await;

    refused.expect_problem(403, "forbidden");
    late.expect_problem(401, "insufficient_user_authentication");
    read.expect(200);
}
