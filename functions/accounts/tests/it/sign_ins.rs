//! How often a tenant may try to sign in at networks: ID-08.

use domain::membership::Role;
use futures::future::join_all;
use jiff::SignedDuration;
use serde_json::json;
use testkit::{Answer, TestMember};

use crate::app::{App, credentials};

/// At once; one more comes free every twelve seconds.
const SIGN_INS: u32 = 300;

async fn guess(app: &App, by: &TestMember) -> Answer {
    let call = app.api.post("/v1/accounts").by(by);
    call.json(&credentials("ada", "wrong-4812")).send().await
}

/// Each way in which a tenant gets somebody to try a sign-in.
async fn every_way(app: &App, by: &TestMember, account: &str) -> [Answer; 3] {
    let page = app.api.post("/v1/accounts/authorizations").by(by);
    let again = format!("/v1/accounts/{account}/reconnect");
    let again = app.api.post(again).by(by);
    let typed = credentials("ada", "wrong-4812")["credentials"].clone();
    [
        guess(app, by).await,
        page.json(&json!({ "network": "fake" })).send().await,
        again.json(&json!({ "credentials": typed })).send().await,
    ]
}

#[tokio::test]
async fn id_08_sign_ins_of_a_tenant_at_networks_are_exactly_300_at_once_on_all_instances() {
    let one = App::start().await;
    let other = one.beside().await;
    let admin = one.admin().await;
    let account = one.connected(&admin, "ada").await;

    let mut tried = 1;
    for _ in 0..5 {
        let guesses = (0..32).flat_map(|_| [&one, &other]);
        let answers = join_all(guesses.map(|app| guess(app, &admin))).await;
        for answer in answers {
            match answer.status.as_u16() {
                422 => tried += 1,
                _ => drop(answer.expect_problem(429, "rate_limited")),
            }
        }
    }

    assert_eq!(tried, SIGN_INS);
    for app in [&one, &other] {
        for answer in every_way(app, &admin, &account).await {
            let answer = answer.expect_problem(429, "rate_limited");
            assert_eq!(answer.headers["retry-after"], "13");
        }
    }
    // No network was asked, and no other tenant has to wait.
    assert_eq!(one.door.sign_ins(), SIGN_INS);
    let stranger = testkit::member(&other.table, &other.clock, Role::Admin).await;
    other.connected(&stranger, "grace").await;
    one.clock.advance(SignedDuration::from_secs(12));
    let next = guess(&other, &admin).await;
    next.expect_problem(422, "invalid_credentials");
    let over = guess(&one, &admin).await;
    over.expect_problem(429, "rate_limited");
}
