use domain::membership::{Permission, Role};
use jiff::SignedDuration;
use serde_json::{Value, json};
use testkit::Answer;
use testkit::http::{api_key, member_of, tenant};

use crate::app::{ADDRESS, App, PASSWORD, text};

pub(crate) const NEW: &str = "countess@example.com";
const NEXT: &str = "seven looms weave flowers";

pub(crate) async fn wish(app: &App, cookie: &str, address: &str) -> Answer {
    let body = json!({ "email": address });
    let call = app.api.post("/v1/me/email").cookie(cookie).json(&body);
    call.send().await
}

pub(crate) async fn follow(app: &App, page: &str, token: &str) -> Answer {
    let body = json!({ "token": token });
    let call = app.api.post(format!("/v1/auth/{page}")).json(&body);
    call.send().await
}

pub(crate) async fn login_as(app: &App, address: &str, password: &str) -> Answer {
    let body = json!({ "email": address, "password": password, "mode": "token" });
    app.api.post("/v1/auth/login").json(&body).send().await
}

/// The usual person, who has a new address now; their cookie.
pub(crate) async fn moved(app: &App) -> String {
    let cookie = app.browser().await;
    wish(app, &cookie, NEW).await.expect(202);
    follow(app, "confirm-email", &app.newest_token(NEW))
        .await
        .expect(204);
    cookie
}

#[tokio::test]
async fn id_12_new_address_counts_once_it_is_proven() {
    let app = App::new().await;
    let cookie = app.browser().await;

    wish(&app, &cookie, NEW).await.expect(202);
    login_as(&app, NEW, PASSWORD).await.expect(401);
    login_as(&app, ADDRESS, PASSWORD).await.expect(200);
    let token = app.newest_token(NEW);
    follow(&app, "confirm-email", &token).await.expect(204);

    login_as(&app, NEW, PASSWORD).await.expect(200);
    login_as(&app, ADDRESS, PASSWORD).await.expect(401);
    let me = app.me_by_cookie(&cookie).await.expect(200).body;
    assert_eq!(me["user"]["email"], NEW);
    let again = follow(&app, "confirm-email", &token).await;
    again.expect_problem(410, "token_used");
}

/// The usual person with a browser and a program beside the browser that asks for another address: its cookie, and what
/// the others get once the address is confirmed.
async fn moved_with_others_signed_in(wish: &Value) -> (App, String, [Answer; 2]) {
    let app = App::new().await;
    let cookie = app.browser().await;
    app.clock.advance(SignedDuration::from_secs(1));
    let other = app.login(PASSWORD, "cookie").await.expect(200).cookie();
    let pair = app.login(PASSWORD, "token").await.expect(200).body;
    let call = app.api.post("/v1/me/email").cookie(&cookie).json(wish);
    call.send().await.expect(202);
    app.me_by_cookie(&other).await.expect(200);

    follow(&app, "confirm-email", &app.newest_token(NEW))
        .await
        .expect(204);

    let browser = app.me_by_cookie(&other).await;
    let program = app.me_by_token(text(&pair, "access_token")).await;
    (app, cookie, [browser, program])
}

#[tokio::test]
async fn id_11_new_address_ends_other_sign_ins_once_it_is_proven() {
    let wish = json!({ "email": NEW });

    let (app, cookie, others) = moved_with_others_signed_in(&wish).await;

    for other in others {
        other.expect(401);
    }
    let me = app.me_by_cookie(&cookie).await.expect(200).body;
    let user = text(&me["user"], "id").parse().unwrap();
    let events = app.table.system().user_events(user, 1).await.unwrap();
    assert_eq!(events[0].kind, "user.email_changed");
    assert_eq!(events[0].detail["ended_other_sessions"], true);
}

#[tokio::test]
async fn id_11_new_address_ends_other_sign_ins_of_a_session_that_was_proven_again_meanwhile() {
    let app = App::new().await;
    let cookie = app.browser().await;
    app.clock.advance(SignedDuration::from_secs(1));
    let other = app.login(PASSWORD, "cookie").await.expect(200).cookie();
    wish(&app, &cookie, NEW).await.expect(202);
    let proof = json!({ "password": PASSWORD });
    let call = app.api.post("/v1/auth/reauthenticate").cookie(&cookie);
    let cookie = call.json(&proof).send().await.expect(200).cookie();

    follow(&app, "confirm-email", &app.newest_token(NEW))
        .await
        .expect(204);

    app.me_by_cookie(&cookie).await.expect(200);
    app.me_by_cookie(&other).await.expect(401);
}

#[tokio::test]
async fn id_11_new_address_leaves_other_sign_ins_alone_where_that_is_wanted() {
    let wish = json!({ "email": NEW, "end_other_sessions": false });

    let (app, cookie, others) = moved_with_others_signed_in(&wish).await;

    for other in others {
        other.expect(200);
    }
    app.me_by_cookie(&cookie).await.expect(200);
}

#[tokio::test]
async fn id_01_wish_for_an_address_costs_the_same_work_whether_or_not_somebody_has_it() {
    let app = App::new().await;
    app.newcomer().await;
    app.register("grace@example.com", PASSWORD)
        .await
        .expect(202);
    // What was mailed to an address before is another thing than who has it.
    app.clock.advance(SignedDuration::from_mins(10));
    let cookie = app.login(PASSWORD, "cookie").await.expect(200).cookie();
    // Keys that were forgotten meanwhile are opened again.
    wish(&app, &cookie, "mary@example.com").await.expect(202);

    let (taken, work) = app.work(wish(&app, &cookie, "grace@example.com")).await;
    let (free, other_work) = app.work(wish(&app, &cookie, NEW)).await;

    assert_eq!(taken.expect(202).body, free.expect(202).body);
    assert!(work.calls > 1, "{work:?}");
    assert_eq!(work, other_work);
}

#[tokio::test]
async fn id_12_change_needs_a_recent_proof() {
    let app = App::new().await;
    let cookie = app.browser().await;
    app.clock.advance(SignedDuration::from_mins(10));

    let answer = wish(&app, &cookie, NEW).await;

    answer.expect_problem(401, "insufficient_user_authentication");
    assert!(app.mailbox.to(NEW).is_empty());
}

#[tokio::test]
async fn id_12_old_address_takes_the_change_back_for_seven_days() {
    let app = App::new().await;
    let cookie = moved(&app).await;
    app.clock.advance(SignedDuration::from_hours(7 * 24 - 1));
    let session = login_as(&app, NEW, PASSWORD).await.expect(200).body;

    follow(&app, "revert-email", &app.newest_token(ADDRESS))
        .await
        .expect(204);

    // Whoever did it is out, and the password that they know works no more.
    app.me_by_cookie(&cookie).await.expect(401);
    let token = session["access_token"].as_str().unwrap();
    app.me_by_token(token).await.expect(401);
    login_as(&app, NEW, PASSWORD).await.expect(401);
    login_as(&app, ADDRESS, PASSWORD).await.expect(401);
    // The mail to the old address sets a new one.
    let body = json!({ "token": app.newest_token(ADDRESS), "password": NEXT });
    let call = app.api.post("/v1/auth/reset-password").json(&body);
    call.send().await.expect(204);
    login_as(&app, ADDRESS, NEXT).await.expect(200);
    // The other address is free.
    app.register(NEW, PASSWORD).await.expect(202);
    app.verify(&app.newest_token(NEW)).await.expect(204);
    login_as(&app, NEW, PASSWORD).await.expect(200);
}

#[tokio::test]
async fn id_12_api_keys_of_a_thief_die_with_the_way_back() {
    let app = App::new().await;
    moved(&app).await;
    let pair = login_as(&app, NEW, PASSWORD).await.expect(200).body;
    let user = pair["user"]["id"].as_str().unwrap().parse().unwrap();
    let tenant = tenant(&app.table, &app.clock);
    let thief = member_of(&app.table, &app.clock, user, &tenant, Role::Owner).await;
    let gate = testkit::gate_with(&app.table, &app.clock, &app.envelope).await;
    let made = async || {
        let scopes = [Permission::ReadPosts];
        api_key(&app.table, &app.clock, &gate, &thief, scopes).await
    };
    let stolen = made().await;
    app.me_by_token(&stolen)
        .await
        .expect_problem(403, "person_required");

    follow(&app, "revert-email", &app.newest_token(ADDRESS))
        .await
        .expect(204);

    app.me_by_token(&stolen)
        .await
        .expect_problem(401, "unauthenticated");
    // The person makes new ones.
    app.clock.advance(SignedDuration::from_secs(1));
    let own = made().await;
    app.me_by_token(&own)
        .await
        .expect_problem(403, "person_required");
}

#[tokio::test]
async fn id_12_change_cannot_be_taken_back_later() {
    let app = App::new().await;
    moved(&app).await;

    app.clock.advance(SignedDuration::from_hours(7 * 24));

    let answer = follow(&app, "revert-email", &app.newest_token(ADDRESS)).await;
    answer.expect_problem(410, "token_expired");
    login_as(&app, NEW, PASSWORD).await.expect(200);
}

#[tokio::test]
async fn id_12_links_that_a_thief_asked_for_die_with_the_way_back() {
    let app = App::new().await;
    let cookie = moved(&app).await;
    wish(&app, &cookie, "thief@example.com").await.expect(202);
    let body = json!({ "email": NEW });
    let call = app.api.post("/v1/auth/forgot-password").json(&body);
    call.send().await.expect(202);
    let reset = app.newest_token(NEW);

    follow(&app, "revert-email", &app.newest_token(ADDRESS))
        .await
        .expect(204);

    let stolen = follow(
        &app,
        "confirm-email",
        &app.newest_token("thief@example.com"),
    )
    .await;
    stolen.expect_problem(410, "token_expired");
    let body = json!({ "token": reset, "password": NEXT });
    let call = app.api.post("/v1/auth/reset-password").json(&body);
    call.send().await.expect_problem(410, "token_expired");
}

#[tokio::test]
async fn id_12_old_address_is_kept_for_its_person_while_they_can_come_back() {
    let app = App::new().await;
    moved(&app).await;

    app.register(ADDRESS, "another long password")
        .await
        .expect(202);

    let mails = app.mailbox.to(ADDRESS);
    let last = mails.last().unwrap();
    assert!(
        last.subject.contains("cannot be registered"),
        "{}",
        last.subject
    );
    follow(&app, "revert-email", &app.newest_token(ADDRESS))
        .await
        .expect(204);
    let me = login_as(&app, ADDRESS, "another long password").await;
    me.expect(401);
}

#[tokio::test]
async fn id_12_old_address_is_free_after_seven_days() {
    let app = App::new().await;
    moved(&app).await;
    app.clock.advance(SignedDuration::from_hours(7 * 24 + 1));

    app.register(ADDRESS, NEXT).await.expect(202);
    let token = app.newest_token(ADDRESS);
    app.verify_with(&token, NEXT).await.expect(204);

    login_as(&app, ADDRESS, NEXT).await.expect(200);
    login_as(&app, NEW, PASSWORD).await.expect(200);
}

#[tokio::test]
async fn id_01_wish_for_an_address_of_somebody_else_answers_the_same_and_mails_the_truth() {
    let app = App::new().await;
    app.register("grace@example.com", PASSWORD).await;
    let cookie = app.browser().await;

    let taken = wish(&app, &cookie, "grace@example.com").await.expect(202);
    let free = wish(&app, &cookie, NEW).await.expect(202);

    assert_eq!(taken.body, free.body);
    let mails = app.mailbox.to("grace@example.com");
    let last = mails.last().unwrap();
    assert!(
        last.text.contains("already has an account"),
        "{}",
        last.text
    );
    assert!(!last.text.contains("token="));
}

#[tokio::test]
async fn address_that_somebody_registers_before_the_proof_is_not_taken_from_them() {
    let app = App::new().await;
    let cookie = app.browser().await;
    wish(&app, &cookie, NEW).await.expect(202);
    let token = app.newest_token(NEW);
    app.register(NEW, NEXT).await.expect(202);
    let theirs = app.newest_token(NEW);
    app.verify_with(&theirs, NEXT).await.expect(204);

    let answer = follow(&app, "confirm-email", &token).await;

    answer.expect_problem(409, "email_taken");
    login_as(&app, NEW, NEXT).await.expect(200);
    login_as(&app, ADDRESS, PASSWORD).await.expect(200);
}

#[tokio::test]
async fn profile_keeps_how_dates_and_numbers_are_written_and_mails_stay_english() {
    let app = App::new().await;
    let cookie = app.browser().await;

    for locale in ["de-DE", "en-US", "ja-JP"] {
        let body = json!({ "locale": locale });
        let call = app.api.patch("/v1/me").cookie(&cookie).json(&body);
        assert_eq!(call.send().await.expect(200).body["locale"], locale);
        let me = app.me_by_cookie(&cookie).await.expect(200).body;
        assert_eq!(me["user"]["locale"], locale);
    }

    wish(&app, &cookie, NEW).await.expect(202);
    let mails = app.mailbox.to(NEW);
    assert_eq!(
        mails[0].subject,
        "Confirm your new mail address for M1Autoposter"
    );
}

#[tokio::test]
async fn profile_is_edited_field_by_field() {
    let app = App::new().await;
    let cookie = app.browser().await;
    let edit = async |body: Value| {
        let call = app.api.patch("/v1/me").cookie(&cookie).json(&body);
        call.send().await
    };

    edit(json!({ "name": " Augusta Ada " })).await.expect(200);
    let zone = json!({ "time_zone": "Europe/London", "locale": "en" });
    let edited = edit(zone).await.expect(200).body;

    assert_eq!(edited["name"], "Augusta Ada");
    assert_eq!(edited["time_zone"], "Europe/London");
    for (body, pointer, code) in [
        (json!({ "name": "" }), "/name", "invalid_name"),
        (
            json!({ "time_zone": "Mars" }),
            "/time_zone",
            "unknown_time_zone",
        ),
        (json!({ "locale": "tlh" }), "/locale", "invalid_value"),
        (json!({ "locale": "de" }), "/locale", "invalid_value"),
        (json!({ "locale": "EN-GB" }), "/locale", "invalid_value"),
        (json!({ "locale": null }), "/locale", "wrong_type"),
        (json!({ "name": null }), "/name", "wrong_type"),
        (json!({ "email": NEW }), "/email", "unknown_field"),
        (
            json!({ "email_verified": true }),
            "/email_verified",
            "unknown_field",
        ),
    ] {
        let errors = edit(body).await.expect(422).body["errors"].clone();
        assert_eq!(errors[0]["pointer"], pointer, "{errors}");
        assert_eq!(errors[0]["code"], code, "{errors}");
    }
}
