use serde_json::json;
use testkit::{Answer, TestMember};

use crate::app::App;
use crate::door::{Mood, PASSWORD};

async fn reconnect(app: &App, member: &TestMember, id: &str, identifier: &str) -> Answer {
    let body = json!({ "credentials": { "identifier": identifier, "app_password": PASSWORD } });
    let call = app.api.post(format!("/v1/accounts/{id}/reconnect"));
    call.by(member).json(&body).send().await
}

#[tokio::test]
async fn reconnect_with_the_same_identity_heals_the_account() {
    let app = App::start().await;
    let admin = app.admin().await;
    let id = app.connected(&admin, "ada").await;
    app.door.feel(Mood::Closed);
    app.act(&admin, &id, "check").await.expect(200);
    app.door.feel(Mood::Open);

    let healed = reconnect(&app, &admin, &id, "ada").await.expect(200);

    assert_eq!(healed.body["id"], id);
    assert_eq!(healed.body["state"], "connected");
    app.act(&admin, &id, "check").await.expect(200);
}

#[tokio::test]
async fn reconnect_with_another_identity_names_both() {
    let app = App::start().await;
    let admin = app.admin().await;
    let id = app.connected(&admin, "ada").await;

    let answer = reconnect(&app, &admin, &id, "grace").await;

    let answer = answer.expect_problem(409, "another_account");
    let detail = answer.body["detail"].as_str().unwrap();
    assert!(
        detail.contains("grace.door.test") && detail.contains("ada.door.test"),
        "{detail}"
    );
}
