//! Which browsers and places an account knows, what is told of others, and when all are forgotten.

use auth::SignInLimits;
use domain::UserId;
use domain::event::EventKind;
use domain::user::Origin;
use jiff::SignedDuration;
use serde_json::{Value, json};
use store::{Device, RateLimit, SecretHash, Session, SignIn, UserAct};
use testkit::Answer;

use crate::app::{ADDRESS, App, PASSWORD, text};
use crate::attempts::{attempt_from, device_cookie};
use crate::email::{NEW, follow, wish};

const NEXT: &str = "seven looms weave flowers";
const HOME: &str = "203.0.113.7";
/// Where somebody else signed in.
const DEN: &str = "198.51.100.9";

/// Strangers are held back once one of them failed.
fn strict() -> SignInLimits {
    SignInLimits {
        strangers: RateLimit::per(1, SignedDuration::from_hours(100)),
        ..SignInLimits::local()
    }
}

/// The usual person, with somebody else who knew the password and signed in; their browser.
async fn with_intruder(app: &App) -> String {
    app.newcomer().await;
    attempt_from(app, HOME, ADDRESS, PASSWORD, None)
        .await
        .expect(200);
    let intruder = attempt_from(app, DEN, ADDRESS, PASSWORD, None).await;
    device_cookie(&intruder.expect(200))
}

async fn ask_for_reset(app: &App) {
    let call = app.api.post("/v1/auth/forgot-password").from_address(HOME);
    call.json(&json!({ "email": ADDRESS }))
        .send()
        .await
        .expect(202);
}

async fn reset(app: &App) {
    let body = json!({ "token": app.newest_token(ADDRESS), "password": NEXT });
    let call = app.api.post("/v1/auth/reset-password").from_address(HOME);
    call.json(&body).send().await.expect(204);
}

/// Nothing of the intruder is known: while strangers are held back, they are one.
async fn expect_stranger(app: &App, intruder: &str) {
    let elsewhere = "192.0.2.1";
    let wrong = attempt_from(app, elsewhere, "nobody@example.com", "a guess", None).await;
    wrong.expect_problem(401, "invalid_credentials");
    for (from, device) in [(elsewhere, Some(intruder)), (DEN, None)] {
        let guess = attempt_from(app, from, ADDRESS, "another guess", device).await;
        guess.expect_problem(429, "sign_ins_held_back");
    }
}

#[tokio::test]
async fn id_07_new_password_by_mail_forgets_browser_and_place_of_an_intruder() {
    let app = App::with_limits(strict()).await;
    let intruder = with_intruder(&app).await;
    ask_for_reset(&app).await;

    reset(&app).await;

    expect_stranger(&app, &intruder).await;
    // Where the link was followed the person gets in, with a browser that is known again from then on.
    let at_home = attempt_from(&app, HOME, ADDRESS, NEXT, None).await;
    let own = device_cookie(&at_home.expect(200));
    let abroad = attempt_from(&app, "192.0.2.2", ADDRESS, NEXT, Some(&own)).await;
    abroad.expect(200);
}

#[tokio::test]
async fn id_12_way_back_to_an_address_forgets_browser_and_place_of_an_intruder() {
    let app = App::with_limits(strict()).await;
    let intruder = with_intruder(&app).await;
    let signed_in = attempt_from(&app, DEN, ADDRESS, PASSWORD, Some(&intruder)).await;
    let cookie = signed_in.expect(200).cookie();
    wish(&app, &cookie, NEW).await.expect(202);
    follow(&app, "confirm-email", &app.newest_token(NEW))
        .await
        .expect(204);

    follow(&app, "revert-email", &app.newest_token(ADDRESS))
        .await
        .expect(204);

    expect_stranger(&app, &intruder).await;
}

#[tokio::test]
async fn id_11_changed_password_forgets_browser_and_place_of_an_intruder() {
    let app = App::with_limits(strict()).await;
    let intruder = with_intruder(&app).await;
    let at_home = attempt_from(&app, HOME, ADDRESS, PASSWORD, None).await;
    let at_home = at_home.expect(200);
    let own = device_cookie(&at_home);
    let body = json!({ "current_password": PASSWORD, "new_password": NEXT });

    let call = app.api.post("/v1/me/password").from_address(HOME);
    let cookies = format!("{}; {own}", at_home.cookie());
    let changed = call.cookie(&cookies).json(&body).send().await;
    changed.expect(204);

    expect_stranger(&app, &intruder).await;
    for (from, device) in [(HOME, None), ("192.0.2.2", Some(own.as_str()))] {
        let known = attempt_from(&app, from, ADDRESS, NEXT, device).await;
        known.expect(200);
    }
}

/// A sign-in that costs no hash.
async fn sign_in_from(app: &App, user: UserId, network: &str) {
    let now = domain::Clock::now(&app.clock);
    let origin = Origin {
        network: Some(network.to_owned()),
        device: None,
    };
    let mark = SecretHash::of(network);
    let session = Session {
        secret: mark.clone(),
        user,
        tenant: None,
        started_at: now,
        proved_at: now,
        last_seen_at: now,
        longest_idle: SignedDuration::ZERO,
        ends_at: now + SignedDuration::from_hours(1),
        origin: origin.clone(),
        support: None,
        began_with: None,
    };
    let device = Device {
        user,
        mark,
        origin: origin.clone(),
        used_at: now,
    };
    let sign_in = SignIn {
        opening: None,
        device: Some(&device),
        mail: None,
        act: UserAct {
            at: now,
            kind: EventKind::UserSignedIn,
            origin,
            detail: Value::Null,
        },
    };
    let system = app.table.system();
    assert!(system.start_session(&session, &sign_in).await.unwrap());
}

/// More than a transaction takes.
#[tokio::test]
async fn new_password_by_mail_forgets_however_many_places_there_are() {
    let app = App::with_limits(strict()).await;
    app.newcomer().await;
    let first = attempt_from(&app, HOME, ADDRESS, PASSWORD, None).await;
    let user = text(&first.expect(200).body["user"], "id").parse().unwrap();
    let (now, system) = (domain::Clock::now(&app.clock), app.table.system());
    let network = |number: usize| format!("198.51.{number}.9");
    for number in 0..240 {
        sign_in_from(&app, user, &network(number)).await;
    }
    ask_for_reset(&app).await;
    app.meter.take_calls();

    reset(&app).await;

    let calls = app.meter.take_calls();
    assert!(calls.writes < 60, "{calls:?}");
    for number in [0, 60, 239] {
        let network = network(number);
        assert!(!system.knows_network(user, &network, now).await.unwrap());
    }
    assert!(system.knows_network(user, HOME, now).await.unwrap());
}

fn told(app: &App) -> Vec<String> {
    let mails = app.mailbox.to(ADDRESS).into_iter();
    mails
        .map(|mail| mail.subject)
        .filter(|subject| subject.contains("sign-in"))
        .collect()
}

/// Somebody who signed in at home; their browser.
async fn at_home(app: &App) -> String {
    app.newcomer().await;
    let first = attempt_from(app, HOME, ADDRESS, PASSWORD, None).await;
    device_cookie(&first.expect(200))
}

#[tokio::test]
async fn id_46_sign_in_from_a_new_area_with_a_known_browser_is_told_once() {
    let app = App::new().await;
    let own = at_home(&app).await;
    let from = async |network: &str| -> Answer {
        app.clock.advance(SignedDuration::from_hours(24));
        let answer = attempt_from(&app, network, ADDRESS, PASSWORD, Some(&own)).await;
        answer.expect(200)
    };

    // The provider gives them another address.
    from("203.0.9.200").await;
    assert_eq!(told(&app), Vec::<String>::new());
    from(DEN).await;
    assert_eq!(told(&app), ["A sign-in to M1Autoposter from a new place"]);
    let mails = app.mailbox.to(ADDRESS);
    assert!(mails.last().unwrap().text.contains(DEN));

    // There and back again.
    for network in [HOME, DEN, "198.51.7.7", "203.0.9.201"] {
        from(network).await;
    }
    assert_eq!(told(&app).len(), 1);
}

#[tokio::test]
async fn id_46_sign_in_with_a_new_browser_from_a_new_area_is_one_notice() {
    let app = App::new().await;
    at_home(&app).await;

    let elsewhere = attempt_from(&app, DEN, ADDRESS, PASSWORD, None).await;

    elsewhere.expect(200);
    assert_eq!(told(&app), ["A new sign-in to M1Autoposter"]);
}

#[tokio::test]
async fn sign_in_where_no_place_was_known_before_is_not_told() {
    let app = App::new().await;
    app.newcomer().await;
    let first = app.login(PASSWORD, "cookie").await.expect(200);
    let own = device_cookie(&first);

    let somewhere = attempt_from(&app, DEN, ADDRESS, PASSWORD, Some(&own)).await;

    somewhere.expect(200);
    assert_eq!(told(&app), Vec::<String>::new());
}
