//! Owners while others try passwords for their address: who waits, for how long, and which ways stay open.

use auth::SignInLimits;
use jiff::SignedDuration;
use serde_json::json;
use store::AttemptLimit;
use testkit::Answer;

use crate::admission::{admit, ask};
use crate::app::{ADDRESS, App, PASSWORD};
use crate::attempts::{attempt_from, device_cookie};

const HOME: &str = "203.0.113.7";
/// Where the owner never was.
const PLACE: &str = "192.0.2.77";
const NEXT: &str = "seven looms weave flowers";
const WRONG: &str = "a wrong password";

/// The second wrong try is the first that must wait; the eighth is the last.
fn few() -> SignInLimits {
    SignInLimits {
        attempts: AttemptLimit { free: 1, most: 8 },
        ..SignInLimits::local()
    }
}

/// The usual person, who signed in at home; their browser.
async fn at_home(app: &App) -> String {
    app.newcomer().await;
    let first = attempt_from(app, HOME, ADDRESS, PASSWORD, None).await;
    device_cookie(&first.expect(200))
}

async fn by_program(app: &App, from: &str, password: &str) -> Answer {
    let body = json!({ "email": ADDRESS, "password": password, "mode": "token" });
    let call = app.api.post("/v1/auth/login").from_address(from);
    call.json(&body).send().await
}

/// So many wrong tries, each after whatever wait is demanded.
async fn guess(app: &App, from: &str, tries: u32) {
    for _ in 0..tries {
        app.clock.advance(SignedDuration::from_mins(15));
        let guess = attempt_from(app, from, ADDRESS, WRONG, None).await;
        guess.expect_problem(401, "invalid_credentials");
    }
}

#[tokio::test]
async fn id_07_owner_gets_in_at_home_while_strangers_keep_their_address_waiting() {
    let app = App::new().await;
    at_home(&app).await;
    guess(&app, "198.51.100.9", 15).await;

    // One wrong try each quarter of an hour is enough for that.
    for number in 0..3 {
        guess(&app, &format!("198.51.{number}.9"), 1).await;
        app.clock.advance(SignedDuration::from_mins(7));

        by_program(&app, HOME, PASSWORD).await.expect(200);
        let new_browser = attempt_from(&app, HOME, ADDRESS, PASSWORD, None).await;
        new_browser.expect(200);
        let elsewhere = by_program(&app, PLACE, PASSWORD).await;
        elsewhere.expect_problem(429, "sign_in_delayed");
    }
}

#[tokio::test]
async fn id_07_owner_at_a_new_place_gets_in_by_a_link_while_strangers_keep_their_address_waiting() {
    let app = App::new().await;
    at_home(&app).await;
    guess(&app, "198.51.100.9", 15).await;
    let held = attempt_from(&app, PLACE, ADDRESS, PASSWORD, None).await;
    held.expect_problem(429, "sign_in_delayed");

    ask(&app, ADDRESS).await.expect(202);
    let let_in = admit(&app, PLACE, &app.newest_token(ADDRESS), None).await;
    let own = device_cookie(&let_in.expect(200));

    let there = attempt_from(&app, PLACE, ADDRESS, PASSWORD, Some(&own)).await;
    there.expect(200);
    by_program(&app, PLACE, PASSWORD).await.expect(200);
}

#[tokio::test]
async fn id_07_wait_says_how_long_it_is_and_which_ways_are_open() {
    let app = App::new().await;
    at_home(&app).await;
    guess(&app, PLACE, 15).await;
    app.clock.advance(SignedDuration::from_mins(5));

    let waits = attempt_from(&app, PLACE, ADDRESS, PASSWORD, None).await;

    let waits = waits.expect_problem(429, "sign_in_delayed");
    let seconds = waits.headers["retry-after"].to_str().unwrap();
    let seconds: i64 = seconds.parse().unwrap();
    assert!((600..=601).contains(&seconds), "{seconds}");
    let detail = waits.body["detail"].as_str().unwrap();
    for named in ["10 minutes", "browser", "network", "passkey", "mail"] {
        assert!(detail.contains(named), "{named}: {detail}");
    }
    app.clock.advance(SignedDuration::from_secs(seconds));
    let later = attempt_from(&app, PLACE, ADDRESS, PASSWORD, None).await;
    later.expect(200);
}

#[tokio::test]
async fn id_07_wrong_tries_at_home_wait_and_end_as_others_do_and_leave_others_alone() {
    let app = App::with_limits(few()).await;
    let own = at_home(&app).await;
    let first = by_program(&app, HOME, WRONG).await;
    first.expect_problem(401, "invalid_credentials");
    let at_once = by_program(&app, HOME, PASSWORD).await;
    at_once.expect_problem(429, "sign_in_delayed");
    guess(&app, HOME, 7).await;
    app.clock.advance(SignedDuration::from_mins(15));

    let at_home = by_program(&app, HOME, PASSWORD).await;

    at_home.expect_problem(403, "sign_in_blocked");
    let elsewhere = attempt_from(&app, PLACE, ADDRESS, PASSWORD, None).await;
    elsewhere.expect(200);
    let own = attempt_from(&app, HOME, ADDRESS, PASSWORD, Some(&own)).await;
    own.expect(200);
}

#[tokio::test]
async fn id_07_right_password_at_home_forgets_the_wrong_tries_there_only() {
    let app = App::with_limits(few()).await;
    at_home(&app).await;
    guess(&app, "198.51.100.9", 8).await;
    for _ in 0..3 {
        guess(&app, HOME, 4).await;
        app.clock.advance(SignedDuration::from_mins(15));

        by_program(&app, HOME, PASSWORD).await.expect(200);
    }

    let elsewhere = attempt_from(&app, PLACE, ADDRESS, PASSWORD, None).await;
    elsewhere.expect_problem(403, "sign_in_blocked");
}

#[tokio::test]
async fn id_07_link_that_is_followed_at_home_opens_the_way_that_others_there_closed() {
    let app = App::with_limits(few()).await;
    let own = at_home(&app).await;
    // Somebody beside the owner, and somebody with their browser.
    guess(&app, HOME, 8).await;
    for _ in 0..8 {
        app.clock.advance(SignedDuration::from_mins(15));
        let guess = attempt_from(&app, PLACE, ADDRESS, WRONG, Some(&own)).await;
        guess.expect(401);
    }
    app.clock.advance(SignedDuration::from_mins(15));
    let closed = attempt_from(&app, PLACE, ADDRESS, PASSWORD, Some(&own)).await;
    closed.expect_problem(403, "sign_in_blocked");

    ask(&app, ADDRESS).await.expect(202);
    let let_in = admit(&app, HOME, &app.newest_token(ADDRESS), Some(&own)).await;

    let_in.expect(200);
    by_program(&app, HOME, PASSWORD).await.expect(200);
    let anywhere = attempt_from(&app, PLACE, ADDRESS, PASSWORD, Some(&own)).await;
    anywhere.expect(200);
}

#[tokio::test]
async fn id_07_new_password_opens_the_way_that_others_at_home_closed() {
    let app = App::with_limits(few()).await;
    at_home(&app).await;
    guess(&app, HOME, 8).await;
    let post = async |path: &str, body| {
        let call = app.api.post(path).from_address(HOME);
        call.json(&body).send().await
    };
    let forgot = json!({ "email": ADDRESS });
    post("/v1/auth/forgot-password", forgot).await.expect(202);
    let reset = json!({ "token": app.newest_token(ADDRESS), "password": NEXT });

    post("/v1/auth/reset-password", reset).await.expect(204);

    by_program(&app, HOME, NEXT).await.expect(200);
}
