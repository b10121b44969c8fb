//! Every route of members, invitations, roles and account groups, once, as the function's role lets it.

use serde_json::json;

use crate::deployment::Deployment;
use crate::lost_factor;
use crate::routes::{change, id, twice};

const GUEST: &str = "team-guest@example.com";

#[tokio::test(flavor = "multi_thread")]
async fn routes_of_members_work_under_their_role() {
    let deployment = Deployment::of_this_run();
    let ada = deployment.member("team").await;
    let grace = deployment.member("team-guest").await;
    let (_, account) = deployment.connect(&ada, "bureau").await;

    let new = json!({ "name": "Client", "permissions": ["read_posts"] });
    let role = twice(&ada, "/v1/roles", &new).await;
    let role_path = format!("/v1/roles/{}", id(&role));
    let edit = json!({ "name": "Guest", "permissions": ["read_posts", "write_drafts"] });
    let changed = change(&ada, "PATCH", &role_path, Some(&edit)).await;
    changed.expect(200);
    let new = json!({ "name": "Client", "account_ids": [account] });
    let group = twice(&ada, "/v1/account-groups", &new).await;
    let group_path = format!("/v1/account-groups/{}", id(&group));
    let edit = json!({ "name": "Guests" });
    let changed = change(&ada, "PATCH", &group_path, Some(&edit)).await;
    changed.expect(200);

    let new = json!({ "email": GUEST, "role": id(&role), "account_groups": [id(&group)] });
    let invitation = twice(&ada, "/v1/invitations", &new).await;
    let path = format!("/v1/invitations/{}", id(&invitation));
    let again = format!("{path}/resend");
    ada.post(&again, &json!({})).await.expect(200);
    ada.send(ada.request("DELETE", &path)).await.expect(204);
    ada.post("/v1/invitations", &new).await.expect(201);
    let link = json!({ "token": deployment.token_of(GUEST, "invitation", 3).await });
    let stranger = deployment.stranger();
    let shown = stranger.post("/v1/invitations/preview", &link).await;
    assert_eq!(shown.expect(200).body["email"], GUEST);
    grace
        .post("/v1/invitations/accept", &link)
        .await
        .expect(200);

    for read in [
        "/v1/members",
        "/v1/members/me",
        "/v1/invitations",
        "/v1/roles",
        "/v1/account-groups",
    ] {
        ada.get(read).await.expect(200);
    }
    let me = grace.get("/v1/me").await.expect(200).body;
    let member = format!("/v1/members/{}", me["user"]["id"].as_str().unwrap());
    lost_factor::start_over(&deployment, &ada, (&grace, GUEST), &member).await;
    let edit = json!({ "role": "editor", "account_groups": null });
    change(&ada, "PATCH", &member, Some(&edit))
        .await
        .expect(200);
    change(&ada, "DELETE", &member, None).await.expect(204);
    // Whoever has it gets another one first; nobody has it any more.
    let replaced = format!("{role_path}?replacement=viewer");
    ada.send(ada.request("DELETE", &replaced)).await.expect(204);
    change(&ada, "DELETE", &group_path, None).await.expect(204);
    let last = ada.send(ada.request("DELETE", "/v1/members/me")).await;
    assert_eq!(last.expect(409).body["code"], "last_owner");

    let tenant = ada.get("/v1/me").await.expect(200).body["tenant_id"].clone();
    let usage = format!("/v1/tenants/{}/usage", tenant.as_str().unwrap());
    ada.get(&usage).await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn end_of_an_account_works_under_its_role() {
    const LEAVER: &str = "leaver@example.com";
    let deployment = Deployment::of_this_run();
    let ada = deployment.member("left").await;
    let grace = deployment.member("leaver").await;
    let own = grace.get("/v1/me").await.expect(200).body["tenant_id"].clone();
    let new = json!({ "email": LEAVER, "role": "editor" });
    ada.post("/v1/invitations", &new).await.expect(201);
    let link = json!({ "token": deployment.token_of(LEAVER, "invitation", 1).await });
    grace
        .post("/v1/invitations/accept", &link)
        .await
        .expect(200);
    let alone = grace.send(grace.request("DELETE", "/v1/me")).await;
    assert_eq!(alone.expect(409).body["code"], "owns_workspaces");
    let own = format!("/v1/tenants/{}", own.as_str().unwrap());
    change(&grace, "DELETE", &own, None).await.expect(204);

    grace
        .send(grace.request("DELETE", "/v1/me"))
        .await
        .expect(204);

    grace.get("/v1/me").await.expect(401);
    let members = ada.get("/v1/members").await.expect(200).body;
    assert_eq!(members["items"].as_array().unwrap().len(), 1);
}
