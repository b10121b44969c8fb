//! Browsers that are let in by the link of a mail while strangers are held back.

use auth::SignInLimits;
use jiff::SignedDuration;
use serde_json::{Value, json};
use store::{AttemptLimit, RateLimit};
use testkit::Answer;

use crate::app::{ADDRESS, App, PASSWORD, text};
use crate::attempts::{attempt_from, device_cookie};
use crate::email::NEW;
use crate::passkeys::guarded;

/// Where the owner is now.
const PLACE: &str = "192.0.2.77";
const NEXT: &str = "seven looms weave flowers";

/// Strangers are held back once one of them failed.
fn strict() -> SignInLimits {
    SignInLimits {
        strangers: RateLimit::per(1, SignedDuration::from_hours(100)),
        ..SignInLimits::local()
    }
}

/// The usual person, whom strangers try.
async fn attacked() -> App {
    let app = App::with_limits(strict()).await;
    app.newcomer().await;
    let home = attempt_from(&app, "203.0.113.7", ADDRESS, PASSWORD, None).await;
    home.expect(200);
    let guess = attempt_from(&app, "198.51.100.9", NEW, "a guess", None).await;
    guess.expect_problem(401, "invalid_credentials");
    app
}

pub(crate) async fn ask(app: &App, address: &str) -> Answer {
    let call = app.api.post("/v1/auth/new-browser").from_address(PLACE);
    call.json(&json!({ "email": address })).send().await
}

/// Follows the link with a browser at a place.
pub(crate) async fn admit(app: &App, from: &str, token: &str, device: Option<&str>) -> Answer {
    let call = app.api.post("/v1/auth/admit-browser").from_address(from);
    let call = call.json(&json!({ "token": token }));
    match device {
        Some(cookie) => call.header("cookie", cookie).send().await,
        None => call.send().await,
    }
}

/// The cookie of a browser that was let in.
async fn admitted(app: &App) -> String {
    ask(app, ADDRESS).await.expect(202);
    let answer = admit(app, PLACE, &app.newest_token(ADDRESS), None).await;
    device_cookie(&answer.expect(200))
}

#[tokio::test]
async fn f_27_owner_at_a_new_place_who_is_held_back_lets_their_browser_in() {
    let app = attacked().await;
    let held = attempt_from(&app, PLACE, ADDRESS, PASSWORD, None).await;
    held.expect_problem(429, "sign_ins_held_back");

    let asked = ask(&app, ADDRESS).await.expect(202);
    let link = admit(&app, PLACE, &app.newest_token(ADDRESS), None).await;

    assert_eq!(asked.body, json!({ "status": "accepted" }));
    let link = link.expect(200);
    assert_eq!(link.body, json!({ "email": ADDRESS }));
    let own = device_cookie(&link);
    let anywhere = "192.0.2.78";
    let there = attempt_from(&app, anywhere, ADDRESS, PASSWORD, Some(&own)).await;
    there.expect(200);
    // A program beside it.
    let body = json!({ "email": ADDRESS, "password": PASSWORD, "mode": "token" });
    let call = app.api.post("/v1/auth/login").from_address(PLACE);
    call.json(&body).send().await.expect(200);
    let stranger = attempt_from(&app, "192.0.2.79", ADDRESS, PASSWORD, None).await;
    stranger.expect_problem(429, "sign_ins_held_back");
}

#[tokio::test]
async fn f_27_link_that_lets_a_browser_in_signs_nobody_in() {
    let app = attacked().await;

    let own = admitted(&app).await;

    let call = app.api.get("/v1/me").cookie(&own);
    call.send().await.expect_problem(401, "unauthenticated");
    let wrong = attempt_from(&app, PLACE, ADDRESS, "a wrong password", Some(&own)).await;
    wrong.expect_problem(401, "invalid_credentials");
    let other = json!({ "email": NEW, "password": PASSWORD });
    let call = app.api.post("/v1/auth/login").from_address("192.0.2.80");
    let other = call.header("cookie", &own).json(&other).send().await;
    other.expect_problem(429, "sign_ins_held_back");
}

#[tokio::test]
async fn f_27_browser_that_is_let_in_is_asked_for_the_second_factor() {
    let app = App::new().await;
    guarded(&app).await;

    let own = admitted(&app).await;

    let without = attempt_from(&app, PLACE, ADDRESS, PASSWORD, Some(&own)).await;
    without.expect_problem(401, "second_factor_required");
}

#[tokio::test]
async fn id_07_browser_that_is_let_in_gets_past_the_wrong_tries_of_others() {
    let app = App::with_limits(SignInLimits {
        attempts: AttemptLimit { free: 5, most: 5 },
        ..SignInLimits::local()
    })
    .await;
    app.newcomer().await;
    for _ in 0..5 {
        app.login("a wrong password", "cookie").await.expect(401);
    }
    let blocked = app.login(PASSWORD, "cookie").await;
    blocked.expect_problem(403, "sign_in_blocked");

    let own = admitted(&app).await;

    let there = attempt_from(&app, PLACE, ADDRESS, PASSWORD, Some(&own)).await;
    there.expect(200);
}

#[tokio::test]
async fn id_09_link_that_lets_a_browser_in_works_once_and_for_half_an_hour() {
    let app = attacked().await;
    ask(&app, ADDRESS).await.expect(202);
    let first = app.newest_token(ADDRESS);
    let raw = testkit::table::everything(&app.client).await;
    assert!(!raw.contains(&first), "only its hash is stored");
    let answer = admit(&app, PLACE, &first, None).await.expect(200);
    let secret = device_cookie(&answer);
    let secret = secret.trim_start_matches("did=").split('.').next().unwrap();
    let raw = testkit::table::everything(&app.client).await;
    assert!(!raw.contains(secret), "only its hash is stored");

    let again = admit(&app, PLACE, &first, None).await;
    ask(&app, ADDRESS).await.expect(202);
    app.clock.advance(SignedDuration::from_mins(30));
    let late = admit(&app, PLACE, &app.newest_token(ADDRESS), None).await;

    again.expect_problem(410, "token_used");
    late.expect_problem(410, "token_expired");
}

#[tokio::test]
async fn id_09_link_that_lets_a_browser_in_is_good_for_nothing_else() {
    let app = attacked().await;
    let post = async |path: &str, body: Value| {
        let call = app.api.post(format!("/v1/auth/{path}"));
        call.json(&body).send().await
    };
    ask(&app, ADDRESS).await.expect(202);
    let token = app.newest_token(ADDRESS);

    for path in ["confirm-email", "revert-email", "reset-second-factor"] {
        let misused = post(path, json!({ "token": token })).await;
        misused.expect_problem(404, "not_found");
    }
    for path in ["verify-email", "reset-password"] {
        let body = json!({ "token": token, "password": NEXT });
        let misused = post(path, body).await;
        misused.expect_problem(404, "not_found");
    }
    post("forgot-password", json!({ "email": ADDRESS })).await;
    let reset = app.newest_token(ADDRESS);
    let misused = admit(&app, PLACE, &reset, None).await;
    misused.expect_problem(404, "not_found");

    admit(&app, PLACE, &token, None).await.expect(200);
}

#[tokio::test]
async fn id_09_link_of_before_a_new_password_lets_nobody_in() {
    let app = attacked().await;
    ask(&app, ADDRESS).await.expect(202);
    let token = app.newest_token(ADDRESS);
    let body = json!({ "email": ADDRESS });
    let call = app.api.post("/v1/auth/forgot-password").json(&body);
    call.send().await.expect(202);
    let body = json!({ "token": app.newest_token(ADDRESS), "password": NEXT });
    let call = app.api.post("/v1/auth/reset-password").json(&body);
    call.send().await.expect(204);

    let answer = admit(&app, PLACE, &token, None).await;

    answer.expect_problem(410, "token_expired");
}

#[tokio::test]
async fn id_09_browser_is_let_in_once_by_fifty_at_once() {
    let app = attacked().await;
    ask(&app, ADDRESS).await.expect(202);
    let token = app.newest_token(ADDRESS);

    let tries = (0..50).map(|_| admit(&app, PLACE, &token, None));
    let answers = futures::future::join_all(tries).await;

    let is = |status: u16| answers.iter().filter(move |answer| answer.status == status);
    assert_eq!((is(200).count(), is(410).count()), (1, 49));
    let cookies = answers
        .iter()
        .filter(|answer| answer.headers.contains_key("set-cookie"));
    assert_eq!(cookies.count(), 1);
}

#[tokio::test]
async fn id_01_link_for_a_browser_answers_the_same_and_mails_the_truth() {
    let app = attacked().await;

    let known = ask(&app, ADDRESS).await.expect(202);
    let unknown = ask(&app, "nobody@example.com").await.expect(202);

    assert_eq!(known.body, unknown.body);
    let mails = app.mailbox.to("nobody@example.com");
    assert_eq!(mails.len(), 1);
    assert_eq!(
        mails[0].subject,
        "No account at M1Autoposter has this address"
    );
    assert!(!mails[0].text.contains("token="));
    let mails = app.mailbox.to(ADDRESS);
    let text = &mails.last().unwrap().text;
    assert!(text.contains("for 30 minutes"), "{text}");
    assert!(text.contains(PLACE), "{text}");
}

#[tokio::test]
async fn id_08_links_for_browsers_are_limited_by_address_and_by_client() {
    let two = RateLimit::per(2, SignedDuration::from_hours(1));
    let by_address = SignInLimits {
        mail_by_address: two,
        ..SignInLimits::local()
    };
    let by_client = SignInLimits {
        mail_by_client: two,
        ..SignInLimits::local()
    };
    for (limits, addresses) in [
        (by_address, [NEW; 3]),
        (by_client, ["a@x.org", "b@x.org", NEW]),
    ] {
        let app = App::with_limits(limits).await;
        for address in &addresses[..2] {
            ask(&app, address).await.expect(202);
        }

        let refused = ask(&app, addresses[2]).await;

        refused.expect_problem(429, "rate_limited");
    }
}

#[tokio::test]
async fn id_46_first_sign_in_with_a_browser_that_was_let_in_is_told() {
    let app = attacked().await;
    let own = admitted(&app).await;
    let told = || app.mailbox.to(ADDRESS).len();
    let before = told();

    for _ in 0..2 {
        let there = attempt_from(&app, PLACE, ADDRESS, PASSWORD, Some(&own)).await;
        there.expect(200);
    }

    let mails = app.mailbox.to(ADDRESS);
    assert_eq!(told(), before + 1);
    assert_eq!(mails[before].subject, "A new sign-in to M1Autoposter");
}

#[tokio::test]
async fn browser_that_is_known_keeps_its_cookie() {
    let app = attacked().await;
    let own = admitted(&app).await;
    ask(&app, ADDRESS).await.expect(202);

    let again = admit(&app, PLACE, &app.newest_token(ADDRESS), Some(&own)).await;

    assert!(!again.expect(200).headers.contains_key("set-cookie"));
}

#[tokio::test]
async fn id_28_other_site_lets_no_browser_in() {
    let app = attacked().await;
    ask(&app, ADDRESS).await.expect(202);
    let token = app.newest_token(ADDRESS);
    let call = app.api.post("/v1/auth/admit-browser");
    let call = call.json(&json!({ "token": token }));

    let refused = call.header("sec-fetch-site", "cross-site").send().await;

    refused.expect_problem(403, "cross_site_request");
    admit(&app, PLACE, &token, None).await.expect(200);
}

#[tokio::test]
async fn id_44_letting_a_browser_in_is_remembered_with_its_place() {
    let app = attacked().await;
    let own = admitted(&app).await;
    let there = attempt_from(&app, PLACE, ADDRESS, PASSWORD, Some(&own)).await;
    let user = text(&there.expect(200).body["user"], "id").parse().unwrap();

    let events = app.table.system().user_events(user, 3).await.unwrap();

    let mut kinds: Vec<_> = events
        .iter()
        .map(|event| (event.kind.as_str(), event.origin.network.as_deref()))
        .collect();
    kinds.sort_unstable();
    let place = Some(PLACE);
    assert_eq!(
        kinds,
        [
            ("user.browser_admission_requested", place),
            ("user.browser_admitted", place),
            ("user.signed_in", place),
        ]
    );
}
