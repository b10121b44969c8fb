use domain::membership::Role;
use jiff::SignedDuration;
use serde_json::json;
use testkit::http::{member_of, tenant};

use crate::app::{App, PASSWORD, text};

#[tokio::test]
async fn id_15_session_that_is_idle_for_an_hour_is_dead() {
    let app = App::new().await;
    let cookie = app.browser().await;

    app.clock.advance(SignedDuration::from_mins(59));
    app.me_by_cookie(&cookie).await.expect(200);
    app.clock.advance(SignedDuration::from_mins(59));
    app.me_by_cookie(&cookie).await.expect(200);
    app.clock.advance(SignedDuration::from_mins(61));

    app.me_by_cookie(&cookie)
        .await
        .expect_problem(401, "session_expired");
}

#[tokio::test]
async fn id_15_session_that_is_used_all_the_time_is_dead_after_a_day() {
    let app = App::new().await;
    let cookie = app.browser().await;
    for _ in 0..47 {
        app.clock.advance(SignedDuration::from_mins(30));
        app.me_by_cookie(&cookie).await.expect(200);
    }
    app.clock.advance(SignedDuration::from_mins(29));
    app.me_by_cookie(&cookie).await.expect(200);

    app.clock.advance(SignedDuration::from_mins(1));

    app.me_by_cookie(&cookie)
        .await
        .expect_problem(401, "session_expired");
}

#[tokio::test]
async fn session_use_is_written_at_most_once_in_five_minutes() {
    let app = App::new().await;
    let cookie = app.browser().await;
    app.meter.take();

    for _ in 0..4 {
        app.clock.advance(SignedDuration::from_mins(1));
        app.me_by_cookie(&cookie).await.expect(200);
    }
    let none = app.meter.take().writes;
    app.clock.advance(SignedDuration::from_mins(1));
    app.me_by_cookie(&cookie).await.expect(200);
    let one = app.meter.take().writes;

    assert!(none.abs() < f64::EPSILON, "{none}");
    assert!((one - 1.0).abs() < f64::EPSILON, "{one}");
}

#[tokio::test]
async fn id_16_logout_kills_a_session_at_once() {
    let app = App::new().await;
    let cookie = app.browser().await;

    let call = app.api.post("/v1/auth/logout").cookie(&cookie);
    let answer = call.send().await.expect(204);

    assert!(
        answer.headers["set-cookie"]
            .to_str()
            .unwrap()
            .contains("Max-Age=0")
    );
    app.me_by_cookie(&cookie).await.expect(401);
}

#[tokio::test]
async fn id_16_logout_kills_access_and_refresh_tokens_at_once() {
    let app = App::new().await;
    let pair = app.program().await;

    let call = app
        .api
        .post("/v1/auth/logout")
        .bearer(text(&pair, "access_token"));
    call.send().await.expect(204);

    app.me_by_token(text(&pair, "access_token"))
        .await
        .expect(401);
    app.refresh(text(&pair, "refresh_token")).await.expect(401);
}

#[tokio::test]
async fn id_16_logout_of_a_program_ends_what_it_switched_to() {
    let app = App::new().await;
    let pair = app.program().await;
    let user = text(&pair["user"], "id").parse().unwrap();
    let tenant = tenant(&app.table, &app.clock);
    member_of(&app.table, &app.clock, user, &tenant, Role::Editor).await;
    let call = app.api.post("/v1/auth/switch");
    let call = call.bearer(text(&pair, "access_token"));
    let call = call.json(&json!({ "tenant_id": tenant.id }));
    let beside = call.send().await.expect(200).body;

    let call = app.api.post("/v1/auth/logout");
    let call = call.bearer(text(&pair, "access_token"));
    call.send().await.expect(204);

    let me = app.me_by_token(text(&beside, "access_token")).await;
    me.expect(401);
    let renewed = app.refresh(text(&beside, "refresh_token")).await;
    renewed.expect(401);
}

#[tokio::test]
async fn id_44_logout_of_a_browser_and_of_a_program_is_remembered_with_what_ended() {
    let app = App::new().await;
    let cookie = app.browser().await;
    let pair = app.login(PASSWORD, "token").await.expect(200).body;
    let user = text(&pair["user"], "id").parse().unwrap();
    let listed = app.api.get("/v1/me/sessions").cookie(&cookie);
    let listed = listed.send().await.expect(200).body;
    let items = listed["items"].as_array().unwrap();
    let mut sign_ins: Vec<&str> = items.iter().map(|item| text(item, "id")).collect();
    sign_ins.sort_unstable();
    let logout = || app.api.post("/v1/auth/logout");

    let browser = logout().cookie(&cookie).send();
    browser.await.expect(204);
    let program = logout().bearer(text(&pair, "access_token")).send();
    program.await.expect(204);

    let events = app.table.system().user_events(user, 2).await.unwrap();
    let is_end = |event: &store::UserEvent| event.kind == "user.session_ended";
    assert!(events.iter().all(is_end), "{events:?}");
    let ended = events.iter().map(|event| text(&event.detail, "session"));
    let mut ended: Vec<&str> = ended.collect();
    ended.sort_unstable();
    assert_eq!(ended, sign_ins);
}

#[tokio::test]
async fn id_13_switch_gives_a_browser_a_new_session_and_kills_the_old_one() {
    let app = App::new().await;
    let cookie = app.browser().await;
    let me = app.me_by_cookie(&cookie).await.body;
    let user = text(&me["user"], "id").parse().unwrap();
    let tenant = tenant(&app.table, &app.clock);
    member_of(&app.table, &app.clock, user, &tenant, Role::Editor).await;
    let body = json!({ "tenant_id": tenant.id });

    let call = app.api.post("/v1/auth/switch").cookie(&cookie).json(&body);
    let answer = call.send().await.expect(200);

    assert_eq!(answer.body["tenant_id"], tenant.id.to_string());
    let rebound = answer.cookie();
    app.me_by_cookie(&cookie).await.expect(401);
    let me = app.me_by_cookie(&rebound).await.expect(200).body;
    assert_eq!(me["tenant_id"], tenant.id.to_string());
    assert_eq!(me["tenants"][0]["role"], "editor");
}

#[tokio::test]
async fn id_40_switch_gives_a_program_tokens_of_the_tenant() {
    let app = App::new().await;
    let pair = app.program().await;
    let user = text(&pair["user"], "id").parse().unwrap();
    let tenant = tenant(&app.table, &app.clock);
    member_of(&app.table, &app.clock, user, &tenant, Role::Owner).await;
    let body = json!({ "tenant_id": tenant.id });

    let call = app
        .api
        .post("/v1/auth/switch")
        .bearer(text(&pair, "access_token"))
        .json(&body);
    let bound = call.send().await.expect(200).body;

    let me = app.me_by_token(text(&bound, "access_token")).await.body;
    assert_eq!(me["tenant_id"], tenant.id.to_string());
    let renewed = app.refresh(text(&bound, "refresh_token")).await.body;
    let me = app.me_by_token(text(&renewed, "access_token")).await.body;
    assert_eq!(me["tenant_id"], tenant.id.to_string());
}

#[tokio::test]
async fn id_44_switch_of_a_browser_and_of_a_program_is_remembered_with_its_tenant() {
    let app = App::new().await;
    let cookie = app.browser().await;
    let pair = app.login(PASSWORD, "token").await.expect(200).body;
    let user = text(&pair["user"], "id").parse().unwrap();
    let tenant = tenant(&app.table, &app.clock);
    member_of(&app.table, &app.clock, user, &tenant, Role::Editor).await;
    let switch = || {
        let call = app.api.post("/v1/auth/switch");
        call.json(&json!({ "tenant_id": tenant.id }))
    };

    switch().cookie(&cookie).send().await.expect(200);
    let program = switch().bearer(text(&pair, "access_token")).send();
    program.await.expect(200);

    let events = app.table.system().user_events(user, 2).await.unwrap();
    assert_eq!(events.len(), 2);
    for event in events {
        assert_eq!(event.kind, "user.tenant_entered");
        assert_eq!(text(&event.detail, "tenant"), tenant.id.to_string());
    }
}

#[tokio::test]
async fn id_40_switch_to_a_foreign_tenant_is_answered_like_an_unknown_one() {
    let app = App::new().await;
    let cookie = app.browser().await;
    let foreign = testkit::member(&app.table, &app.clock, Role::Owner).await;

    let mut answers = Vec::new();
    for id in [
        foreign.tenant.to_string(),
        "ten_00000000000000000000000009".to_owned(),
    ] {
        let body = json!({ "tenant_id": id });
        let call = app.api.post("/v1/auth/switch").cookie(&cookie).json(&body);
        let mut body = call.send().await.expect_problem(404, "not_found").body;
        body["instance"] = json!(null);
        answers.push(body);
    }

    assert_eq!(answers[0], answers[1]);
    app.me_by_cookie(&cookie).await.expect(200);
}

#[tokio::test]
async fn id_40_cookie_with_another_tenant_than_its_session_is_refused() {
    let app = App::new().await;
    let cookie = app.browser().await;
    let foreign = testkit::member(&app.table, &app.clock, Role::Owner).await;
    let forged = cookie.replace(".-", &format!(".{}", foreign.tenant));

    assert_ne!(forged, cookie);
    app.me_by_cookie(&forged).await.expect(401);
}

#[tokio::test]
async fn request_with_a_cookie_and_a_token_is_refused() {
    let app = App::new().await;
    let cookie = app.browser().await;
    let pair = app.login(PASSWORD, "token").await.body;

    let call = app.api.get("/v1/me").cookie(&cookie);
    let answer = call.bearer(text(&pair, "access_token")).send().await;

    answer.expect_problem(400, "mixed_credentials");
}

#[tokio::test]
async fn jwks_holds_public_parts_only() {
    let app = App::new().await;

    let answer = app
        .api
        .get("/.well-known/jwks.json")
        .send()
        .await
        .expect(200);

    assert_eq!(answer.headers["cache-control"], "public, max-age=300");
    let keys = answer.body["keys"].as_array().unwrap();
    assert_eq!(keys.len(), 1);
    let mut names: Vec<_> = keys[0].as_object().unwrap().keys().collect();
    names.sort();
    assert_eq!(names, ["alg", "crv", "kid", "kty", "use", "x", "y"]);
}
