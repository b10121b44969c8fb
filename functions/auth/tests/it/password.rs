use http::HeaderMap;
use jiff::SignedDuration;
use serde_json::{Value, json};
use testkit::Answer;

use crate::app::{ADDRESS, App, PASSWORD, text};
use crate::email::wish;
use crate::passkeys::guarded;

const NEW: &str = "seven looms weave flowers";

pub(crate) async fn forgot(app: &App, address: &str) -> Answer {
    let body = json!({ "email": address });
    let call = app.api.post("/v1/auth/forgot-password").json(&body);
    call.send().await
}

pub(crate) async fn reset(app: &App, token: &str, password: &str) -> Answer {
    let body = json!({ "token": token, "password": password });
    let call = app.api.post("/v1/auth/reset-password").json(&body);
    call.send().await
}

async fn change(app: &App, cookie: &str, current: &str, new: &str) -> Answer {
    let body = json!({ "current_password": current, "new_password": new });
    let call = app.api.post("/v1/me/password").cookie(cookie).json(&body);
    call.send().await
}

/// Everything about an answer that a caller can compare; the request id differs always.
fn comparable(headers: &HeaderMap) -> Vec<(String, String)> {
    headers
        .iter()
        .filter(|(name, _)| *name != "x-request-id")
        .map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned()))
        .collect()
}

#[tokio::test]
async fn id_01_reset_of_an_unknown_address_answers_the_same_and_mails_the_truth() {
    let app = App::new().await;
    app.newcomer().await;

    let known = forgot(&app, ADDRESS).await.expect(202);
    let unknown = forgot(&app, "nobody@example.com").await.expect(202);

    assert_eq!(known.body, unknown.body);
    assert_eq!(comparable(&known.headers), comparable(&unknown.headers));
    let mails = app.mailbox.to("nobody@example.com");
    assert_eq!(mails.len(), 1);
    assert!(
        mails[0].subject.contains("No account"),
        "{}",
        mails[0].subject
    );
    assert!(!mails[0].text.contains("token="));
}

#[tokio::test]
async fn id_10_reset_link_begins_with_the_configured_address_whatever_the_request_says() {
    let app = App::new().await;
    app.newcomer().await;
    let body = json!({ "email": ADDRESS });

    let call = app.api.post("/v1/auth/forgot-password").json(&body);
    let call = call.header("host", "evil.example");
    let call = call.header("x-forwarded-host", "evil.example");
    call.send().await.expect(202);

    let mails = app.mailbox.to(ADDRESS);
    let mail = mails.last().unwrap();
    let link = "http://127.0.0.1:8080/reset-password?token=";
    assert!(mail.text.contains(link), "{}", mail.text);
    assert!(!format!("{}{}", mail.text, mail.html).contains("evil"));
}

#[tokio::test]
async fn id_09_reset_link_sets_a_password_once() {
    let app = App::new().await;
    app.newcomer().await;
    forgot(&app, ADDRESS).await;
    let token = app.newest_token(ADDRESS);
    // 256 bits, of which the table has a hash.
    assert_eq!(token.len(), 43);
    let raw = testkit::table::everything(&app.client).await;
    assert!(!raw.contains(&token));

    reset(&app, &token, NEW).await.expect(204);

    let again = reset(&app, &token, "eight looms weave flowers").await;
    again.expect_problem(410, "token_used");
    app.login(PASSWORD, "token").await.expect(401);
    app.login(NEW, "token").await.expect(200);
}

#[tokio::test]
async fn id_09_reset_link_that_is_older_than_an_hour_is_gone() {
    let app = App::new().await;
    app.newcomer().await;
    forgot(&app, ADDRESS).await;

    app.clock.advance(SignedDuration::from_mins(60));

    let answer = reset(&app, &app.newest_token(ADDRESS), NEW).await;
    answer.expect_problem(410, "token_expired");
    app.login(PASSWORD, "token").await.expect(200);
}

#[tokio::test]
async fn id_09_reset_link_of_before_another_new_password_is_gone() {
    let app = App::new().await;
    let cookie = app.browser().await;
    forgot(&app, ADDRESS).await;
    let token = app.newest_token(ADDRESS);
    change(&app, &cookie, PASSWORD, NEW).await.expect(204);

    let answer = reset(&app, &token, "eight looms weave flowers").await;

    answer.expect_problem(410, "token_expired");
    app.login(NEW, "token").await.expect(200);
}

#[tokio::test]
async fn id_11_reset_ends_every_sign_in_and_is_told_to_the_person() {
    let app = App::new().await;
    let cookie = app.browser().await;
    let pair = app.login(PASSWORD, "token").await.expect(200).body;
    forgot(&app, ADDRESS).await;

    let answer = reset(&app, &app.newest_token(ADDRESS), NEW)
        .await
        .expect(204);

    assert!(
        !answer.headers.contains_key("set-cookie"),
        "it is no sign-in"
    );
    app.me_by_cookie(&cookie).await.expect(401);
    app.me_by_token(text(&pair, "access_token"))
        .await
        .expect(401);
    app.refresh(text(&pair, "refresh_token")).await.expect(401);
    let mails = app.mailbox.to(ADDRESS);
    let notice = mails.last().unwrap();
    assert!(notice.subject.contains("password"), "{}", notice.subject);
    assert!(notice.subject.contains("changed"), "{}", notice.subject);
}

#[tokio::test]
async fn reset_before_the_proof_of_the_address_proves_it() {
    let app = App::new().await;
    app.register(ADDRESS, "the password of somebody else").await;
    forgot(&app, ADDRESS).await;

    reset(&app, &app.newest_token(ADDRESS), NEW)
        .await
        .expect(204);

    app.login("the password of somebody else", "token")
        .await
        .expect(401);
    app.login(NEW, "token").await.expect(200);
}

#[tokio::test]
async fn id_04_reset_refuses_a_password_of_the_persons_own_words() {
    let app = App::new().await;
    app.newcomer().await;
    forgot(&app, ADDRESS).await;
    let token = app.newest_token(ADDRESS);

    let answer = reset(&app, &token, "ada@example.com ada").await.expect(422);

    let error = &answer.body["errors"][0];
    assert_eq!(
        (&error["pointer"], &error["code"]),
        (&json!("/password"), &json!("too_common"))
    );
    reset(&app, &token, NEW).await.expect(204);
}

#[tokio::test]
async fn id_04_reset_refuses_a_password_of_the_workspaces_words() {
    let app = App::new().await;
    app.newcomer().await;
    let cookie = app.login(PASSWORD, "cookie").await.expect(200).cookie();
    let me = app.me_by_cookie(&cookie).await.expect(200).body;
    let user = text(&me["user"], "id").parse().unwrap();
    let tenant = testkit::http::tenant(&app.table, &app.clock);
    let owner = domain::membership::Role::Owner;
    testkit::http::member_of(&app.table, &app.clock, user, &tenant, owner).await;
    let of_workspace = "analytical engines 99";

    let refused = change(&app, &cookie, PASSWORD, of_workspace)
        .await
        .expect(422);
    forgot(&app, ADDRESS).await;
    let token = app.newest_token(ADDRESS);
    let again = reset(&app, &token, of_workspace).await.expect(422);

    for refused in [refused, again] {
        assert_eq!(refused.body["errors"][0]["code"], "too_common");
    }
}

#[tokio::test]
async fn id_04_stolen_or_simple_password_is_refused_wherever_one_is_chosen() {
    let app = App::new().await;
    let cookie = app.browser().await;
    forgot(&app, ADDRESS).await;
    let token = app.newest_token(ADDRESS);

    for (easy, code) in [
        ("perasperaadastra", "stolen"),
        ("Elephant-Giraffe!", "stolen"),
        ("ada-crocodile-ada", "stolen"),
        ("internationally", "too_simple"),
        ("21.11.1999 Buckinghamshire", "too_simple"),
    ] {
        for (refused, pointer) in [
            (app.register("grace@example.com", easy).await, "/password"),
            (change(&app, &cookie, PASSWORD, easy).await, "/new_password"),
            (reset(&app, &token, easy).await, "/password"),
        ] {
            let body = refused.expect(422).body;
            let errors = body["errors"].as_array().unwrap();
            assert_eq!(errors.len(), 1, "{easy}");
            assert_eq!(errors[0]["code"], code, "{easy}");
            assert_eq!(errors[0]["pointer"], pointer);
        }
    }

    assert!(app.mailbox.to("grace@example.com").is_empty());
    app.login(PASSWORD, "token").await.expect(200);
}

#[tokio::test]
async fn id_05_password_of_years_ago_is_good_without_a_change() {
    let app = App::new().await;
    app.newcomer().await;

    app.clock.advance(SignedDuration::from_hours(5 * 365 * 24));

    let cookie = app.login(PASSWORD, "cookie").await.expect(200).cookie();
    app.me_by_cookie(&cookie).await.expect(200);
}

#[tokio::test]
async fn id_05_change_needs_the_present_password() {
    let app = App::new().await;
    let cookie = app.browser().await;

    let refused = change(&app, &cookie, "a wrong password", NEW)
        .await
        .expect(422);

    let error = &refused.body["errors"][0];
    assert_eq!(error["pointer"], "/current_password");
    assert_eq!(error["code"], "wrong_password");
    app.login(PASSWORD, "token").await.expect(200);
    app.login(NEW, "token").await.expect(401);
}

#[tokio::test]
async fn id_11_change_ends_other_sign_ins_and_is_told_to_the_person() {
    let app = App::new().await;
    let here = app.browser().await;
    let there = app.login(PASSWORD, "cookie").await.expect(200).cookie();
    let pair = app.login(PASSWORD, "token").await.expect(200).body;
    let before = app.mailbox.to(ADDRESS).len();

    let renewed = change(&app, &here, PASSWORD, NEW)
        .await
        .expect(204)
        .cookie();

    app.me_by_cookie(&renewed).await.expect(200);
    for dead in [&here, &there] {
        app.me_by_cookie(dead).await.expect(401);
    }
    app.refresh(text(&pair, "refresh_token")).await.expect(401);
    let mails = app.mailbox.to(ADDRESS);
    assert_eq!(mails.len(), before + 1);
    assert!(mails[before].subject.contains("changed"));
}

#[tokio::test]
async fn id_11_change_leaves_other_sign_ins_alone_where_that_is_wished() {
    let app = App::new().await;
    let here = app.browser().await;
    let there = app.login(PASSWORD, "cookie").await.expect(200).cookie();
    let body = json!({
        "current_password": PASSWORD,
        "new_password": NEW,
        "end_other_sessions": false,
    });

    let call = app.api.post("/v1/me/password").cookie(&here).json(&body);
    let renewed = call.send().await.expect(204).cookie();

    app.me_by_cookie(&there).await.expect(200);
    app.me_by_cookie(&renewed).await.expect(200);
    app.me_by_cookie(&here).await.expect(401);
}

#[tokio::test]
async fn id_18_change_of_the_password_is_no_proof_by_both_factors() {
    let app = App::new().await;
    let cookie = guarded(&app).await.cookie;
    app.clock.advance(SignedDuration::from_mins(30));

    let changed = change(&app, &cookie, PASSWORD, NEW).await.expect(204);

    let wished = wish(&app, &changed.cookie(), "countess@example.com").await;
    wished.expect_problem(401, "insufficient_user_authentication");
}

#[tokio::test]
async fn change_by_a_program_keeps_its_own_sign_in() {
    let app = App::new().await;
    let pair = app.program().await;
    let other = app.login(PASSWORD, "token").await.expect(200).body;
    let body = json!({ "current_password": PASSWORD, "new_password": NEW });

    let call = app
        .api
        .post("/v1/me/password")
        .bearer(text(&pair, "access_token"));
    let answer = call.json(&body).send().await.expect(204);

    assert_eq!(answer.body, Value::Null);
    app.refresh(text(&pair, "refresh_token")).await.expect(200);
    app.refresh(text(&other, "refresh_token")).await.expect(401);
}

#[tokio::test]
async fn id_44_password_acts_are_remembered_without_secrets() {
    let app = App::new().await;
    let cookie = app.browser().await;
    let me = app.me_by_cookie(&cookie).await.body;
    let user = text(&me["user"], "id").parse().unwrap();
    change(&app, &cookie, PASSWORD, NEW).await.expect(204);
    forgot(&app, ADDRESS).await;
    reset(
        &app,
        &app.newest_token(ADDRESS),
        "eight looms weave flowers",
    )
    .await
    .expect(204);

    let mut events = app.table.system().user_events(user, 50).await.unwrap();
    events.reverse();

    let kinds: Vec<&str> = events.iter().map(|event| event.kind.as_str()).collect();
    assert_eq!(
        kinds,
        [
            "user.registered",
            "user.email_verified",
            "user.signed_in",
            "user.password_changed",
            "user.password_reset_requested",
            "user.password_reset",
        ]
    );
    let all = format!("{events:?}");
    for secret in [PASSWORD, NEW, &app.newest_token(ADDRESS), "argon2"] {
        assert!(!all.contains(secret), "{secret}");
    }
}
