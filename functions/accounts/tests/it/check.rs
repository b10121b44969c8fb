use domain::AccountId;
use jiff::SignedDuration;
use serde_json::json;
use testkit::FakeNetwork;

use crate::app::App;
use crate::door::Mood;

#[tokio::test]
async fn check_of_a_working_account_notes_the_time_and_the_new_name() {
    let app = App::start().await;
    let admin = app.admin().await;
    let id = app.connected(&admin, "ada").await;
    app.clock.advance(SignedDuration::from_mins(1));
    app.door.rename("ada", "Ada Lovelace");

    let checked = app.act(&admin, &id, "check").await.expect(200);

    assert_eq!(checked.body["checked_at"], "2026-12-01T08:01:00Z");
    assert_eq!(checked.body["name"], "Ada Lovelace");
    assert_eq!(checked.body["state"], "connected");
}

#[tokio::test]
async fn check_keeps_a_credential_that_the_network_changed() {
    let app = App::start().await;
    let admin = app.admin().await;
    let id = app.connected(&admin, "ada").await;
    app.door.feel(Mood::Rotates);

    for version in 2..5 {
        app.act(&admin, &id, "check").await.expect(200);

        let accounts = app.table.tenant(&admin.scope);
        let account: AccountId = id.parse().unwrap();
        let credential = accounts.load_credential(account).await.unwrap().unwrap();
        assert_eq!(credential.version, version);
    }
}

#[tokio::test]
async fn checks_at_once_leave_one_readable_credential() {
    let app = App::start().await;
    let admin = app.admin().await;
    let id = app.connected(&admin, "ada").await;
    app.door.feel(Mood::Rotates);

    let checks = (0..6).map(|_| app.act(&admin, &id, "check"));
    for answer in futures::future::join_all(checks).await {
        answer.expect(200);
    }

    app.act(&admin, &id, "check").await.expect(200);
}

#[tokio::test]
async fn check_that_the_network_refuses_asks_for_a_person_once() {
    let app = App::start().await;
    let admin = app.admin().await;
    let id = app.connected(&admin, "ada").await;
    app.door.feel(Mood::Closed);

    let first = app.act(&admin, &id, "check").await.expect(200);
    let second = app.act(&admin, &id, "check").await.expect(200);

    assert_eq!(first.body["state"], "reconnect_needed");
    assert_eq!(second.body["state"], "reconnect_needed");
    assert_eq!(
        app.dump().await.matches("account.reconnect_needed").count(),
        1
    );
}

#[tokio::test]
async fn check_after_a_refused_refresh_is_answered_at_once() {
    let app = App::start().await;
    let admin = app.admin().await;
    let ada = json!({ "network": FakeNetwork::ID, "credentials": { "identifier": "ada" } });
    let connect = app.api.post("/v1/accounts").by(&admin).json(&ada);
    let connected = connect.send().await.expect(201).body;
    let id = connected["id"].as_str().unwrap();
    app.fake.expire("ada");
    app.fake.revoke();

    for _ in 0..3 {
        let checked = app.act(&admin, id, "check").await.expect(200);

        assert_eq!(checked.body["state"], "reconnect_needed");
    }
}

#[tokio::test]
async fn check_that_succeeds_again_reconnects() {
    let app = App::start().await;
    let admin = app.admin().await;
    let id = app.connected(&admin, "ada").await;
    app.door.feel(Mood::Closed);
    app.act(&admin, &id, "check").await.expect(200);
    app.door.feel(Mood::Open);

    let checked = app.act(&admin, &id, "check").await.expect(200);

    assert_eq!(checked.body["state"], "connected");
}

#[tokio::test]
async fn check_of_a_silent_network_changes_nothing() {
    let app = App::start().await;
    let admin = app.admin().await;
    let id = app.connected(&admin, "ada").await;
    app.door.feel(Mood::Silent);

    let answer = app.act(&admin, &id, "check").await;

    answer.expect_problem(422, "network_unreachable");
    assert_eq!(app.list(&admin).await[0]["state"], "connected");
}

#[tokio::test]
async fn check_too_often_is_refused_without_a_call() {
    let app = App::start().await;
    let admin = app.admin().await;
    let id = app.connected(&admin, "ada").await;
    for _ in 0..60 {
        app.act(&admin, &id, "check").await.expect(200);
    }

    let answer = app.act(&admin, &id, "check").await;

    answer.expect_problem(429, "rate_limited");
    assert_eq!(app.door.checks(), 60);
}
