//! Every route of a person's own account, once, as the function's role lets it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use reqwest::RequestBuilder;
use serde_json::{Value, json};
use tests::caller::{Answer, Caller};

use crate::deployment::{Deployment, PIXELS};

const PASSWORD: &str = "correct horse battery staple";

async fn post(caller: &Caller, path: &str, body: &Value) -> Answer {
    let request: RequestBuilder = caller.request("POST", path).json(body);
    caller.send(request).await
}

#[tokio::test(flavor = "multi_thread")]
async fn routes_of_a_persons_own_account_work_under_their_role() {
    let deployment = Deployment::of_this_run();
    let ada = deployment.member("own-account").await;
    let email = json!({ "email": "own-account@example.com" });

    let edit = ada
        .request("PATCH", "/v1/me")
        .json(&json!({ "name": "Augusta" }));
    ada.send(edit).await.expect(200);
    let picture = json!({ "image": STANDARD.encode(PIXELS) });
    let put = ada.request("PUT", "/v1/me/avatar").json(&picture);
    let own = ada.send(put).await.expect(200).body["avatar_url"].clone();
    let me = ada.get("/v1/me").await.expect(200).body;
    let id = me["user"]["id"].as_str().unwrap();
    // Those of both functions; bytes pass the gateway.
    for address in [own.as_str().unwrap(), &format!("/v1/members/{id}/avatar")] {
        let shown = ada.get(address).await.expect(200);
        assert_eq!(shown.content_type, "image/jpeg");
    }
    let remove = ada.request("DELETE", "/v1/me/avatar");
    ada.send(remove).await.expect(204);
    ada.get("/v1/me/avatar").await.expect(404);
    ada.get("/v1/me/sessions").await.expect(200);
    let missing = ada.request("DELETE", "/v1/me/sessions/ses_0");
    ada.send(missing).await.expect(404);
    let others = ada.request("DELETE", "/v1/me/sessions");
    ada.send(others).await.expect(204);
    let change =
        json!({ "current_password": PASSWORD, "new_password": "seven looms weave flowers" });
    post(&ada, "/v1/me/password", &change).await.expect(204);
    let new = json!({ "email": "own-account-2@example.com" });
    post(&ada, "/v1/me/email", &new).await.expect(202);
    ada.get("/v1/me/second-factor").await.expect(200);
    post(&ada, "/v1/me/second-factor/authenticator", &json!({}))
        .await
        .expect(200);
    let wrong = json!({ "code": "x" });
    post(&ada, "/v1/me/second-factor/authenticator/confirm", &wrong)
        .await
        .expect(422);
    post(&ada, "/v1/me/second-factor/recovery-codes", &json!({}))
        .await
        .expect(404);
    let remove = ada.request("DELETE", "/v1/me/second-factor/authenticator");
    ada.send(remove).await.expect(404);
    post(&ada, "/v1/auth/forgot-password", &email)
        .await
        .expect(202);
    post(&ada, "/v1/auth/new-browser", &email).await.expect(202);
    for path in [
        "/v1/auth/admit-browser",
        "/v1/auth/confirm-email",
        "/v1/auth/revert-email",
        "/v1/auth/reset-second-factor",
        "/v1/auth/stop-second-factor-reset",
    ] {
        post(&ada, path, &json!({ "token": "A".repeat(43) }))
            .await
            .expect(404);
    }
    // Nothing but the password guards the account, and it was changed.
    let lost =
        json!({ "email": "own-account@example.com", "password": "seven looms weave flowers" });
    post(&ada, "/v1/auth/lost-second-factor", &lost)
        .await
        .expect(409);
    let reset = json!({ "token": "A".repeat(43), "password": PASSWORD });
    post(&ada, "/v1/auth/reset-password", &reset)
        .await
        .expect(404);
    let proof = json!({ "password": "seven looms weave flowers" });
    post(&ada, "/v1/auth/reauthenticate", &proof)
        .await
        .expect(200);
}
