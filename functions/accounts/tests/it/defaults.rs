//! What posts at a network have where they do not say otherwise.

use domain::membership::Role;
use serde_json::{Value, json};
use testkit::{Answer, TestMember};

use crate::app::App;

impl App {
    async fn set_defaults(&self, by: &TestMember, options: Value) -> Answer {
        let body = json!({ "network": "door", "options": options });
        let call = self.api.patch("/v1/networks/defaults").by(by);
        call.json(&body).send().await
    }

    async fn defaults(&self, by: &TestMember) -> Value {
        let networks = self.api.get("/v1/networks").by(by).send().await;
        networks.expect(200).body["items"][0]["default_options"].clone()
    }
}

#[tokio::test]
async fn defaults_of_a_network_are_set_replaced_and_removed() {
    let app = App::start().await;
    let admin = app.admin().await;
    assert_eq!(app.defaults(&admin).await, json!({}));
    let english = json!({ "langs": ["en"] });

    let answer = app.set_defaults(&admin, english.clone()).await.expect(200);

    assert_eq!(answer.body["default_options"], english);
    assert_eq!(app.defaults(&admin).await, english);
    let labels = json!({ "labels": ["nudity"] });
    app.set_defaults(&admin, labels.clone()).await.expect(200);
    assert_eq!(app.defaults(&admin).await, labels);
    app.set_defaults(&admin, json!({})).await.expect(200);
    assert_eq!(app.defaults(&admin).await, json!({}));
    let stranger = app.admin().await;
    assert_eq!(app.defaults(&stranger).await, json!({}));
}

#[tokio::test]
async fn defaults_that_are_too_large_or_of_no_network_are_refused() {
    let app = App::start().await;
    let admin = app.admin().await;

    let large = json!({ "langs": ["x".repeat(1_000)] });
    let answer = app.set_defaults(&admin, large).await;
    let answer = answer.expect_problem(422, "invalid_request");
    assert_eq!(answer.body["errors"][0]["pointer"], "/options");
    let body = json!({ "network": "window", "options": {} });
    let call = app.api.patch("/v1/networks/defaults").by(&admin);
    let answer = call.json(&body).send().await;
    let answer = answer.expect_problem(422, "invalid_request");
    assert_eq!(answer.body["errors"][0]["code"], "unknown_network");
}

#[tokio::test]
async fn defaults_are_changed_by_who_manages_the_tenant_only() {
    let app = App::start().await;
    let editor = testkit::member(&app.table, &app.clock, Role::Editor).await;

    let answer = app.set_defaults(&editor, json!({})).await;

    answer.expect_problem(403, "forbidden");
}
