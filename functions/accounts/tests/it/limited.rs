//! Members who are limited to account groups: other accounts do not exist for them.

use std::collections::BTreeSet;

use domain::membership::{AccountLimit, Role};
use serde_json::json;
use testkit::http::{account_group, colleague};

use crate::app::App;

#[tokio::test]
async fn limited_admin_manages_their_accounts_only_and_connects_no_others() {
    let app = App::start().await;
    let admin = app.admin().await;
    let theirs = app.connected(&admin, "theirs").await;
    let other = app.connected(&admin, "other").await;
    let accounts = [theirs.parse().unwrap()];
    let group = account_group(&app.table, &app.clock, &admin, &accounts).await;
    let limit = AccountLimit::Groups(BTreeSet::from([group]));
    let role = Role::Admin.into();
    let limited = colleague(&app.table, &app.clock, &admin, role, limit).await;

    let seen = app.list(&limited).await;
    assert_eq!(seen.len(), 1);
    assert_eq!(seen[0]["id"], theirs);
    let path = format!("/v1/accounts/{other}");
    let read = app.api.get(&path).by(&limited).send().await;
    read.expect_problem(404, "not_found");
    let check = app.api.post(format!("{path}/check")).by(&limited);
    let check = check.json(&json!({})).send().await;
    check.expect_problem(404, "not_found");
    let gone = app.api.delete(&path).by(&limited).send().await;
    gone.expect_problem(404, "not_found");
    let connected = app.connect(&limited, "another").await;
    connected.expect_problem(403, "limited_to_accounts");
    let begin = app.api.post("/v1/accounts/authorizations").by(&limited);
    let begun = begin.json(&json!({ "network": "fake" })).send().await;
    begun.expect_problem(403, "limited_to_accounts");
    let begin = app.api.post("/v1/accounts/authorizations").by(&limited);
    let hidden = json!({ "network": "door", "account_id": other });
    let begun = begin.json(&hidden).send().await;
    begun.expect_problem(404, "not_found");
    let gone = app
        .api
        .delete(format!("/v1/accounts/{theirs}"))
        .by(&limited);
    gone.send().await.expect(204);
}
