//! What changes somebody's rights needs a recent proof of the person.

use domain::membership::Role;
use http::Method;
use jiff::SignedDuration;
use serde_json::json;

use crate::app::App;

#[tokio::test]
async fn id_18_change_of_rights_needs_a_recent_proof() {
    let app = App::new().await;
    let colleague = app.colleague(Role::Editor).await;
    let role = app.role("Client", &["read_posts"]).await;
    let group = app.group("Client", &[]).await;
    let key = app.api_key(&app.owner, &["read_posts"]).await.id;
    let before = app.events().await;
    app.clock.advance(SignedDuration::from_mins(10));
    let member = format!("/v1/members/{}", colleague.user);
    let role = format!("/v1/roles/{role}");
    let group = format!("/v1/account-groups/{group}");
    let key = format!("/v1/api-keys/{key}");
    let rotate = format!("{key}/rotate");
    let newsroom = json!({ "name": "Newsroom", "scopes": ["read_posts"] });
    let grace = json!({ "email": "grace@example.com", "role": "viewer" });
    let lead = json!({ "name": "Lead", "permissions": ["read_posts"] });
    for (method, path, body) in [
        (Method::PATCH, member.as_str(), json!({ "role": "viewer" })),
        (Method::DELETE, &member, json!({})),
        (Method::DELETE, "/v1/members/me", json!({})),
        (Method::POST, "/v1/invitations", grace),
        (Method::POST, "/v1/roles", lead),
        (Method::PATCH, &role, json!({ "name": "Guest" })),
        (Method::DELETE, &role, json!({})),
        (Method::PATCH, &group, json!({ "name": "Guest" })),
        (Method::DELETE, &group, json!({})),
        (Method::POST, "/v1/api-keys", newsroom),
        (Method::POST, &rotate, json!({})),
        (Method::DELETE, &key, json!({})),
    ] {
        let call = app.api.call(method, path).by(&app.owner).json(&body);
        let answer = call.send().await;

        answer.expect_problem(401, "insufficient_user_authentication");
    }

    assert_eq!(app.events().await, before);
    app.get(&app.owner, &member).await.expect(200);
}
