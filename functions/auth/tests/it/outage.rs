//! The key service is down.

use auth::SignInLimits;
use cloud::envelope::{Envelope, Sealed};
use domain::Clock as _;
use domain::tenant::ROOT_TENANT;
use jiff::SignedDuration;
use serde_json::json;
use testkit::Answer;

use crate::app::{ADDRESS, App, PASSWORD, text};

/// Opened keys are asked for again by then.
const CACHED: SignedDuration = SignedDuration::from_mins(5);
/// The platform's key is forgotten by then, though nobody answers.
const SPARE: SignedDuration = SignedDuration::from_hours(1);
/// Signing keys are older than they should be by then.
const MONTH: SignedDuration = SignedDuration::from_hours(31 * 24);
const YEAR: SignedDuration = SignedDuration::from_hours(365 * 24);

#[track_caller]
fn come_again(answer: &Answer) {
    let answer = answer.clone().expect_problem(503, "unavailable");
    let seconds = answer.headers["retry-after"].to_str().unwrap();
    assert!((1..=60).contains(&seconds.parse::<u32>().unwrap()));
}

async fn login_as(app: &App, address: &str) -> Answer {
    let body = json!({ "email": address, "password": PASSWORD, "mode": "token" });
    app.api.post("/v1/auth/login").json(&body).send().await
}

async fn to(app: &App, path: &str, address: &str) -> Answer {
    let body = json!({ "email": address });
    app.api.post(path).json(&body).send().await
}

#[tokio::test]
async fn key_outage_refuses_known_and_unknown_addresses_alike_and_counts_no_try() {
    let app = App::new().await;
    app.newcomer().await;
    app.register("bob@example.com", PASSWORD).await.expect(202);
    app.clock.advance(SPARE);
    app.keys.fail(true);

    for address in [ADDRESS, "nobody@example.com", "bob@example.com"] {
        for _ in 0..7 {
            come_again(&login_as(&app, address).await);
        }
        for path in ["forgot-password", "resend-verification", "new-browser"] {
            let answer = to(&app, &format!("/v1/auth/{path}"), address).await;
            come_again(&answer);
        }
        come_again(&app.register(address, PASSWORD).await);
    }

    app.keys.fail(false);
    login_as(&app, ADDRESS).await.expect(200);
    to(&app, "/v1/auth/forgot-password", ADDRESS)
        .await
        .expect(202);
}

#[tokio::test]
async fn key_outage_is_not_noticed_by_those_who_are_signed_in() {
    let app = App::new().await;
    let mut pair = app.program().await;
    let cookie = app.login(PASSWORD, "cookie").await.expect(200).cookie();
    app.keys.fail(true);

    for _ in 0..10 {
        app.clock.advance(SignedDuration::from_mins(4));
        app.me_by_cookie(&cookie).await.expect(200);
        let renewed = app.refresh(text(&pair, "refresh_token")).await;
        pair = renewed.expect(200).body;
        app.me_by_token(text(&pair, "access_token"))
            .await
            .expect(200);
    }
}

#[tokio::test]
async fn f_11_key_outage_of_half_an_hour_keeps_nobody_from_signing_in() {
    let app = App::new().await;
    let mut pair = app.program().await;
    app.keys.fail(true);

    for minutes in 1..=6 {
        app.clock.advance(CACHED);
        let cookie = app.login(PASSWORD, "cookie").await.expect(200).cookie();
        app.me_by_cookie(&cookie).await.expect(200);
        let signed_in = app.login(PASSWORD, "token").await.expect(200).body;
        app.me_by_token(text(&signed_in, "access_token"))
            .await
            .expect(200);
        let renewed = app.refresh(text(&pair, "refresh_token")).await;
        pair = renewed.expect(200).body;
        for (address, password) in [(ADDRESS, "wrong horse battery"), ("nobody@x.com", PASSWORD)] {
            let body = json!({ "email": address, "password": password, "mode": "token" });
            let answer = app.api.post("/v1/auth/login").json(&body).send().await;
            answer.expect_problem(401, "invalid_credentials");
        }
        let newcomer = format!("bob{minutes}@example.com");
        app.register(&newcomer, PASSWORD).await.expect(202);
        assert_eq!(app.mailbox.to(&newcomer).len(), 1);
    }

    app.keys.fail(false);
    app.clock.advance(CACHED);
    app.login(PASSWORD, "cookie").await.expect(200);
}

#[tokio::test]
async fn key_outage_lets_people_in_for_an_hour_and_no_longer() {
    let app = App::new().await;
    app.newcomer().await;
    app.login(PASSWORD, "cookie").await.expect(200);
    app.keys.fail(true);

    app.clock.advance(SPARE - SignedDuration::from_secs(1));
    app.login(PASSWORD, "cookie").await.expect(200);
    app.clock.advance(SignedDuration::from_secs(1));
    come_again(&app.login(PASSWORD, "cookie").await);
}

#[tokio::test]
async fn instance_that_starts_in_a_key_outage_lets_nobody_in_by_password() {
    let app = App::new().await;
    app.newcomer().await;
    app.keys.fail(true);

    let started = app.beside(SignInLimits::local()).await;

    come_again(&started.login(PASSWORD, "cookie").await);
    app.login(PASSWORD, "cookie").await.expect(200);
}

#[tokio::test]
async fn refresh_token_that_meets_an_outage_works_afterwards() {
    let app = App::new().await;
    let pair = app.program().await;
    let another = app.beside(SignInLimits::local()).await;
    app.clock.advance(CACHED);
    app.keys.fail(true);

    // It has never opened the signing key.
    let refresh = text(&pair, "refresh_token");
    for _ in 0..3 {
        come_again(&another.refresh(refresh).await);
    }

    app.keys.fail(false);
    another.refresh(refresh).await.expect(200);
}

#[tokio::test]
async fn start_in_an_outage_goes_on_with_the_keys_that_are_there() {
    let app = App::new().await;
    let pair = app.program().await;
    app.clock.advance(YEAR + MONTH);
    app.keys.fail(true);

    let started = app.beside(SignInLimits::local()).await;

    let keyring = app.table.system().keyring().await.unwrap().unwrap();
    assert_eq!(keyring.signing.len(), 1);
    started
        .me_by_token(text(&pair, "access_token"))
        .await
        .expect(401);
    app.keys.fail(false);
    let later = app.beside(SignInLimits::local()).await;
    let keyring = app.table.system().keyring().await.unwrap().unwrap();
    assert_eq!(keyring.signing.len(), 2);
    later.login(PASSWORD, "token").await.expect(200);
}

async fn sealed_under(app: &App, address: &str) -> u32 {
    let system = app.table.system();
    let spare = domain::UserId::generate(app.table.ids());
    let address = address.parse().unwrap();
    let known = system.user_by_email(&address, spare).await.unwrap();
    let sealed = Sealed::from_bytes(known.unwrap().password.sealed);
    Envelope::key_version(&sealed).unwrap()
}

/// The hash is sealed anew by the proof, which gives it another version than the link has.
#[tokio::test]
async fn platform_key_that_is_rotated_before_a_proof_leaves_the_link_as_it_is() {
    let app = App::new().await;
    app.clock.advance(YEAR - SignedDuration::from_mins(30));
    app.register(ADDRESS, PASSWORD).await.expect(202);
    app.clock.advance(SignedDuration::from_mins(30));
    // Its start rotates the key.
    let started = app.beside(SignInLimits::local()).await;

    let proven = started.verify(&app.newest_token(ADDRESS)).await;

    proven.expect(204);
    assert_eq!(sealed_under(&app, ADDRESS).await, 2);
    started.login(PASSWORD, "token").await.expect(200);
}

#[tokio::test]
async fn platform_key_is_rotated_after_a_year_without_a_failed_sign_in() {
    let app = App::new().await;
    app.newcomer().await;
    let system = app.table.system();
    app.clock.advance(YEAR - SignedDuration::from_hours(1));
    app.beside(SignInLimits::local()).await;
    let keys = system.key_rotation(ROOT_TENANT).await.unwrap().unwrap();
    assert_eq!(keys.newest.version, 1, "too early");
    app.clock.advance(SignedDuration::from_hours(1));
    // It has the old key opened.
    app.login(PASSWORD, "token").await.expect(200);

    let rotate = || api::rotate_platform_key(&app.table, &app.envelope, app.clock.now());
    let (one, two, three) = tokio::join!(rotate(), rotate(), rotate());

    for rotated in [one, two, three] {
        rotated.unwrap();
    }
    let keys = system.key_rotation(ROOT_TENANT).await.unwrap().unwrap();
    assert_eq!((keys.newest.version, &keys.older[..]), (2, &[1][..]));
    assert_eq!(keys.due, Some(keys.newest.rotation_due()));
    let started = app.beside(SignInLimits::local()).await;
    app.register("bob@example.com", PASSWORD).await.expect(202);
    app.login(PASSWORD, "token").await.expect(200);
    assert_eq!(sealed_under(&app, ADDRESS).await, 1);
    for instance in [&started, &app] {
        instance.login(PASSWORD, "token").await.expect(200);
        assert_eq!(sealed_under(&app, ADDRESS).await, 2);
    }
    app.clock.advance(CACHED);
    for instance in [&started, &app] {
        instance.login(PASSWORD, "token").await.expect(200);
    }
    let raw = testkit::table::everything(&app.client).await;
    assert_eq!(raw.matches("tenant_key.rotated").count(), 1);
}

#[tokio::test]
async fn platform_key_that_is_rotated_fails_no_sign_in_of_two_at_once() {
    let app = App::new().await;
    app.newcomer().await;
    app.clock.advance(YEAR);
    // Its start rotates the key.
    let started = app.beside(SignInLimits::local()).await;

    let (browser, program) = tokio::join!(
        started.login(PASSWORD, "cookie"),
        started.login(PASSWORD, "token")
    );

    browser.expect(200);
    program.expect(200);
    assert_eq!(sealed_under(&app, ADDRESS).await, 2);
}
