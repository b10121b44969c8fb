use auth::SignInLimits;
use jiff::SignedDuration;
use serde_json::json;
use store::{AttemptLimit, RateLimit};

use crate::app::{ADDRESS, App, PASSWORD};

fn few() -> SignInLimits {
    SignInLimits {
        attempts: AttemptLimit { free: 3, most: 6 },
        mail_by_address: RateLimit::per(2, SignedDuration::from_secs(60)),
        ..SignInLimits::local()
    }
}

#[tokio::test]
async fn login_beyond_the_limit_must_wait_as_long_as_it_is_told() {
    let app = App::with_limits(few()).await;
    app.newcomer().await;
    for _ in 0..3 {
        app.login("a wrong password", "token").await.expect(401);
    }

    let answer = app.login(PASSWORD, "token").await;

    let answer = answer.expect_problem(429, "sign_in_delayed");
    let seconds = answer.headers["retry-after"].to_str().unwrap();
    let seconds: i64 = seconds.parse().unwrap();
    assert!((1..=2).contains(&seconds), "{seconds}");
    app.clock.advance(SignedDuration::from_secs(seconds));
    app.login(PASSWORD, "token").await.expect(200);
    // A success forgets the tries before.
    app.login(PASSWORD, "token").await.expect(200);
}

#[tokio::test]
async fn login_limit_of_one_address_leaves_others_alone() {
    let app = App::with_limits(few()).await;
    app.newcomer().await;
    let body = serde_json::json!({ "email": "grace@example.com", "password": PASSWORD });
    for _ in 0..5 {
        app.api.post("/v1/auth/login").json(&body).send().await;
    }

    app.login(PASSWORD, "token").await.expect(200);
}

#[tokio::test]
async fn mails_beyond_the_limit_are_not_sent() {
    let app = App::with_limits(few()).await;

    for expected in [202, 202, 429, 429] {
        app.register(ADDRESS, PASSWORD).await.expect(expected);
    }

    assert_eq!(app.mailbox.to(ADDRESS).len(), 2);
}

#[tokio::test]
async fn id_08_limit_counts_exactly_over_many_at_once() {
    let app = App::new().await;
    let limit = RateLimit::per(10, SignedDuration::from_secs(100));
    let now = domain::Clock::now(&app.clock);

    let tries = (0..16).map(|_| {
        let table = app.table.clone();
        async move { table.system().admit("test", "subject", limit, now).await }
    });
    let results = futures::future::join_all(tries).await;

    let admitted = results.iter().filter(|result| result.is_ok()).count();
    assert_eq!(admitted, 10);
}

#[tokio::test]
async fn id_08_two_instances_on_one_table_count_wrong_passwords_together() {
    let one = App::with_limits(few()).await;
    let other = one.beside(few()).await;
    one.newcomer().await;
    for app in [&one, &other, &one] {
        app.login("a wrong password", "token").await.expect(401);
    }

    for app in [&other, &one] {
        let answer = app.login(PASSWORD, "token").await;
        answer.expect_problem(429, "sign_in_delayed");
    }
}

#[tokio::test]
async fn id_08_client_beyond_its_limit_has_nothing_hashed_that_is_no_address() {
    let one = SignInLimits {
        login_by_client: RateLimit::per(1, SignedDuration::from_mins(15)),
        ..SignInLimits::local()
    };
    for path in ["/v1/auth/login", "/v1/auth/lost-second-factor"] {
        let app = App::with_limits(one).await;
        let body = json!({ "email": "x", "password": PASSWORD });
        let attempt = || {
            let call = app.api.post(path).from_address("203.0.113.7");
            call.json(&body).send()
        };
        attempt().await.expect(401);

        let (refused, work) = app.work(attempt()).await;

        refused.expect_problem(429, "rate_limited");
        assert_eq!(work.hashes, 0, "{path}");
    }
}
