//! Roles.

use domain::membership::Role;
use serde_json::json;

use crate::app::App;

#[tokio::test]
async fn roles_are_those_of_every_tenant_and_those_that_were_made() {
    let app = App::new().await;
    let id = app.role("Client", &["read_posts", "read_tenant"]).await;

    let list = app.get(&app.owner, "/v1/roles").await.expect(200).body;
    let items = list["items"].as_array().unwrap();
    let ids: Vec<&str> = items
        .iter()
        .map(|role| role["id"].as_str().unwrap())
        .collect();

    assert_eq!(
        ids,
        ["owner", "admin", "editor", "author", "viewer", id.as_str()]
    );
    assert_eq!(items[0]["built_in"], true);
    assert_eq!(items[5]["name"], "Client");
    assert_eq!(
        items[5]["permissions"],
        json!(["read_tenant", "read_posts"])
    );
    assert_eq!(items[5]["members"], 0);
}

#[tokio::test]
async fn role_with_a_name_that_another_has_is_refused_whatever_its_case() {
    let app = App::new().await;
    let id = app.role("Client", &["read_posts"]).await;
    let other = app.role("Guest", &["read_posts"]).await;
    let body = json!({ "name": " client ", "permissions": ["read_media"] });

    let made = app.post(&app.owner, "/v1/roles", &body).await;
    made.expect_problem(409, "name_taken");
    let rename = json!({ "name": "CLIENT" });
    let path = format!("/v1/roles/{other}");
    let renamed = app.patch(&app.owner, &path, &rename).await;
    renamed.expect_problem(409, "name_taken");
    // Its own name in another case is no conflict, and a name that was given back is free.
    let path = format!("/v1/roles/{id}");
    app.patch(&app.owner, &path, &rename).await.expect(200);
    app.delete(&app.owner, &path).await.expect(204);
    app.post(&app.owner, "/v1/roles", &body).await.expect(201);
}

#[tokio::test]
async fn id_39_role_change_acts_at_the_next_request_of_whoever_has_it() {
    let app = App::new().await;
    let id = app.role("Reader", &["read_tenant", "read_members"]).await;
    let custom: domain::RoleId = id.parse().unwrap();
    let reader = app
        .colleague(domain::membership::AssignedRole::Custom(custom))
        .await;
    app.get(&reader, "/v1/members").await.expect(200);

    let body = json!({ "permissions": ["read_tenant"] });
    let path = format!("/v1/roles/{id}");
    app.patch(&app.owner, &path, &body).await.expect(200);

    let refused = app.get(&reader, "/v1/members").await;
    refused.expect_problem(403, "forbidden");
    let own = app.get(&reader, "/v1/members/me").await.expect(200).body;
    assert_eq!(own["permissions"], json!(["read_tenant"]));
    assert_eq!(own["role"], id);
}

#[tokio::test]
async fn id_39_role_of_what_its_maker_lacks_or_owners_alone_have_is_refused() {
    let app = App::new().await;
    let id = app
        .role(
            "Team lead",
            &["read_members", "manage_members", "manage_roles"],
        )
        .await;
    let custom: domain::RoleId = id.parse().unwrap();
    let lead = app
        .colleague(domain::membership::AssignedRole::Custom(custom))
        .await;

    let body = json!({ "name": "More", "permissions": ["read_members", "write_drafts"] });
    let made = app.post(&lead, "/v1/roles", &body).await;
    let refusal = made.expect_problem(403, "beyond_own_rights");
    assert!(
        refusal.body["detail"]
            .as_str()
            .unwrap()
            .contains("write_drafts")
    );
    let body = json!({ "permissions": ["read_members", "write_drafts"] });
    let own = format!("/v1/roles/{id}");
    let raised = app.patch(&lead, &own, &body).await;
    raised.expect_problem(403, "beyond_own_rights");
    let body = json!({ "name": "Second owner", "permissions": ["delete_tenant"] });
    let made = app.post(&app.owner, "/v1/roles", &body).await;
    let refusal = made.expect_problem(422, "invalid_request");
    assert_eq!(refusal.body["errors"][0]["code"], "owners_only");
}

#[tokio::test]
async fn id_39_role_that_allows_more_than_the_caller_has_cannot_be_changed() {
    let app = App::new().await;
    let lead = app.role("Lead", &["read_members", "manage_roles"]).await;
    let writer = app.role("Writer", &["write_drafts"]).await;
    let custom: domain::RoleId = lead.parse().unwrap();
    let lead = app
        .colleague(domain::membership::AssignedRole::Custom(custom))
        .await;
    let path = format!("/v1/roles/{writer}");
    let body = json!({ "permissions": ["read_members"] });

    let changed = app.patch(&lead, &path, &body).await;
    changed.expect_problem(403, "outranked");
    let deleted = app.delete(&lead, &path).await;
    deleted.expect_problem(403, "outranked");
}

#[tokio::test]
async fn role_that_somebody_has_is_deleted_only_with_a_replacement() {
    let app = App::new().await;
    let id = app.role("Client", &["read_tenant", "read_posts"]).await;
    let custom: domain::RoleId = id.parse().unwrap();
    let role = domain::membership::AssignedRole::Custom(custom);
    let first = app.colleague(role).await;
    app.colleague(role).await;
    let path = format!("/v1/roles/{id}");
    let shown = app.get(&app.owner, &path).await.expect(200);
    assert_eq!(shown.body["members"], 2);

    let refused = app.delete(&app.owner, &path).await;
    refused.expect_problem(409, "in_use");
    let with = format!("{path}?replacement={id}");
    app.delete(&app.owner, &with).await.expect(422);
    let with = format!("{path}?replacement=viewer");
    app.delete(&app.owner, &with).await.expect(204);

    let gone = app.get(&app.owner, &path).await;
    gone.expect_problem(404, "not_found");
    let own = app.get(&first, "/v1/members/me").await.expect(200).body;
    assert_eq!(own["role"], "viewer");
}

/// Of one holder the caller has less: the other one, who comes first, must not have changed.
#[tokio::test]
async fn id_39_replacement_that_is_refused_for_one_member_changes_nobody() {
    let app = App::new().await;
    let ada = app.account("ada").await;
    let group = app.group("Client", &[ada]).await;
    let id = app.role("Desk", &["read_tenant", "read_posts"]).await;
    let custom: domain::RoleId = id.parse().unwrap();
    let role = domain::membership::AssignedRole::Custom(custom);
    let mut holders = vec![app.limited(role, &group).await, app.colleague(role).await];
    holders.push(app.limited(role, &group).await);
    let admin = app.limited(Role::Admin, &group).await;

    let path = format!("/v1/roles/{id}?replacement=viewer");
    let answer = app.delete(&admin, &path).await;

    answer.expect(403);
    for holder in &holders {
        let own = app.get(holder, "/v1/members/me").await.expect(200).body;
        assert_eq!(own["role"], id);
    }
    app.delete(&app.owner, &path).await.expect(204);
}

#[tokio::test]
async fn id_39_role_of_the_caller_is_not_replaced_by_one_that_could_not_finish_it() {
    let app = App::new().await;
    let lead = [
        "read_tenant",
        "read_members",
        "manage_members",
        "manage_roles",
    ];
    let id = app.role("Lead", &lead).await;
    let same = app.role("Head", &lead).await;
    let custom: domain::RoleId = id.parse().unwrap();
    let role = domain::membership::AssignedRole::Custom(custom);
    let (first, second) = (app.colleague(role).await, app.colleague(role).await);
    let less = app.role("Reader", &["read_tenant"]).await;

    let path = format!("/v1/roles/{id}?replacement");
    let answer = app.delete(&first, &format!("{path}={less}")).await;

    answer.expect_problem(409, "in_use");
    for holder in [&first, &second] {
        let own = app.get(holder, "/v1/members/me").await.expect(200).body;
        assert_eq!(own["role"], id);
    }
    let answer = app.delete(&first, &format!("{path}={same}")).await;
    answer.expect(204);
}

#[tokio::test]
async fn role_with_wrong_fields_names_each_of_them() {
    let app = App::new().await;
    for (body, pointer) in [
        (
            json!({ "name": "", "permissions": ["read_posts"] }),
            "/name",
        ),
        (json!({ "name": "x", "permissions": [] }), "/permissions"),
        (
            json!({ "name": "x", "permissions": ["fly"] }),
            "/permissions/0",
        ),
        (
            json!({ "name": "x", "permissions": ["read_posts"], "built_in": true }),
            "/built_in",
        ),
        (
            json!({ "name": "x", "permissions": ["read_posts"], "members": 7 }),
            "/members",
        ),
        (
            json!({ "name": "x", "permissions": ["read_posts"], "tenant_id": "x" }),
            "/tenant_id",
        ),
    ] {
        let answer = app.post(&app.owner, "/v1/roles", &body).await;
        let answer = answer.expect_problem(422, "invalid_request");
        assert_eq!(
            answer.body["errors"][0]["pointer"], pointer,
            "{}",
            answer.body
        );
    }
}

#[tokio::test]
async fn role_made_twice_with_one_key_is_one_role() {
    let app = App::new().await;
    let body = json!({ "name": "Client", "permissions": ["read_posts"] });
    let call = || {
        let call = app.api.post("/v1/roles").by(&app.owner).json(&body);
        call.header("idempotency-key", "k").send()
    };

    let first = call().await.expect(201);
    let again = call().await.expect(201);

    assert_eq!(again.body, first.body);
}

#[tokio::test]
async fn role_is_made_by_those_who_manage_roles_only() {
    let app = App::new().await;
    let body = json!({ "name": "Client", "permissions": ["read_posts"] });
    for (role, status) in [
        (Role::Viewer, 403),
        (Role::Author, 403),
        (Role::Editor, 403),
        (Role::Admin, 201),
    ] {
        let colleague = app.colleague(role).await;
        app.post(&colleague, "/v1/roles", &body)
            .await
            .expect(status);
    }
}

#[tokio::test]
async fn every_change_of_a_role_is_one_event() {
    let app = App::new().await;
    let before = app.events().await.len();
    let id = app.role("Client", &["read_posts"]).await;
    let path = format!("/v1/roles/{id}");
    let body = json!({ "name": "Guest" });
    app.patch(&app.owner, &path, &body).await.expect(200);
    // The same once more changes nothing.
    app.patch(&app.owner, &path, &body).await.expect(200);
    app.delete(&app.owner, &path).await.expect(204);

    let events = app.events().await;

    assert_eq!(
        events[before..],
        ["role.created", "role.changed", "role.deleted"]
    );
}
