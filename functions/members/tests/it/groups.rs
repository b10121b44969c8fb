//! Account groups, and members who are limited to them.

use domain::membership::Role;
use serde_json::json;

use crate::app::App;

#[tokio::test]
async fn account_group_is_made_changed_and_deleted() {
    let app = App::new().await;
    let (ada, bob) = (app.account("ada").await, app.account("bob").await);
    let id = app.group("Client A", &[ada]).await;
    let path = format!("/v1/account-groups/{id}");

    let body = json!({ "name": "Client B", "account_ids": [ada, bob] });
    let changed = app.patch(&app.owner, &path, &body).await.expect(200);
    let list = app.get(&app.owner, "/v1/account-groups").await.expect(200);
    app.delete(&app.owner, &path).await.expect(204);

    assert_eq!(changed.body["account_ids"], json!([ada, bob]));
    assert_eq!(changed.headers["etag"], "\"2\"");
    assert_eq!(list.body["items"], json!([changed.body]));
    let gone = app.get(&app.owner, &path).await;
    gone.expect_problem(404, "not_found");
}

#[tokio::test]
async fn account_group_with_accounts_that_do_not_exist_is_refused_at_each() {
    let app = App::new().await;
    let ada = app.account("ada").await;
    let body = json!({
        "name": "Client A",
        "account_ids": [ada, "acc_70000000000000000000000007"],
    });

    let answer = app.post(&app.owner, "/v1/account-groups", &body).await;

    let answer = answer.expect_problem(404, "not_found");
    assert_eq!(answer.body["errors"][0]["pointer"], "/account_ids/1");
}

#[tokio::test]
async fn account_group_of_a_member_is_not_deleted() {
    let app = App::new().await;
    let ada = app.account("ada").await;
    let id = app.group("Client A", &[ada]).await;
    let client = app.limited(Role::Viewer, &id).await;
    let path = format!("/v1/account-groups/{id}");

    let refused = app.delete(&app.owner, &path).await;
    refused.expect_problem(409, "in_use");
    let member = format!("/v1/members/{}", client.user);
    let body = json!({ "account_groups": null });
    app.patch(&app.owner, &member, &body).await.expect(200);
    app.delete(&app.owner, &path).await.expect(204);
}

#[tokio::test]
async fn member_is_limited_to_groups_and_unlimited_again() {
    let app = App::new().await;
    let (ada, bob) = (app.account("ada").await, app.account("bob").await);
    let first = app.group("Client A", &[ada]).await;
    let second = app.group("Client B", &[bob]).await;
    let client = app.colleague(Role::Editor).await;
    let path = format!("/v1/members/{}", client.user);
    let seen = async || {
        let own = app.get(&client, "/v1/members/me").await.expect(200);
        own.body["account_ids"].clone()
    };

    assert_eq!(seen().await, json!(null));
    let body = json!({ "account_groups": [first] });
    app.patch(&app.owner, &path, &body).await.expect(200);
    assert_eq!(seen().await, json!([ada]));
    let body = json!({ "account_groups": [first, second] });
    app.patch(&app.owner, &path, &body).await.expect(200);
    assert_eq!(seen().await, json!([ada, bob]));
    let group = json!({ "account_ids": [] });
    let changed = format!("/v1/account-groups/{first}");
    app.patch(&app.owner, &changed, &group).await.expect(200);
    assert_eq!(seen().await, json!([bob]));
    let body = json!({ "account_groups": null });
    app.patch(&app.owner, &path, &body).await.expect(200);
    assert_eq!(seen().await, json!(null));
}

#[tokio::test]
async fn owner_is_not_limited_to_groups() {
    let app = App::new().await;
    let ada = app.account("ada").await;
    let group = app.group("Client A", &[ada]).await;
    let colleague = app.colleague(Role::Viewer).await;
    let path = format!("/v1/members/{}", colleague.user);
    for body in [
        json!({ "role": "owner", "account_groups": [group] }),
        json!({ "account_groups": [] }),
    ] {
        let answer = app.patch(&app.owner, &path, &body).await;
        let answer = answer.expect_problem(422, "invalid_request");
        assert_eq!(answer.body["errors"][0]["pointer"], "/account_groups");
    }
}

#[tokio::test]
async fn id_39_limited_admin_gives_and_takes_no_accounts_of_others() {
    let app = App::new().await;
    let (ada, bob) = (app.account("ada").await, app.account("bob").await);
    let mine = app.group("Client A", &[ada]).await;
    let others = app.group("Client B", &[bob]).await;
    let admin = app.limited(Role::Admin, &mine).await;
    let client = app.limited(Role::Viewer, &mine).await;
    let stranger = app.limited(Role::Viewer, &others).await;
    let unlimited = app.colleague(Role::Viewer).await;
    let path = |member: &testkit::TestMember| format!("/v1/members/{}", member.user);

    // They do not see the other group, and cannot make one of its accounts.
    let list = app.get(&admin, "/v1/account-groups").await.expect(200);
    assert_eq!(list.body["items"].as_array().unwrap().len(), 1);
    let hidden = format!("/v1/account-groups/{others}");
    let hidden = app.get(&admin, &hidden).await;
    hidden.expect_problem(404, "not_found");
    let body = json!({ "name": "Mine, too", "account_ids": [bob] });
    app.post(&admin, "/v1/account-groups", &body)
        .await
        .expect(404);
    let body = json!({ "account_ids": [ada, bob] });
    let own = format!("/v1/account-groups/{mine}");
    app.patch(&admin, &own, &body).await.expect(404);
    // They give nobody more accounts than they have, themselves included.
    for groups in [json!(null), json!([others]), json!([mine, others])] {
        for member in [&client, &admin] {
            let body = json!({ "account_groups": groups });
            let answer = app.patch(&admin, &path(member), &body).await;
            answer.expect_problem(403, "beyond_own_rights");
        }
    }
    // They touch nobody who has accounts that they lack.
    for member in [&stranger, &unlimited] {
        let answer = app.delete(&admin, &path(member)).await;
        answer.expect_problem(403, "outranked");
    }
    app.assign(&admin, &client, "editor").await.expect(200);
}

#[tokio::test]
async fn every_change_of_an_account_group_is_one_event() {
    let app = App::new().await;
    let ada = app.account("ada").await;
    let before = app.events().await.len();
    let id = app.group("Client A", &[ada]).await;
    let path = format!("/v1/account-groups/{id}");
    let body = json!({ "name": "Client B" });
    app.patch(&app.owner, &path, &body).await.expect(200);
    app.delete(&app.owner, &path).await.expect(204);

    let events = app.events().await;

    let expected = [
        "account_group.created",
        "account_group.changed",
        "account_group.deleted",
    ];
    assert_eq!(events[before..], expected);
}

#[tokio::test]
async fn account_group_is_left_by_accounts_that_were_disconnected_when_its_accounts_change() {
    let app = App::new().await;
    let (ada, bob) = (app.account("ada").await, app.account("bob").await);
    let id = app.group("Client A", &[ada, bob]).await;
    app.disconnect(bob).await;
    let path = format!("/v1/account-groups/{id}");

    let renamed = json!({ "name": "Client B" });
    let renamed = app.patch(&app.owner, &path, &renamed).await.expect(200);
    let both = json!({ "account_ids": [ada, bob] });
    let same = app.patch(&app.owner, &path, &both).await.expect(200);
    let back = app.patch(&app.owner, &path, &both).await;

    assert_eq!(renamed.body["account_ids"], json!([ada, bob]));
    assert_eq!(same.body["account_ids"], json!([ada]));
    back.expect_problem(404, "not_found");
}
