use std::sync::Arc;

use jiff::SignedDuration;
use serde_json::{Value, json};
use testkit::Answer;

use crate::app::{ADDRESS, App, PASSWORD, text};

async fn login(app: &App, address: &str, password: &str) -> Answer {
    let body = json!({ "email": address, "password": password });
    app.api.post("/v1/auth/login").json(&body).send().await
}

#[tokio::test]
async fn login_in_token_mode_answers_as_documented() {
    let app = App::new().await;
    app.newcomer().await;

    let answer = app.login(PASSWORD, "token").await.expect(200);

    let body = &answer.body;
    assert!(text(&body["user"], "id").starts_with("usr_"));
    assert_eq!(body["user"]["email"], ADDRESS);
    assert_eq!(body["user"]["name"], "Ada");
    assert_eq!(body["tenants"], json!([]));
    assert_eq!(body["tenant_id"], Value::Null);
    assert_eq!(body["token_type"], "Bearer");
    assert_eq!(body["expires_in"], 300);
    assert!(!answer.headers.contains_key("set-cookie"));
    app.me_by_token(text(body, "access_token"))
        .await
        .expect(200);
}

#[tokio::test]
async fn id_29_login_in_cookie_mode_sets_a_cookie_that_scripts_cannot_read() {
    let app = App::new().await;
    app.newcomer().await;
    let body = json!({ "email": ADDRESS, "password": PASSWORD });

    let call = app.api.post("/v1/auth/login").json(&body);
    let answer = call.send().await.expect(200);

    let header = answer.headers["set-cookie"].to_str().unwrap();
    for attribute in ["sid=", "; Path=/", "; HttpOnly", "; SameSite=Lax"] {
        assert!(header.contains(attribute), "{header}");
    }
    assert!(!header.contains("Domain"));
    assert!(answer.body.get("access_token").is_none());
    let me = app.me_by_cookie(&answer.cookie()).await.expect(200).body;
    assert_eq!(me["user"]["email"], ADDRESS);
    assert_eq!(me["tenant_id"], Value::Null);
}

#[tokio::test]
async fn id_02_login_with_a_wrong_password_costs_one_hash_like_every_other() {
    let app = App::new().await;
    app.newcomer().await;
    app.register("grace@example.com", PASSWORD).await;

    for (address, password, status) in [
        (ADDRESS, PASSWORD, 200),
        (ADDRESS, "a wrong password", 401),
        ("grace@example.com", "a wrong password", 401),
        ("grace@example.com", PASSWORD, 401),
        ("nobody@example.com", PASSWORD, 401),
        ("no address", PASSWORD, 401),
    ] {
        let (answer, work) = app.work(login(&app, address, password)).await;
        answer.expect(status);
        assert_eq!(work.hashes, 1, "{address} {password}");
    }
}

#[tokio::test]
async fn id_02_login_that_fails_makes_as_many_calls_of_the_table_for_every_reason() {
    let app = App::new().await;
    app.newcomer().await;
    app.register("grace@example.com", PASSWORD).await;
    let mut works = Vec::new();
    // The counters that all have in common are begun.
    for password in ["a wrong password", PASSWORD] {
        login(&app, "somebody@example.com", password)
            .await
            .expect(401);
    }

    for (address, password) in [
        (ADDRESS, "a wrong password"),
        ("grace@example.com", "a wrong password"),
        ("grace@example.com", PASSWORD),
        ("nobody@example.com", "a wrong password"),
    ] {
        let (answer, work) = app.work(login(&app, address, password)).await;
        answer.expect(401);
        works.push(work);
    }

    assert!(works[0].calls > 1, "{works:?}");
    works.dedup();
    assert_eq!(works.len(), 1, "{works:?}");
}

#[tokio::test]
async fn id_02_login_that_fails_says_the_same_for_every_reason() {
    let app = App::new().await;
    app.newcomer().await;
    app.register("grace@example.com", PASSWORD).await;
    let mut bodies = Vec::new();

    for (address, password) in [
        (ADDRESS, "a wrong password"),
        ("grace@example.com", PASSWORD),
        ("nobody@example.com", PASSWORD),
        ("no address", PASSWORD),
    ] {
        let body = json!({ "email": address, "password": password });
        let call = app.api.post("/v1/auth/login").json(&body);
        let answer = call.send().await.expect_problem(401, "invalid_credentials");
        assert!(answer.headers.contains_key("www-authenticate"));
        let mut body = answer.body;
        body["instance"] = Value::Null;
        bodies.push(body);
    }

    bodies.dedup();
    assert_eq!(bodies.len(), 1, "{bodies:?}");
}

#[tokio::test]
async fn login_before_the_proof_is_refused_and_says_what_else_it_can_be() {
    let app = App::new().await;
    app.register(ADDRESS, PASSWORD).await;

    let early = app.login(PASSWORD, "token").await;

    let early = early.expect_problem(401, "invalid_credentials");
    let detail = text(&early.body, "detail");
    assert!(detail.contains("link in the mail"), "{detail}");
    app.verify(&app.newest_token(ADDRESS)).await.expect(204);
    app.login(PASSWORD, "token").await.expect(200);
}

#[tokio::test]
async fn login_of_a_member_of_one_tenant_is_bound_to_it() {
    let app = App::new().await;
    let user: domain::UserId = text(&app.program().await["user"], "id").parse().unwrap();
    let tenant = testkit::http::tenant(&app.table, &app.clock);
    testkit::http::member_of(
        &app.table,
        &app.clock,
        user,
        &tenant,
        domain::membership::Role::Owner,
    )
    .await;

    let body = app.login(PASSWORD, "token").await.expect(200).body;

    assert_eq!(body["tenant_id"], tenant.id.to_string());
    assert_eq!(body["tenants"][0]["id"], tenant.id.to_string());
    assert_eq!(body["tenants"][0]["role"], "owner");
}

#[tokio::test]
async fn id_13_login_over_a_session_ends_it() {
    let app = App::new().await;
    let first = app.browser().await;
    let body = json!({ "email": ADDRESS, "password": PASSWORD });

    let call = app.api.post("/v1/auth/login").cookie(&first).json(&body);
    let second = call.send().await.expect(200).cookie();

    assert_ne!(first, second);
    app.me_by_cookie(&first).await.expect(401);
    app.me_by_cookie(&second).await.expect(200);
}

async fn login_over(app: &App, cookie: &str) -> Answer {
    let body = json!({ "email": ADDRESS, "password": PASSWORD });
    let call = app.api.post("/v1/auth/login").cookie(cookie).json(&body);
    call.send().await
}

#[tokio::test]
async fn id_13_login_over_a_session_whose_process_dies_ends_it() {
    let app = App::new().await;
    let first = app.browser().await;
    app.between.die_after_transactions(1);

    login_over(&app, &first).await;

    app.between.live_again();
    app.me_by_cookie(&first).await.expect(401);
}

#[tokio::test]
async fn id_44_login_over_a_session_remembers_its_end_once() {
    let app = App::new().await;
    let first = app.browser().await;
    let me = app.me_by_cookie(&first).await.expect(200).body;
    let user = text(&me["user"], "id").parse().unwrap();
    let listed = app.api.get("/v1/me/sessions").cookie(&first);
    let listed = listed.send().await.expect(200).body;
    let ended = text(&listed["items"][0], "id");

    login_over(&app, &first).await.expect(200);
    // One that is over already does not end again.
    let second = login_over(&app, &first).await.expect(200).cookie();
    app.clock.advance(SignedDuration::from_mins(61));
    login_over(&app, &second).await.expect(200);

    let events = app.table.system().user_events(user, 20).await.unwrap();
    let ends: Vec<&str> = events
        .iter()
        .filter(|event| event.kind == "user.session_ended")
        .map(|event| text(&event.detail, "session"))
        .collect();
    assert_eq!(ends, [ended]);
}

/// It ends between the look at it and the sign-in.
#[tokio::test(flavor = "multi_thread")]
async fn id_13_login_over_a_session_that_ends_meanwhile_begins_all_the_same() {
    let app = Arc::new(App::new().await);
    let first = app.browser().await;
    let leaver = (Arc::clone(&app), first.clone());
    app.between.before_next_transaction(async move {
        let (app, first) = leaver;
        let call = app.api.post("/v1/auth/logout").cookie(&first);
        call.send().await.expect(204);
    });

    let second = login_over(&app, &first).await.expect(200).cookie();

    app.me_by_cookie(&second).await.expect(200);
}

#[tokio::test]
async fn id_13_login_never_takes_over_a_session_id_that_was_preset() {
    let app = App::new().await;
    app.newcomer().await;
    let preset = "sid=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA.usr_00000000000000000000000001.-";
    let body = json!({ "email": ADDRESS, "password": PASSWORD });

    let call = app.api.post("/v1/auth/login").cookie(preset).json(&body);
    let cookie = call.send().await.expect(200).cookie();

    assert_ne!(cookie, preset);
    app.me_by_cookie(preset).await.expect(401);
}

#[tokio::test]
async fn id_14_secrets_of_a_sign_in_are_nowhere_in_the_table() {
    let app = App::new().await;
    let cookie = app.browser().await;
    let tokens = app.login(PASSWORD, "token").await.expect(200).body;
    let token = app.newest_token(ADDRESS);

    let raw = testkit::table::everything(&app.client).await;

    let session = cookie.trim_start_matches("sid=").split('.').next().unwrap();
    let refresh = text(&tokens, "refresh_token").rsplit('.').next().unwrap();
    for secret in [session, refresh, &token, PASSWORD, "$argon2id$"] {
        assert!(!raw.contains(secret), "{secret}");
    }
    assert!(raw.contains(ADDRESS));
}

#[tokio::test]
async fn me_without_a_credential_is_refused() {
    let app = App::new().await;

    let answer = app.api.get("/v1/me").send().await;

    let answer = answer.expect_problem(401, "unauthenticated");
    assert_eq!(answer.headers["www-authenticate"], "Bearer");
}
