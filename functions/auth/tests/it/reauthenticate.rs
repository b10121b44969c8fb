use jiff::SignedDuration;
use serde_json::json;

use crate::app::{App, PASSWORD, text};

#[tokio::test]
async fn id_13_reauthentication_gives_a_browser_a_new_session_and_kills_the_old_one() {
    let app = App::new().await;
    let old = app.browser().await;
    app.clock.advance(SignedDuration::from_mins(30));
    let body = json!({ "password": PASSWORD });

    let call = app.api.post("/v1/auth/reauthenticate").cookie(&old);
    let new = call.json(&body).send().await.expect(200).cookie();

    app.me_by_cookie(&old).await.expect(401);
    app.me_by_cookie(&new).await.expect(200);
}

#[tokio::test]
async fn id_13_reauthentication_gives_a_program_new_tokens_and_kills_the_old_ones() {
    let app = App::new().await;
    let old = app.program().await;
    let body = json!({ "password": PASSWORD });

    let call = app.api.post("/v1/auth/reauthenticate");
    let call = call.bearer(text(&old, "access_token")).json(&body);
    let new = call.send().await.expect(200).body;

    app.me_by_token(text(&old, "access_token"))
        .await
        .expect(401);
    app.refresh(text(&old, "refresh_token")).await.expect(401);
    app.me_by_token(text(&new, "access_token"))
        .await
        .expect(200);
    app.refresh(text(&new, "refresh_token")).await.expect(200);
}

#[tokio::test]
async fn reauthentication_does_not_make_a_session_last_longer() {
    let app = App::new().await;
    let mut cookie = app.browser().await;
    let body = json!({ "password": PASSWORD });
    for half_hour in 0..47 {
        app.clock.advance(SignedDuration::from_mins(30));
        if half_hour % 15 == 0 {
            let call = app.api.post("/v1/auth/reauthenticate").cookie(&cookie);
            cookie = call.json(&body).send().await.expect(200).cookie();
        } else {
            app.me_by_cookie(&cookie).await.expect(200);
        }
    }

    app.clock.advance(SignedDuration::from_mins(30));

    let answer = app.me_by_cookie(&cookie).await;
    answer.expect_problem(401, "session_expired");
}

#[tokio::test]
async fn reauthentication_with_a_wrong_password_leaves_the_session_as_it_is() {
    let app = App::new().await;
    let cookie = app.browser().await;
    let body = json!({ "password": "a wrong password" });

    let call = app.api.post("/v1/auth/reauthenticate").cookie(&cookie);
    let answer = call.json(&body).send().await.expect(422);

    assert_eq!(answer.body["errors"][0]["code"], "wrong_password");
    assert!(!answer.headers.contains_key("set-cookie"));
    app.me_by_cookie(&cookie).await.expect(200);
}
