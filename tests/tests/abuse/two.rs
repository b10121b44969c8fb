//! Two people in one tenant.

use serde_json::{Value, json};
use testkit::Answer;
use tests::people;
use tests::product::Product;

/// A tenant of ada's with bob as an admin; the cookies of both, and an API key of bob's.
pub(crate) struct Two {
    pub(crate) product: Product,
    pub(crate) tenant: String,
    pub(crate) ada: String,
    pub(crate) bob: String,
    key: String,
}

impl Two {
    pub(crate) async fn new() -> Self {
        let product = Product::new().await;
        let cookie = people::enter(&product, "ada").await;
        let new = json!({ "name": "Analytical Engines", "time_zone": "UTC" });
        let call = product.api.post("/v1/tenants").cookie(&cookie).json(&new);
        let made = call.send().await.expect(201);
        let ada = made.cookie();
        let tenant = made.body["id"].as_str().unwrap().to_owned();
        let bob = join(&product, &ada, "bob", "admin", &tenant).await;
        let scopes = json!({ "name": "Newsroom", "scopes": ["read_posts"] });
        let call = product.api.post("/v1/api-keys").cookie(&bob).json(&scopes);
        let key = call.send().await.expect(201).body["secret"].clone();
        Self {
            product,
            tenant,
            ada,
            bob,
            key: key.as_str().unwrap().to_owned(),
        }
    }

    /// Adds a passkey to somebody's account; their next cookie.
    pub(crate) async fn guard(&self, cookie: &str, name: &str) -> String {
        let added = people::add_passkey(&self.product, cookie, name).await;
        added.cookie()
    }

    /// How bob's session and his key are answered.
    pub(crate) async fn answers(&self, bob: &str) -> [Answer; 2] {
        let api = &self.product.api;
        let by_key = api.get("/v1/posts").bearer(&self.key).send().await;
        [api.get("/v1/posts").cookie(bob).send().await, by_key]
    }

    /// Bob's key.
    pub(crate) fn key(&self) -> &str {
        &self.key
    }

    pub(crate) async fn me(&self, cookie: &str) -> Value {
        let call = self.product.api.get("/v1/me").cookie(cookie);
        call.send().await.expect(200).body
    }
}

/// Invites somebody to the tenant of whoever has the cookie, where they act from then on; their cookie.
pub(crate) async fn join(
    product: &Product,
    by: &str,
    name: &str,
    role: &str,
    tenant: &str,
) -> String {
    let invitation = json!({ "email": people::address(name), "role": role });
    let call = product.api.post("/v1/invitations").cookie(by);
    call.json(&invitation).send().await.expect(201);
    let token = people::newest_token(product, name);
    let cookie = people::enter(product, name).await;
    let call = product.api.post("/v1/invitations/accept").cookie(&cookie);
    let accept = json!({ "token": token });
    call.json(&accept).send().await.expect(200);
    let call = product.api.post("/v1/auth/switch").cookie(&cookie);
    let switch = json!({ "tenant_id": tenant });
    call.json(&switch).send().await.expect(200).cookie()
}
