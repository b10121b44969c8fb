use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::app::{ADDRESS, App, PASSWORD, text};

const FIREFOX: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";

/// The usual person, signed in by Firefox as well.
async fn with_firefox(app: &App) -> String {
    let body = json!({ "email": ADDRESS, "password": PASSWORD });
    let call = app.api.post("/v1/auth/login").json(&body);
    let call = call.header("user-agent", FIREFOX);
    call.send().await.expect(200).cookie()
}

async fn sessions(app: &App, cookie: &str) -> Vec<Value> {
    let call = app.api.get("/v1/me/sessions").cookie(cookie);
    let body = call.send().await.expect(200).body;
    body["items"].as_array().unwrap().clone()
}

#[tokio::test]
async fn id_17_person_sees_where_they_are_signed_in() {
    let app = App::new().await;
    let pair = app.program().await;
    app.clock.advance(SignedDuration::from_mins(1));

    let cookie = with_firefox(&app).await;

    let [browser, program] = &sessions(&app, &cookie).await[..] else {
        panic!("two sign-ins");
    };
    assert_eq!(browser["kind"], "browser");
    assert_eq!(browser["device"], "Firefox on Linux");
    assert_eq!(browser["is_current"], true);
    assert_eq!(browser["last_used_at"], "2026-12-01T08:01:00Z");
    assert_eq!(program["kind"], "program");
    assert_eq!(program["is_current"], false);
    assert_eq!(program["signed_in_at"], "2026-12-01T08:00:00Z");
    let raw = testkit::table::everything(&app.client).await;
    let secret = cookie.trim_start_matches("sid=").split('.').next().unwrap();
    assert!(!raw.contains(secret));
    app.me_by_token(text(&pair, "access_token"))
        .await
        .expect(200);
}

#[tokio::test]
async fn id_17_person_ends_one_sign_in() {
    let app = App::new().await;
    let pair = app.program().await;
    let cookie = with_firefox(&app).await;
    let listed = sessions(&app, &cookie).await;
    let program = listed
        .iter()
        .find(|item| item["kind"] == "program")
        .unwrap();
    let path = format!("/v1/me/sessions/{}", text(program, "id"));

    app.api
        .delete(&path)
        .cookie(&cookie)
        .send()
        .await
        .expect(204);

    app.me_by_token(text(&pair, "access_token"))
        .await
        .expect(401);
    app.refresh(text(&pair, "refresh_token")).await.expect(401);
    app.me_by_cookie(&cookie).await.expect(200);
    assert_eq!(sessions(&app, &cookie).await.len(), 1);
    let again = app.api.delete(&path).cookie(&cookie).send().await;
    again.expect_problem(404, "not_found");
}

#[tokio::test]
async fn id_17_person_ends_all_other_sign_ins() {
    let app = App::new().await;
    let pair = app.program().await;
    let there = with_firefox(&app).await;
    let here = with_firefox(&app).await;

    let call = app.api.delete("/v1/me/sessions").cookie(&here);
    call.send().await.expect(204);

    app.me_by_cookie(&here).await.expect(200);
    app.me_by_cookie(&there).await.expect(401);
    app.me_by_token(text(&pair, "access_token"))
        .await
        .expect(401);
}

#[tokio::test]
async fn id_17_person_ends_sign_ins_after_a_recent_proof_only() {
    let app = App::new().await;
    app.newcomer().await;
    let cookie = with_firefox(&app).await;
    let id = text(&sessions(&app, &cookie).await[0], "id").to_owned();
    app.clock.advance(SignedDuration::from_mins(10));

    for path in [
        "/v1/me/sessions".to_owned(),
        format!("/v1/me/sessions/{id}"),
    ] {
        let answer = app.api.delete(&path).cookie(&cookie).send().await;
        answer.expect_problem(401, "insufficient_user_authentication");
    }
    let body = json!({ "password": PASSWORD });
    let call = app.api.post("/v1/auth/reauthenticate").cookie(&cookie);
    let renewed = call.json(&body).send().await.expect(200).cookie();
    let call = app.api.delete("/v1/me/sessions").cookie(&renewed);

    call.send().await.expect(204);
}

#[tokio::test]
async fn sign_in_of_somebody_else_cannot_be_ended() {
    let app = App::new().await;
    app.newcomer().await;
    let ada = with_firefox(&app).await;
    let id = text(&sessions(&app, &ada).await[0], "id").to_owned();
    let stranger = domain::UserId::generate(app.table.ids());
    let grace = testkit::http::session(&app.table, &app.clock, stranger, None).await;

    for id in [
        id.as_str(),
        "ses_0",
        "%ff",
        "fam_00000000000000000000000001",
    ] {
        let call = app
            .api
            .delete(format!("/v1/me/sessions/{id}"))
            .cookie(&grace);
        call.send().await.expect_problem(404, "not_found");
    }

    app.me_by_cookie(&ada).await.expect(200);
}
