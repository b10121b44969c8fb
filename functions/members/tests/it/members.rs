//! Members.

use domain::membership::Role;
use serde_json::{Value, json};

use crate::app::App;

#[tokio::test]
async fn members_are_listed_in_pages() {
    let app = App::new().await;
    app.colleague(Role::Editor).await;
    app.colleague(Role::Viewer).await;

    let first = app.get(&app.owner, "/v1/members?limit=2").await.expect(200);
    let next = first.body["next"].as_str().unwrap();
    let path = format!("/v1/members?limit=2&cursor={next}");
    let second = app.get(&app.owner, &path).await.expect(200);

    let roles = |body: &Value| -> Vec<String> {
        let items = body["items"].as_array().unwrap().iter();
        items
            .map(|member| member["role"].as_str().unwrap().to_owned())
            .collect()
    };
    let mut all = [roles(&first.body), roles(&second.body)].concat();
    all.sort();
    assert_eq!(all, ["editor", "owner", "viewer"]);
    assert_eq!(second.body["next"], Value::Null);
}

#[tokio::test]
async fn member_with_another_role_has_it_at_the_next_request() {
    let app = App::new().await;
    let colleague = app.colleague(Role::Viewer).await;
    let list = app.get(&colleague, "/v1/members").await;
    list.expect_problem(403, "forbidden");

    let answer = app
        .assign(&app.owner, &colleague, "admin")
        .await
        .expect(200);

    assert_eq!(answer.body["role"], "admin");
    assert_eq!(answer.headers["etag"], "\"2\"");
    app.get(&colleague, "/v1/members").await.expect(200);
}

#[tokio::test]
async fn member_changed_from_an_older_version_is_refused() {
    let app = App::new().await;
    let colleague = app.colleague(Role::Viewer).await;
    app.assign(&app.owner, &colleague, "editor")
        .await
        .expect(200);
    let path = format!("/v1/members/{}", colleague.user);
    let body = json!({ "role": "admin" });

    let call = app.api.patch(&path).by(&app.owner).json(&body);
    let answer = call.header("if-match", "\"1\"").send().await;

    answer.expect_problem(412, "stale_version");
}

#[tokio::test]
async fn id_39_nobody_gives_what_they_lack_or_touches_who_has_more() {
    let app = App::new().await;
    let admin = app.colleague(Role::Admin).await;
    let editor = app.colleague(Role::Editor).await;

    let raised = app.assign(&admin, &editor, "owner").await;
    raised.expect_problem(403, "beyond_own_rights");
    let raised = app.assign(&admin, &admin, "owner").await;
    raised.expect_problem(403, "beyond_own_rights");
    let lowered = app.assign(&admin, &app.owner, "viewer").await;
    lowered.expect_problem(403, "outranked");
    let path = format!("/v1/members/{}", app.owner.user);
    let removed = app.delete(&admin, &path).await;
    removed.expect_problem(403, "outranked");
    app.assign(&admin, &editor, "admin").await.expect(200);
}

#[tokio::test]
async fn id_39_member_who_manages_no_members_is_refused() {
    let app = App::new().await;
    let viewer = app.colleague(Role::Viewer).await;
    let path = format!("/v1/members/{}", viewer.user);
    for role in [Role::Viewer, Role::Author, Role::Editor] {
        let caller = app.colleague(role).await;
        let changed = app.assign(&caller, &viewer, "viewer").await;
        changed.expect_problem(403, "forbidden");
        let removed = app.delete(&caller, &path).await;
        removed.expect_problem(403, "forbidden");
    }
}

#[tokio::test]
async fn removed_member_reaches_the_tenant_no_more() {
    let app = App::new().await;
    let colleague = app.colleague(Role::Admin).await;
    app.get(&colleague, "/v1/members").await.expect(200);
    let path = format!("/v1/members/{}", colleague.user);

    app.delete(&app.owner, &path).await.expect(204);

    let refused = app.get(&colleague, "/v1/members").await;
    refused.expect_problem(403, "tenant_required");
    let gone = app.get(&app.owner, &path).await;
    gone.expect_problem(404, "not_found");
    let again = app.delete(&app.owner, &path).await;
    again.expect_problem(404, "not_found");
}

#[tokio::test]
async fn member_leaves_whatever_their_role() {
    let app = App::new().await;
    for role in [Role::Viewer, Role::Admin, Role::Owner] {
        let colleague = app.colleague(role).await;
        app.delete(&colleague, "/v1/members/me").await.expect(204);
        let refused = app.get(&colleague, "/v1/members/me").await;
        refused.expect_problem(403, "tenant_required");
    }
}

#[tokio::test]
async fn member_changed_with_fields_that_nobody_may_set_is_refused() {
    let app = App::new().await;
    let colleague = app.colleague(Role::Viewer).await;
    let path = format!("/v1/members/{}", colleague.user);
    for field in [
        "user_id",
        "tenant_id",
        "permissions",
        "owner",
        "version",
        "joined_at",
    ] {
        let body = json!({ "role": "viewer", field: "x" });
        let answer = app.patch(&app.owner, &path, &body).await;
        let answer = answer.expect_problem(422, "invalid_request");
        assert_eq!(answer.body["errors"][0]["pointer"], format!("/{field}"));
    }
}

#[tokio::test]
async fn member_with_a_role_that_does_not_exist_is_refused() {
    let app = App::new().await;
    let colleague = app.colleague(Role::Viewer).await;
    for (role, status) in [("boss", 422), ("rol_00000000000000000000000007", 404)] {
        let answer = app
            .assign(&app.owner, &colleague, role)
            .await
            .expect(status);
        assert_eq!(
            answer.body["errors"][0]["pointer"], "/role",
            "{}",
            answer.body
        );
    }
}

#[tokio::test]
async fn every_change_of_a_member_is_one_event() {
    let app = App::new().await;
    let colleague = app.colleague(Role::Viewer).await;
    let other = app.colleague(Role::Viewer).await;
    let before = app.events().await.len();

    app.assign(&app.owner, &colleague, "editor")
        .await
        .expect(200);
    app.assign(&app.owner, &colleague, "editor")
        .await
        .expect(200);
    let path = format!("/v1/members/{}", colleague.user);
    app.delete(&app.owner, &path).await.expect(204);
    app.delete(&other, "/v1/members/me").await.expect(204);

    let events = app.events().await;
    assert_eq!(
        events[before..],
        ["member.changed", "member.removed", "member.removed"]
    );
}
