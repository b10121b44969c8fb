//! How Ada gets in, and keeps others out.

use cloud::envelope::Sealed;
use http::Method;
use jiff::SignedDuration;
use serde_json::{Value, json};
use testkit::SoftPasskey;
use tests::phone::Phone;

use super::{ADA, BOB, COUNTESS, Story};
use crate::canary::watch::MeantFor;
use crate::fixture::every_scope;

impl Story {
    pub(super) async fn product_has_keys(&mut self) {
        let keyring = self.product.table.system().keyring().await.unwrap();
        let keyring = keyring.unwrap();
        let place = || MeantFor::Item("X#KEYS -");
        self.watch.learn("cursor key", &keyring.cursor_key, place());
        let hash_key = keyring.hash_key.unwrap();
        self.watch.learn("hash key", hash_key, place());
        for key in keyring.signing {
            let binding = api::signing_key_binding(&key.kid);
            let sealed = Sealed::from_bytes(key.sealed);
            let envelope = &self.product.publishing.envelope;
            let opened = envelope.open(&binding, &sealed).await.unwrap();
            // The rest of it is about the public key.
            let private = &opened[36..68];
            self.watch.learn("signing key", private, MeantFor::ItsMaker);
        }
    }

    pub(super) async fn ada_registers(&mut self) {
        let other = self.typed("password", "Somebody Tries The Address 99");
        let newcomer = json!({ "email": ADA, "password": other, "name": "Eve" });
        self.post("/v1/auth/register", &newcomer).await.expect(202);
        let password = self.typed("password", "The First Loom Weaves 1843!");
        let again = json!({ "email": ADA, "password": password, "name": "Ada" });
        self.post("/v1/auth/register", &again).await.expect(202);
        let weak = json!({ "email": BOB, "password": "bob@example.com", "name": "Bob" });
        self.post("/v1/auth/register", &weak).await.expect(422);
        let login = json!({ "email": ADA, "password": password });
        self.post("/v1/auth/login", &login).await.expect(401);
        let token = self.newest_token(ADA);
        let guess = json!({ "token": token, "password": other });
        self.post("/v1/auth/verify-email", &guess).await.expect(422);
        let proof = json!({ "token": token, "password": password });
        self.post("/v1/auth/verify-email", &proof).await.expect(204);
        self.post("/v1/auth/verify-email", &proof).await;
        self.password = password;
    }

    pub(super) async fn ada_signs_in(&mut self) {
        let wrong = self.typed("wrong password", "The First Loom Weaves 1834!");
        let login = json!({ "email": ADA, "password": wrong });
        self.post("/v1/auth/login", &login).await.expect(401);
        let login = json!({ "email": ADA, "password": self.password });
        self.post("/v1/auth/login", &login).await.expect(200);
        let tenant = json!({ "name": "Analytical Engines", "time_zone": "UTC" });
        let made = self.post("/v1/tenants", &tenant).await.expect(201);
        made.body["id"]
            .as_str()
            .unwrap()
            .clone_into(&mut self.tenant);
    }

    pub(super) async fn program_renews_its_tokens(&mut self) {
        let browser = std::mem::take(&mut self.cookie);
        let login = json!({ "email": ADA, "password": self.password, "mode": "token" });
        let pair = self.post("/v1/auth/login", &login).await.expect(200).body;
        let renew = json!({ "refresh_token": pair["refresh_token"] });
        let next = self.post("/v1/auth/refresh", &renew).await.expect(200).body;
        let token = next["access_token"].as_str().unwrap();
        let call = self.product.api.get("/v1/me").bearer(token).send().await;
        self.see("GET /v1/me", &call).await;
        call.expect(200);
        self.product.clock.advance(SignedDuration::from_mins(1));
        // Used twice: its family ends.
        self.post("/v1/auth/refresh", &renew).await.expect(401);
        let renew = json!({ "refresh_token": next["refresh_token"] });
        self.post("/v1/auth/refresh", &renew).await.expect(401);
        self.cookie = browser;
    }

    pub(super) async fn ada_guards_her_account(&mut self) {
        const APP: &str = "/v1/me/second-factor/authenticator";
        let offer = self.post(APP, &json!({})).await.expect(200).body;
        let phone = Phone::told(offer["secret"].as_str().unwrap());
        self.watch.learn("seed", &phone.seed, MeantFor::ItsMaker);
        let confirm = format!("{APP}/confirm");
        let wrong = json!({ "code": "000000" });
        self.post(&confirm, &wrong).await.expect(422);
        let code = json!({ "code": phone.code(&self.product.clock) });
        let made = self.post(&confirm, &code).await.expect(200).body;
        self.phone = Some(phone);
        let codes = made["recovery_codes"].as_array().unwrap();
        for code in codes {
            // As people may type them.
            let bare = code.as_str().unwrap().replace('-', "");
            self.watch.learn("recovery code", bare, MeantFor::ItsMaker);
        }
        self.recovery_codes = texts(codes);
        // Nobody could help her: she owns her workspace alone.
        let lost = json!({ "email": ADA, "password": self.password });
        let path = "/v1/auth/lost-second-factor";
        self.post(path, &lost).await.expect(409);
        self.sign_in("000000").await.expect(422);
        let code = self.recovery_codes.remove(0);
        self.sign_in(&code).await.expect(200);
        self.sign_in(&code).await.expect(422);
        self.enter().await;
        let path = "/v1/me/second-factor/recovery-codes";
        let renewed = self.post(path, &json!({})).await.expect(200).body;
        self.recovery_codes = texts(renewed["recovery_codes"].as_array().unwrap());
        let options = self.post("/v1/me/passkeys/options", &json!({})).await;
        let mut passkey = SoftPasskey::new("ada", testkit::http::PUBLIC_URL);
        let registration = passkey.create(&options.expect(200).body);
        let named = json!({ "name": "Phone", "registration": registration });
        self.post("/v1/me/passkeys", &named).await.expect(201);
    }

    pub(super) async fn ada_changes_her_password(&mut self) {
        let wrong = self.typed("wrong password", "Not The Present One 2026");
        let next = self.typed("password", "The Second Loom Weaves 1844?");
        let path = "/v1/me/password";
        let change = json!({ "current_password": wrong, "new_password": next });
        self.post(path, &change).await.expect(422);
        let change = json!({ "current_password": self.password, "new_password": next });
        self.post(path, &change).await.expect(204);
        self.password = next;
    }

    /// The mail of the link is sent by the dispatcher, for the first try fails.
    pub(super) async fn ada_forgets_her_password(&mut self) {
        self.product.mailbox.close(true);
        let forgot = json!({ "email": ADA });
        self.post("/v1/auth/forgot-password", &forgot)
            .await
            .expect(202);
        self.minutes(2).await;
        self.product.mailbox.close(false);
        self.minutes(10).await;
        let next = self.typed("password", "The Third Loom Weaves <1845>");
        let reset = json!({ "token": self.newest_token(ADA), "password": next });
        self.post("/v1/auth/reset-password", &reset)
            .await
            .expect(204);
        self.post("/v1/auth/reset-password", &reset)
            .await
            .expect(410);
        self.password = next;
        self.enter().await;
    }

    /// Nobody is signed in with the browser that the link lets in.
    pub(super) async fn ada_lets_a_browser_in(&mut self) {
        let signed_in = std::mem::take(&mut self.cookie);
        let asked = json!({ "email": ADA });
        self.post("/v1/auth/new-browser", &asked).await.expect(202);
        let link = json!({ "token": self.newest_token(ADA) });
        self.post("/v1/auth/admit-browser", &link).await.expect(200);
        self.post("/v1/auth/admit-browser", &link).await.expect(410);
        self.cookie = signed_in;
    }

    pub(super) async fn ada_makes_api_keys(&mut self) {
        let key = self.post("/v1/api-keys", &every_scope(None)).await;
        let key = key.expect(201).body;
        let secret = key["secret"].as_str().unwrap().to_owned();
        let mut forged = secret.clone();
        forged.replace_range(100..104, "AAAA");
        self.call_with(&secret).await.expect(200);
        self.call_with(&forged).await.expect(401);
        let rotate = format!("/v1/api-keys/{}/rotate", key["id"].as_str().unwrap());
        let other = self.post(&rotate, &json!({})).await.expect(201).body;
        let revoke = format!("/v1/api-keys/{}", other["id"].as_str().unwrap());
        self.call(Method::DELETE, &revoke, &Value::Null)
            .await
            .expect(204);
        let revoked = other["secret"].as_str().unwrap();
        self.call_with(revoked).await.expect(401);
        // Somebody takes the key for its id.
        let mistaken = format!("/v1/api-keys/{secret}");
        self.call(Method::DELETE, &mistaken, &Value::Null)
            .await
            .expect(404);
    }

    pub(super) async fn ada_moves_to_another_address(&mut self) {
        let wish = json!({ "email": COUNTESS });
        self.post("/v1/me/email", &wish).await.expect(202);
        let confirm = json!({ "token": self.newest_token(COUNTESS) });
        self.post("/v1/auth/confirm-email", &confirm)
            .await
            .expect(204);
        let revert = json!({ "token": self.newest_token(ADA) });
        // The link of something else.
        let misused = json!({ "token": revert["token"], "password": self.password });
        self.post("/v1/auth/verify-email", &misused)
            .await
            .expect(404);
        assert_ne!(revert, confirm);
    }
}

fn texts(values: &[Value]) -> Vec<String> {
    let texts = values
        .iter()
        .map(|value| value.as_str().unwrap().to_owned());
    texts.collect()
}
