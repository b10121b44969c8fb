//! How many mails an address gets, and that nobody uses up those that its owner needs.

use auth::SignInLimits;
use jiff::SignedDuration;
use serde_json::json;
use store::RateLimit;
use testkit::Answer;

use crate::app::{ADDRESS, App, OTHER_CASE, PASSWORD, text};
use crate::attempts::{attempt_from, device_cookie};
use crate::email::wish;
use crate::password::reset;

const HOME: &str = "203.0.113.7";
/// Where the owner never was.
const PLACE: &str = "192.0.2.77";
const CHOSEN: &str = "seven looms weave flowers";
const REGISTER: &str = "/v1/auth/register";
const RESEND: &str = "/v1/auth/resend-verification";
const FORGOT: &str = "/v1/auth/forgot-password";
const LET_IN: &str = "/v1/auth/new-browser";

fn two_mails() -> SignInLimits {
    SignInLimits {
        mail_by_address: RateLimit::per(2, SignedDuration::from_hours(1)),
        ..SignInLimits::local()
    }
}

/// The usual person, who signed in at home; their browser.
async fn at_home(app: &App) -> String {
    app.newcomer().await;
    // What was mailed on the way is no longer counted.
    app.clock.advance(SignedDuration::from_hours(2));
    let first = attempt_from(app, HOME, ADDRESS, PASSWORD, None).await;
    device_cookie(&first.expect(200))
}

async fn ask_from(
    app: &App,
    from: &str,
    path: &str,
    address: &str,
    device: Option<&str>,
) -> Answer {
    let body = match path {
        REGISTER => json!({ "email": address, "password": PASSWORD, "name": "Ada" }),
        _ => json!({ "email": address }),
    };
    let call = app.api.post(path).from_address(from).json(&body);
    match device {
        Some(cookie) => call.header("cookie", cookie).send().await,
        None => call.send().await,
    }
}

/// Strangers ask until they are refused.
async fn use_up(app: &App, path: &str, address: &str) {
    for number in 0..2 {
        let from = format!("198.51.{number}.7");
        let asked = ask_from(app, &from, path, address, None).await;
        asked.expect(202);
    }
    let refused = ask_from(app, "198.51.9.7", path, address, None).await;
    refused.expect_problem(429, "rate_limited");
}

/// Whether the newest mail has a link that does something.
fn has_link(app: &App) -> bool {
    let mails = app.mailbox.to(ADDRESS);
    mails.last().unwrap().text.contains("token=")
}

#[tokio::test]
async fn id_07_mails_without_a_link_use_up_none_of_those_with_one() {
    let app = App::with_limits(two_mails()).await;
    at_home(&app).await;

    for path in [REGISTER, RESEND] {
        use_up(&app, path, ADDRESS).await;
        assert!(!has_link(&app), "{path}");
    }

    for path in [FORGOT, LET_IN] {
        let asked = ask_from(&app, PLACE, path, ADDRESS, None).await;
        asked.expect(202);
        assert!(has_link(&app), "{path}");
    }
}

#[tokio::test]
async fn id_07_asking_for_links_of_one_kind_uses_up_none_of_another() {
    for path in [FORGOT, LET_IN] {
        let app = App::with_limits(two_mails()).await;
        at_home(&app).await;
        use_up(&app, path, ADDRESS).await;

        for other in [FORGOT, LET_IN].into_iter().filter(|other| *other != path) {
            let asked = ask_from(&app, PLACE, other, ADDRESS, None).await;
            asked.expect(202);
        }
    }
}

#[tokio::test]
async fn id_07_others_who_want_an_address_use_up_no_link_of_whoever_has_it() {
    let app = App::with_limits(two_mails()).await;
    let other = "grace@example.com";
    app.register(other, PASSWORD).await.expect(202);
    app.verify(&app.newest_token(other)).await.expect(204);
    at_home(&app).await;
    let signed_in = attempt_from(&app, PLACE, other, PASSWORD, None).await;
    let cookie = signed_in.expect(200).cookie();

    for expected in [202, 202, 429] {
        wish(&app, &cookie, ADDRESS).await.expect(expected);
    }

    for path in [REGISTER, FORGOT, LET_IN] {
        let asked = ask_from(&app, PLACE, path, ADDRESS, None).await;
        asked.expect(202);
    }
}

#[tokio::test]
async fn id_07_owner_at_home_or_with_their_browser_gets_links_that_strangers_used_up() {
    for path in [FORGOT, LET_IN] {
        let app = App::with_limits(two_mails()).await;
        let own = at_home(&app).await;
        use_up(&app, path, ADDRESS).await;

        let at_home = ask_from(&app, HOME, path, ADDRESS, None).await;
        let anywhere = ask_from(&app, PLACE, path, ADDRESS, Some(&own)).await;

        at_home.expect(202);
        anywhere.expect(202);
        assert!(has_link(&app));
        let stranger = ask_from(&app, PLACE, path, ADDRESS, None).await;
        stranger.expect_problem(429, "rate_limited");
        // Nor is a browser of one account known to another.
        let other = "grace@example.com";
        use_up(&app, path, other).await;
        let other = ask_from(&app, HOME, path, other, Some(&own)).await;
        other.expect_problem(429, "rate_limited");
    }
}

/// What proves a mailbox is the link in it, whoever registers the address meanwhile, and however they spell it.
#[tokio::test]
async fn id_07_links_of_an_unproven_address_outlive_another_registration() {
    for written in [ADDRESS, OTHER_CASE] {
        let app = App::with_limits(two_mails()).await;
        let elsewhere = "198.51.100.7";
        let registered = ask_from(&app, elsewhere, REGISTER, ADDRESS, None).await;
        registered.expect(202);
        let asked = ask_from(&app, elsewhere, FORGOT, ADDRESS, None).await;
        asked.expect(202);
        let older = app.newest_token(ADDRESS);
        let asked = ask_from(&app, elsewhere, FORGOT, ADDRESS, None).await;
        asked.expect(202);
        let newest = app.newest_token(ADDRESS);
        let again = app.register(written, "nine looms weave meadows").await;
        again.expect(202);
        let owner = ask_from(&app, PLACE, FORGOT, ADDRESS, None).await;
        owner.expect_problem(429, "rate_limited");
        let before = app.mailbox.to(ADDRESS).len();

        reset(&app, &newest, CHOSEN).await.expect(204);

        // The mailbox that the link was sent to is the one that is told, and proven.
        assert_eq!(app.mailbox.to(ADDRESS).len(), before + 1, "{written}");
        let pair = app.login(CHOSEN, "token").await.expect(200).body;
        let me = app.me_by_token(text(&pair, "access_token")).await;
        assert_eq!(me.expect(200).body["user"]["email"], ADDRESS);
        for password in [PASSWORD, "nine looms weave meadows"] {
            app.login(password, "token").await.expect(401);
        }
        // It is proven now: from here on a new password voids what was mailed before.
        let late = reset(&app, &older, "eight looms weave flowers").await;
        late.expect_problem(410, "token_expired");
    }
}

/// Five at once of each of five kinds, at home and with the browser, and of each one more every twelve minutes.
#[tokio::test]
async fn mails_to_one_address_are_bounded_whoever_asks_for_them() {
    let limits = SignInLimits {
        mail_by_address: SignInLimits::strict().mail_by_address,
        ..SignInLimits::local()
    };
    let app = App::hashing_cheaply(limits).await;
    let other = "grace@example.com";
    app.register(other, PASSWORD).await.expect(202);
    app.verify(&app.newest_token(other)).await.expect(204);
    let own = at_home(&app).await;
    let before = app.mailbox.to(ADDRESS).len();
    let everybody_asks = async |times: usize| {
        let signed_in = attempt_from(&app, PLACE, other, PASSWORD, None).await;
        let cookie = signed_in.expect(200).cookie();
        for number in 0..times {
            let elsewhere = format!("198.51.{number}.7");
            for path in [REGISTER, RESEND, FORGOT, LET_IN] {
                ask_from(&app, &elsewhere, path, ADDRESS, None).await;
                ask_from(&app, HOME, path, ADDRESS, None).await;
                ask_from(&app, PLACE, path, ADDRESS, Some(&own)).await;
            }
            wish(&app, &cookie, ADDRESS).await;
        }
        app.mailbox.to(ADDRESS).len() - before
    };

    let mut counted = vec![everybody_asks(6).await];
    for _ in 0..10 {
        app.clock.advance(SignedDuration::from_mins(6));
        counted.push(everybody_asks(1).await);
    }

    // Nine of each within the hour, and the tenth at its end.
    assert_eq!(counted, [35, 35, 42, 42, 49, 49, 56, 56, 63, 63, 70]);
}

#[tokio::test]
async fn id_01_link_too_many_is_refused_alike_for_every_address() {
    let app = App::with_limits(two_mails()).await;
    let own = at_home(&app).await;
    // Its secret is another one.
    let forged = match own.strip_prefix("did=A") {
        Some(rest) => format!("did=B{rest}"),
        None => format!("did=A{}", &own["did=".len() + 1..]),
    };
    let unproven = "grace@example.com";
    app.register(unproven, PASSWORD).await.expect(202);
    for path in [FORGOT, LET_IN, RESEND, REGISTER] {
        let mut seen = Vec::new();
        for address in [ADDRESS, unproven, "nobody@example.com"] {
            // Also of those that are mailed.
            app.clock.advance(SignedDuration::from_hours(2));
            use_up(&app, path, address).await;
            for device in [None, Some(forged.as_str())] {
                let call = ask_from(&app, PLACE, path, address, device);
                let (refused, work) = app.work(call).await;
                let mut body = refused.expect_problem(429, "rate_limited").body;
                body["instance"] = json!(null);
                body["detail"] = json!(null);
                seen.push((body, work));
            }
        }

        let (known, others) = seen.split_at(2);
        for other in others.chunks(2) {
            assert_eq!(known, other, "{path}");
        }
    }
}
