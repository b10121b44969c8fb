//! People who use the product by their browsers.

use serde_json::json;
use testkit::http::Call;
use testkit::{Answer, SoftPasskey};

use crate::product::Product;

/// What everybody signs in with.
pub const PASSWORD: &str = "correct horse battery staple";

/// Registers, verifies and signs in; the cookie.
pub async fn enter(product: &Product, name: &str) -> String {
    let newcomer = json!({ "email": address(name), "password": PASSWORD, "name": name });
    let register = product.api.post("/v1/auth/register").json(&newcomer);
    register.send().await.expect(202);
    let proof = json!({ "token": newest_token(product, name), "password": PASSWORD });
    let verify = product.api.post("/v1/auth/verify-email").json(&proof);
    verify.send().await.expect(204);
    sign_in(product, name).await
}

/// Signs in by a browser; the cookie.
pub async fn sign_in(product: &Product, name: &str) -> String {
    let login = json!({ "email": address(name), "password": PASSWORD });
    let signed_in = product.api.post("/v1/auth/login").json(&login).send().await;
    signed_in.expect(200).cookie()
}

/// Adds a passkey to the account of whoever has the cookie; the answer, which sets another cookie.
pub async fn add_passkey(product: &Product, cookie: &str, name: &str) -> Answer {
    add_passkey_by(|call| call.cookie(cookie), product, name).await
}

/// The same for a program with an access token.
pub async fn add_passkey_by_token(product: &Product, token: &str, name: &str) -> Answer {
    add_passkey_by(|call| call.bearer(token), product, name).await
}

async fn add_passkey_by(
    by: impl Fn(Call<'_>) -> Call<'_>,
    product: &Product,
    name: &str,
) -> Answer {
    let path = "/v1/me/passkeys";
    let call = by(product.api.post(format!("{path}/options")));
    let options = call.json(&json!({})).send().await;
    let mut passkey = SoftPasskey::new(name, testkit::http::PUBLIC_URL);
    let registration = passkey.create(&options.expect(200).body);
    let body = json!({ "name": "Phone", "registration": registration });
    let call = by(product.api.post(path));
    call.json(&body).send().await.expect(201)
}

/// Registers somebody with a second factor who supports others for the platform, and acts in its tenant; the cookie.
pub async fn supporter(product: &Product, name: &str) -> String {
    let cookie = enter(product, name).await;
    let cookie = add_passkey(product, &cookie, name).await.cookie();
    let me = product.api.get("/v1/me").cookie(&cookie).send().await;
    let user = me.body["user"]["id"].as_str().unwrap().parse().unwrap();
    upkeep::appoint_supporter(&product.upkeep, user)
        .await
        .unwrap();
    let platform = json!({ "tenant_id": domain::tenant::ROOT_TENANT });
    let call = product.api.post("/v1/auth/switch").cookie(&cookie);
    call.json(&platform).send().await.expect(200).cookie()
}

/// What the link in the newest mail to somebody has after `token=`.
pub fn newest_token(product: &Product, name: &str) -> String {
    let mails = product.mailbox.to(&address(name));
    let (_, rest) = mails.last().unwrap().text.split_once("token=").unwrap();
    rest.split_whitespace().next().unwrap().to_owned()
}

/// Where somebody gets mails.
pub fn address(name: &str) -> String {
    format!("{name}@example.com")
}
