//! API keys: the routes that make them, and a route of each function that takes or refuses them, as its role lets it.

use serde_json::json;

use crate::deployment::Deployment;
use crate::routes::id;

#[tokio::test(flavor = "multi_thread")]
async fn api_keys_work_under_the_roles_of_all_functions() {
    let deployment = Deployment::of_this_run();
    let ada = deployment.member("api-keys").await;
    let tenant = ada.get("/v1/me").await.expect(200).body["tenant_id"].clone();
    let tenant = format!("/v1/tenants/{}", tenant.as_str().unwrap());
    let scopes = [
        "read_tenant",
        "read_members",
        "read_accounts",
        "read_media",
        "read_posts",
    ];
    let new = json!({ "name": "Newsroom", "scopes": scopes });
    let made = ada.post("/v1/api-keys", &new).await.expect(201).body;
    let path = format!("/v1/api-keys/{}", id(&made));
    let program = ada.with_key(made["secret"].as_str().unwrap());

    for read in [
        "/v1/members/me",
        "/v1/members",
        "/v1/accounts",
        "/v1/media",
        "/v1/posts",
    ] {
        program.get(read).await.expect(200);
    }
    for read in ["/v1/me", "/v1/api-keys", &tenant] {
        let refused = program.get(read).await.expect(403);
        assert_eq!(refused.body["code"], "person_required", "{read}");
    }
    let keys = ada.get("/v1/api-keys").await.expect(200).body;
    assert!(keys["items"][0]["last_used_at"].is_string(), "{keys}");
    let rotate = format!("{path}/rotate");
    ada.post(&rotate, &json!({})).await.expect(201);
    ada.send(ada.request("DELETE", &path)).await.expect(204);
    program.get("/v1/posts").await.expect(401);
}
