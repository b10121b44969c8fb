//! People who use the product by their browsers.

use serde_json::json;

use crate::product::Product;

/// What everybody signs in with.
pub const PASSWORD: &str = "correct horse battery staple";

/// Registers, verifies and signs in; the cookie.
pub async fn enter(product: &Product, name: &str) -> String {
    let newcomer = json!({ "email": address(name), "password": PASSWORD, "name": name });
    let register = product.api.post("/v1/auth/register").json(&newcomer);
    register.send().await.expect(202);
    let token = newest_token(product, name);
    let verify = product.api.post("/v1/auth/verify-email");
    let verified = verify.json(&json!({ "token": token })).send().await;
    verified.expect(204);
    sign_in(product, name).await
}

/// Signs in by a browser; the cookie.
pub async fn sign_in(product: &Product, name: &str) -> String {
    let login = json!({ "email": address(name), "password": PASSWORD });
    let signed_in = product.api.post("/v1/auth/login").json(&login).send().await;
    signed_in.expect(200).cookie()
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
