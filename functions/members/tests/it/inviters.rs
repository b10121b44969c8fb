//! What an invitation gives rests on what its sender has: ID-41.

use domain::membership::Role;
use serde_json::json;
use testkit::http::guarded;

use crate::app::App;
use crate::invitations::GRACE;

#[tokio::test]
async fn id_41_inviter_who_was_lowered_before_gives_nothing_any_more() {
    let app = App::new().await;
    let admin = app.colleague(Role::Admin).await;
    app.invite(&admin, GRACE, "admin").await.expect(201);
    let token = app.token(GRACE);
    let (_, cookie) = app.registered(GRACE).await;

    app.assign(&app.owner, &admin, "editor").await.expect(200);
    let answer = app.accept(&cookie, &token).await;
    answer.expect_problem(410, "invitation_void");
    // Somebody who has it may send it again: then it is theirs.
    let id = app.open_invitations().await[0]["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let path = format!("/v1/invitations/{id}/resend");
    app.post(&app.owner, &path, &json!({})).await.expect(200);
    app.accept(&cookie, &app.token(GRACE)).await.expect(200);
}

#[tokio::test]
async fn id_41_inviter_who_was_removed_before_gives_nothing_any_more() {
    let app = App::new().await;
    let admin = app.colleague(Role::Admin).await;
    app.invite(&admin, GRACE, "viewer").await.expect(201);
    let (_, cookie) = app.registered(GRACE).await;
    let path = format!("/v1/members/{}", admin.user);

    app.delete(&app.owner, &path).await.expect(204);

    let answer = app.accept(&cookie, &app.token(GRACE)).await;
    answer.expect_problem(410, "invitation_void");
}

#[tokio::test]
async fn id_41_inviter_who_lacks_the_second_factor_that_is_required_by_now_gives_nothing() {
    let app = App::new().await;
    let admin = app.colleague(Role::Admin).await;
    app.invite(&admin, GRACE, "viewer").await.expect(201);
    let (_, cookie) = app.registered(GRACE).await;
    app.change_tenant(|tenant| tenant.requires_second_factor = true)
        .await;

    let refused = app.accept(&cookie, &app.token(GRACE)).await;
    guarded(&app.table, &app.clock, &admin).await;
    let accepted = app.accept(&cookie, &app.token(GRACE)).await;

    refused.expect_problem(410, "invitation_void");
    accepted.expect(200);
}

#[tokio::test]
async fn id_41_nobody_invites_to_more_than_they_have() {
    let app = App::new().await;
    let admin = app.colleague(Role::Admin).await;
    let editor = app.colleague(Role::Editor).await;

    let owner = app.invite(&admin, GRACE, "owner").await;
    owner.expect_problem(403, "beyond_own_rights");
    let forbidden = app.invite(&editor, GRACE, "viewer").await;
    forbidden.expect_problem(403, "forbidden");
    app.invite(&app.owner, GRACE, "owner").await.expect(201);
    // And nobody withdraws what gives more than they have.
    let id = app.open_invitations().await[0]["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let path = format!("/v1/invitations/{id}");
    let withdrawn = app.delete(&admin, &path).await;
    withdrawn.expect_problem(403, "outranked");
}
