//! Rows of credentials that somebody changed behind our back.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use serde_json::json;
use testkit::TestMember;

use crate::app::App;
use crate::door::PASSWORD;

const TABLE: &str = "m1autoposter-test";

type Row = HashMap<String, AttributeValue>;

impl App {
    async fn row(&self, member: &TestMember, account: &str) -> Row {
        let answer = self
            .client
            .get_item()
            .table_name(TABLE)
            .key("PK", AttributeValue::S(format!("T#{}#CRED", member.tenant)))
            .key("SK", AttributeValue::S(format!("ACC#{account}")))
            .send()
            .await
            .unwrap();
        answer.item.unwrap()
    }

    async fn put(&self, row: Row) {
        let put = self.client.put_item().table_name(TABLE);
        put.set_item(Some(row)).send().await.unwrap();
    }
}

#[tokio::test]
async fn credential_that_was_copied_to_another_account_does_not_open() {
    let app = App::start().await;
    let admin = app.admin().await;
    let (ada, grace) = (
        app.connected(&admin, "ada").await,
        app.connected(&admin, "grace").await,
    );
    let mut row = app.row(&admin, &grace).await;
    row.insert(
        "sealed".to_owned(),
        app.row(&admin, &ada).await["sealed"].clone(),
    );
    app.put(row).await;

    let answer = app.act(&admin, &grace, "check").await;

    answer.expect_problem(500, "internal");
    assert_eq!(app.door.checks(), 0, "nobody was let in with it");
}

#[tokio::test]
async fn credential_with_a_changed_byte_does_not_open_and_a_reconnect_heals_it() {
    let app = App::start().await;
    let admin = app.admin().await;
    let id = app.connected(&admin, "ada").await;
    let mut row = app.row(&admin, &id).await;
    let sealed = row["sealed"].as_s().unwrap();
    let middle = sealed.len() / 2;
    let changed = if &sealed[middle..=middle] == "A" {
        "B"
    } else {
        "A"
    };
    let text = format!("{}{changed}{}", &sealed[..middle], &sealed[middle + 1..]);
    row.insert("sealed".to_owned(), AttributeValue::S(text));
    app.put(row).await;
    app.act(&admin, &id, "check")
        .await
        .expect_problem(500, "internal");

    let body = json!({ "credentials": { "identifier": "ada", "app_password": PASSWORD } });
    let call = app.api.post(format!("/v1/accounts/{id}/reconnect"));
    call.by(&admin).json(&body).send().await.expect(200);

    app.act(&admin, &id, "check").await.expect(200);
}

#[tokio::test]
async fn credential_of_an_older_version_does_not_open_again() {
    let app = App::start().await;
    let admin = app.admin().await;
    let id = app.connected(&admin, "ada").await;
    let old = app.row(&admin, &id).await;
    app.connect(&admin, "ada").await.expect(200);
    let mut row = app.row(&admin, &id).await;
    row.insert("sealed".to_owned(), old["sealed"].clone());
    app.put(row).await;

    let answer = app.act(&admin, &id, "check").await;

    answer.expect_problem(500, "internal");
}
