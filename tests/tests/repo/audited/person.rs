//! What somebody does with their own account, outside of any tenant.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use testkit::SoftPasskey;
use testkit::http::PUBLIC_URL;
use tests::people::{self, PASSWORD};
use tests::phone::Phone;

use super::content::PIXELS;
use super::story::{Story, id};

const NAME: &str = "vera";

pub(super) async fn person(story: &mut Story) {
    registration(story).await;
    let password = passwords(story).await;
    sessions(story, password).await;
    authenticator(story).await;
    passkey(story).await;
    address(story).await;
    farewell(story).await;
}

fn token(story: &Story, name: &str) -> Value {
    json!({ "token": people::newest_token(&story.product, name) })
}

async fn registration(story: &mut Story) {
    story.cookie = String::new();
    let email = people::address(NAME);
    let newcomer = json!({ "email": email, "password": PASSWORD, "name": "Vera" });
    story.act("POST /v1/auth/register", &[], &newcomer).await;
    let again = json!({ "email": email });
    story
        .act("POST /v1/auth/resend-verification", &[], &again)
        .await;
    let mut proven = token(story, NAME);
    proven["password"] = json!(PASSWORD);
    story.act("POST /v1/auth/verify-email", &[], &proven).await;
}

/// The password after it was forgotten and changed.
async fn passwords(story: &mut Story) -> &'static str {
    let email = json!({ "email": people::address(NAME) });
    story.act("POST /v1/auth/new-browser", &[], &email).await;
    let admit = token(story, NAME);
    story.act("POST /v1/auth/admit-browser", &[], &admit).await;
    let (forgotten, changed) = ("seven looms weave flowers", "eight looms weave flowers");
    story
        .act("POST /v1/auth/forgot-password", &[], &email)
        .await;
    let mut reset = token(story, NAME);
    reset["password"] = json!(forgotten);
    story.act("POST /v1/auth/reset-password", &[], &reset).await;
    sign_in(story, forgotten).await;
    let change = json!({ "current_password": forgotten, "new_password": changed });
    story.act("POST /v1/me/password", &[], &change).await;
    changed
}

async fn sign_in(story: &mut Story, password: &str) {
    let login = json!({ "email": people::address(NAME), "password": password });
    story.act("POST /v1/auth/login", &[], &login).await;
}

async fn sessions(story: &mut Story, password: &str) {
    let none = Value::Null;
    let program = json!({ "email": people::address(NAME), "password": password, "mode": "token" });
    let tokens = story.act("POST /v1/auth/login", &[], &program).await;
    let renew = json!({ "refresh_token": tokens["refresh_token"] });
    story.prepare("POST /v1/auth/refresh", &renew).await;
    let sessions = story.read("/v1/me/sessions").await;
    let is_other = |session: &&Value| session["is_current"] == false;
    let other = sessions["items"].as_array().unwrap().iter().find(is_other);
    let other = id(other.unwrap());
    story
        .act("DELETE /v1/me/sessions/{id}", &[&other], &none)
        .await;
    story.act("DELETE /v1/me/sessions", &[], &none).await;
    let edit = json!({ "name": "Vera Rubin" });
    story.act("PATCH /v1/me", &[], &edit).await;
    let picture = json!({ "image": STANDARD.encode(PIXELS) });
    story.act("PUT /v1/me/avatar", &[], &picture).await;
    story.act("DELETE /v1/me/avatar", &[], &none).await;
    story.act("POST /v1/auth/logout", &[], &json!({})).await;
    sign_in(story, password).await;
    let proof = json!({ "password": password });
    story.act("POST /v1/auth/reauthenticate", &[], &proof).await;
}

async fn authenticator(story: &mut Story) {
    let app = "/v1/me/second-factor/authenticator";
    let offer = story.prepare(&format!("POST {app}"), &json!({})).await;
    let phone = Phone::told(offer["secret"].as_str().unwrap());
    let code = json!({ "code": phone.code(&story.product.clock) });
    story.act(&format!("POST {app}/confirm"), &[], &code).await;
    let codes = "POST /v1/me/second-factor/recovery-codes";
    story.act(codes, &[], &json!({})).await;
    story.act(&format!("DELETE {app}"), &[], &Value::Null).await;
}

async fn passkey(story: &mut Story) {
    let empty = json!({});
    let mut phone = SoftPasskey::new(NAME, PUBLIC_URL);
    let options = story.prepare("POST /v1/me/passkeys/options", &empty).await;
    let new = json!({ "name": "Phone", "registration": phone.create(&options) });
    let added = story.act("POST /v1/me/passkeys", &[], &new).await;
    let passkey = id(&added["passkey"]);
    let passkey = [passkey.as_str()];
    let name = json!({ "name": "Old phone" });
    story
        .act("PATCH /v1/me/passkeys/{id}", &passkey, &name)
        .await;
    let options = "POST /v1/auth/reauthenticate/options";
    let options = story.prepare(options, &empty).await;
    let proof = json!({ "passkey": phone.get(&options) });
    story.act("POST /v1/auth/reauthenticate", &[], &proof).await;
    story.cookie = String::new();
    let options = "POST /v1/auth/passkey/options";
    let options = story.prepare(options, &empty).await;
    let assertion = json!({ "assertion": phone.get(&options) });
    story.act("POST /v1/auth/passkey", &[], &assertion).await;
    story
        .act("DELETE /v1/me/passkeys/{id}", &passkey, &Value::Null)
        .await;
}

/// Another address, and back.
async fn address(story: &mut Story) {
    let next = "rubin";
    let email = json!({ "email": people::address(next) });
    story.act("POST /v1/me/email", &[], &email).await;
    let confirm = token(story, next);
    story
        .act("POST /v1/auth/confirm-email", &[], &confirm)
        .await;
    let revert = token(story, NAME);
    story.act("POST /v1/auth/revert-email", &[], &revert).await;
}

/// The end of the account, with a password by the link that came with the address.
async fn farewell(story: &mut Story) {
    let password = "nine looms weave flowers";
    let mut reset = token(story, NAME);
    reset["password"] = json!(password);
    story.act("POST /v1/auth/reset-password", &[], &reset).await;
    sign_in(story, password).await;
    story.act("DELETE /v1/me", &[], &Value::Null).await;
}
