//! What belongs to another tenant does not exist.

use domain::membership::Role;
use serde_json::json;
use testkit::member;

use crate::app::App;

#[tokio::test]
async fn id_37_ids_of_another_tenant_are_answered_like_unknown_ones() {
    let app = App::new().await;
    let role = app.role("Client", &["read_posts"]).await;
    let ada = app.account("ada").await;
    let group = app.group("Client A", &[ada]).await;
    let stranger = member(&app.table, &app.clock, Role::Owner).await;
    let before = app.events().await;
    let change = json!({});
    for (foreign, unknown) in [
        (
            format!("/v1/members/{}", app.owner.user),
            "/v1/members/usr_00000000000000000000000007",
        ),
        (
            format!("/v1/roles/{role}"),
            "/v1/roles/rol_00000000000000000000000007",
        ),
        (
            format!("/v1/account-groups/{group}"),
            "/v1/account-groups/grp_00000000000000000000000007",
        ),
    ] {
        for path in [foreign.as_str(), unknown] {
            app.get(&stranger, path)
                .await
                .expect_problem(404, "not_found");
            let answer = app.patch(&stranger, path, &change).await;
            answer.expect_problem(404, "not_found");
            let answer = app.delete(&stranger, path).await;
            answer.expect_problem(404, "not_found");
        }
    }
    let theirs = format!("/v1/members/{}", stranger.user);
    let body = json!({ "role": role });
    let answer = app.patch(&stranger, &theirs, &body).await;
    answer.expect_problem(404, "not_found");
    let body = json!({ "name": "Theirs", "account_ids": [ada] });
    let answer = app.post(&stranger, "/v1/account-groups", &body).await;
    answer.expect_problem(404, "not_found");

    assert_eq!(app.events().await, before);
}

#[tokio::test]
async fn f_14_foreign_replacement_of_a_role_is_answered_like_an_unknown_one_also_where_nobody_gets_it()
 {
    let app = App::new().await;
    let role = app.role("Client", &["read_posts"]).await;
    let stranger = member(&app.table, &app.clock, Role::Owner).await;
    let body = json!({ "name": "Theirs", "permissions": ["read_posts"] });
    let theirs = app.post(&stranger, "/v1/roles", &body).await.expect(201);
    let path = format!("/v1/roles/{}", theirs.body["id"].as_str().unwrap());

    for replacement in [role.as_str(), "rol_00000000000000000000000007"] {
        let with = format!("{path}?replacement={replacement}");
        let answer = app.delete(&stranger, &with).await;
        answer.expect_problem(404, "not_found");
    }

    app.get(&stranger, &path).await.expect(200);
}
