//! What Ada does again and again.

use http::Method;
use jiff::SignedDuration;
use serde_json::{Value, json};
use testkit::Answer;

use super::sight::tokens;
use super::{ADA, Story};
use crate::canary::watch::MeantFor;

impl Story {
    /// Signs in with both factors, in the tenant.
    pub(super) async fn enter(&mut self) {
        let code = self.code();
        self.sign_in(&code).await.expect(200);
        let switch = json!({ "tenant_id": self.tenant });
        self.post("/v1/auth/switch", &switch).await.expect(200);
    }

    pub(super) async fn sign_in(&mut self, code: &str) -> Answer {
        let login = json!({ "email": ADA, "password": self.password, "code": code });
        self.post("/v1/auth/login", &login).await
    }

    /// Proves who she is, for what needs that.
    pub(super) async fn prove(&mut self) {
        let proof = json!({ "code": self.code() });
        self.post("/v1/auth/reauthenticate", &proof)
            .await
            .expect(200);
    }

    /// A code that was not used yet.
    pub(super) fn code(&self) -> String {
        self.product.clock.advance(SignedDuration::from_secs(30));
        self.phone.as_ref().unwrap().code(&self.product.clock)
    }

    /// A person types a secret.
    pub(super) fn typed(&mut self, name: &'static str, secret: &'static str) -> &'static str {
        self.watch.learn(name, secret, MeantFor::ItsMaker);
        secret
    }

    pub(super) fn newest_token(&self, address: &str) -> String {
        let mails = self.product.mailbox.to(address);
        let mut tokens = mails.iter().rev().flat_map(|mail| tokens(&mail.text));
        tokens.next().unwrap().to_owned()
    }

    pub(super) async fn call_with(&mut self, key: &str) -> Answer {
        let call = self.product.api.get("/v1/posts").bearer(key).send().await;
        self.see("GET /v1/posts", &call).await;
        call
    }

    pub(super) async fn post(&mut self, path: &str, body: &Value) -> Answer {
        self.call(Method::POST, path, body).await
    }

    pub(super) async fn call(&mut self, method: Method, path: &str, body: &Value) -> Answer {
        let name = format!("{method} {}", path.split('/').nth(2).unwrap_or_default());
        let mut call = self.product.api.call(method.clone(), path);
        if !self.cookie.is_empty() {
            call = call.cookie(&self.cookie);
        }
        if method == Method::DELETE {
            call = call.header("if-match", "*");
        }
        if !body.is_null() {
            call = call.json(body);
        }
        let answer = call.send().await;
        if answer.headers.contains_key("set-cookie") {
            self.cookie = answer.cookie();
        }
        self.see(&name, &answer).await;
        answer
    }
}
