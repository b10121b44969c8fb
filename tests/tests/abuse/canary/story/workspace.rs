//! Who else is let in, what people mistake, and how it ends.

use http::Method;
use serde_json::{Value, json};

use super::{ADA, BOB, Story, id};
use crate::canary::watch::Place;
use crate::document::Document;

impl Story {
    pub(super) async fn bob_is_invited(&mut self) {
        self.enter().await;
        let invitation = json!({ "email": BOB, "role": "viewer" });
        let made = self.post("/v1/invitations", &invitation).await;
        let resend = format!("/v1/invitations/{}/resend", id(&made.expect(201)));
        self.post(&resend, &json!({})).await.expect(200);
        let token = json!({ "token": self.newest_token(BOB) });
        self.post("/v1/invitations/preview", &token)
            .await
            .expect(200);
        // It is for somebody else.
        self.post("/v1/invitations/accept", &token)
            .await
            .expect(403);
        let token = self.newest_token(BOB);
        let mistaken = format!("/v1/invitations/{token}");
        self.call(Method::DELETE, &mistaken, &Value::Null)
            .await
            .expect(404);
    }

    pub(super) async fn secrets_stand_where_they_do_not_belong(&mut self) {
        let password = self.password;
        for body in [
            json!({ "email": ADA, "password": { "text": password } }),
            json!({ "email": password, "password": ADA }),
            json!({ "email": ADA, "password": password, "mode": password }),
            json!([password]),
        ] {
            self.see_nothing_of(password, "/v1/auth/login", &body).await;
        }
        let broken = format!("{{\"email\": \"{ADA}\", \"password\": \"{password}");
        let call = self.product.api.post("/v1/auth/login");
        let answer = call.raw("application/json", broken).send().await;
        self.see("POST /v1/auth/login", &answer).await;
        answer.expect(400);
        let token = self.newest_token(ADA);
        for path in [
            format!("/v1/posts?cursor={token}"),
            format!("/v1/posts?tag={token}"),
            format!("/v1/posts?limit={token}"),
            format!("/v1/me?token={token}"),
            format!("/v1/posts/{token}"),
            format!("/{token}"),
        ] {
            let answer = self.call(Method::GET, &path, &Value::Null).await;
            assert!(!answer.status.is_server_error(), "{path}");
        }
        let call = self.product.api.get("/v1/me").bearer(password);
        let answer = call.send().await;
        self.see("GET /v1/me", &answer).await;
        answer.expect(401);
    }

    /// A call that is refused without a word of the secret.
    async fn see_nothing_of(&mut self, secret: &str, path: &str, body: &Value) {
        let answer = self.post(path, body).await;
        assert!(answer.status.is_client_error(), "{path}");
        assert!(!answer.body.to_string().contains(secret), "{path}");
    }

    pub(super) async fn ada_looks_at_everything(&mut self) {
        self.minutes(2).await;
        upkeep::checkpoint(&self.product.upkeep).await.unwrap();
        let document = Document::new(self.product.document.clone());
        for operation in document.operations() {
            if operation.method == Method::GET && operation.path_ids() == 0 {
                self.call(Method::GET, &operation.path, &Value::Null).await;
            }
        }
        self.prove().await;
        let export = self.call(Method::GET, "/v1/audit/export", &Value::Null);
        let export = export.await.expect(200);
        let lines = export.body.as_str().unwrap();
        assert!(lines.lines().count() > 20, "{lines}");
        for line in lines.lines() {
            self.watch.see(Place::Exports, "audit log", line);
        }
    }

    pub(super) async fn ada_deletes_her_workspace(&mut self) {
        self.prove().await;
        let path = format!("/v1/tenants/{}", self.tenant);
        self.call(Method::DELETE, &path, &Value::Null)
            .await
            .expect(204);
        self.minutes(3).await;
    }
}
