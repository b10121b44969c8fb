//! Changes of second factors whose sign-in ends before they happen.

use std::sync::Arc;

use serde_json::{Value, json};
use testkit::{Answer, SoftPasskey};

use crate::app::{App, text};
use crate::passkeys::{PASSKEYS, add_by_program};
use crate::second_factor::{APP, Phone};

/// Lets a program end its sign-in right before the next transaction.
fn leaving(app: &Arc<App>, token: &str) {
    let leaver = (Arc::clone(app), token.to_owned());
    app.between.before_next_transaction(async move {
        let (app, token) = leaver;
        let call = app.api.post("/v1/auth/logout").bearer(&token);
        call.send().await.expect(204);
    });
}

async fn post(app: &App, token: &str, path: &str, body: &Value) -> Answer {
    app.api.post(path).bearer(token).json(body).send().await
}

/// Confirms a new authenticator app.
async fn confirm(app: &App, token: &str, phone: &Phone) -> Answer {
    let body = json!({ "code": phone.code(app) });
    post(app, token, &format!("{APP}/confirm"), &body).await
}

#[tokio::test(flavor = "multi_thread")]
async fn id_16_program_that_leaves_while_it_adds_an_app_is_unauthenticated() {
    let app = Arc::new(App::new().await);
    let pair = app.program().await;
    let token = text(&pair, "access_token");
    let offer = post(&app, token, APP, &json!({})).await.expect(200).body;
    let phone = Phone::reading(&offer);
    leaving(&app, token);

    let added = confirm(&app, token, &phone).await;

    added.expect_problem(401, "unauthenticated");
}

#[tokio::test(flavor = "multi_thread")]
async fn id_16_program_that_leaves_while_it_removes_an_app_is_unauthenticated() {
    let app = Arc::new(App::new().await);
    let pair = app.program().await;
    let token = text(&pair, "access_token");
    let offer = post(&app, token, APP, &json!({})).await.expect(200).body;
    confirm(&app, token, &Phone::reading(&offer))
        .await
        .expect(200);
    leaving(&app, token);

    let removed = app.api.delete(APP).bearer(token).send().await;

    removed.expect_problem(401, "unauthenticated");
}

#[tokio::test(flavor = "multi_thread")]
async fn id_16_program_that_leaves_while_it_removes_a_passkey_is_unauthenticated() {
    let app = Arc::new(App::new().await);
    let pair = app.program().await;
    let token = text(&pair, "access_token");
    let mut passkey = SoftPasskey::new("phone", testkit::http::PUBLIC_URL);
    let added = add_by_program(&app, token, &mut passkey).await.expect(201);
    let path = format!("{PASSKEYS}/{}", text(&added.body["passkey"], "id"));
    leaving(&app, token);

    let removed = app.api.delete(path).bearer(token).send().await;

    removed.expect_problem(401, "unauthenticated");
}

#[tokio::test(flavor = "multi_thread")]
async fn id_16_browser_that_leaves_while_it_removes_an_app_is_unauthenticated() {
    let app = Arc::new(App::new().await);
    let cookie = app.browser().await;
    let post = |path: String, body: Value| {
        let call = app.api.post(path).cookie(&cookie);
        async move { call.json(&body).send().await }
    };
    let offer = post(APP.to_owned(), json!({})).await.expect(200).body;
    let code = json!({ "code": Phone::reading(&offer).code(&app) });
    let cookie = post(format!("{APP}/confirm"), code)
        .await
        .expect(200)
        .cookie();
    let leaver = (Arc::clone(&app), cookie.clone());
    app.between.before_next_transaction(async move {
        let (app, cookie) = leaver;
        let call = app.api.post("/v1/auth/logout").cookie(&cookie);
        call.send().await.expect(204);
    });

    let removed = app.api.delete(APP).cookie(&cookie).send().await;

    removed.expect_problem(401, "unauthenticated");
}
