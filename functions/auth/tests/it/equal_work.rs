//! What answers cost beyond the first try tells nothing, either.

use auth::SignInLimits;
use jiff::SignedDuration;
use serde_json::json;
use store::{AttemptLimit, RateLimit};

use crate::app::{ADDRESS, App, PASSWORD};
use crate::attempts::{attempt_from, device_cookie};
use crate::email::moved;

const UNPROVEN: &str = "grace@example.com";
const UNKNOWN: &str = "nobody@example.com";
/// Not proven either; whoever registered it tries it.
const OWN: &str = "mary@example.com";
const WRONG: &str = "a wrong password";

/// A hundred tries without a wait.
fn patient() -> SignInLimits {
    SignInLimits {
        attempts: AttemptLimit {
            free: 100,
            most: 101,
        },
        ..SignInLimits::local()
    }
}

/// Strangers have tried an address so often.
async fn tried_until(app: &App, address: &str, number: u32) {
    let (limit, now) = (patient().attempts, domain::Clock::now(&app.clock));
    let system = app.table.system();
    loop {
        let counted = system.count_attempt("sign_in_address", address, limit, now);
        if counted.await.unwrap() >= number {
            return;
        }
    }
}

#[tokio::test]
async fn id_02_tries_of_which_people_are_told_cost_the_same_for_every_address() {
    let app = App::hashing_cheaply(patient()).await;
    app.newcomer().await;
    app.register(UNPROVEN, PASSWORD).await.expect(202);
    app.register(OWN, PASSWORD).await.expect(202);
    let login = async |address: &str, password: &str| {
        let body = json!({ "email": address, "password": password });
        app.api.post("/v1/auth/login").json(&body).send().await
    };
    // The counters that all have in common are begun.
    for password in [WRONG, PASSWORD] {
        login("somebody@example.com", password).await.expect(401);
    }

    for number in [10, 50, 100] {
        let mut works = Vec::new();
        for (address, password) in [
            (ADDRESS, WRONG),
            (UNPROVEN, WRONG),
            (OWN, PASSWORD),
            (UNKNOWN, WRONG),
        ] {
            tried_until(&app, address, number - 1).await;
            let (answer, work) = app.work(login(address, password)).await;
            answer.expect_problem(401, "invalid_credentials");
            works.push(work);
        }

        works.dedup();
        assert_eq!(works.len(), 1, "try {number}: {works:?}");
    }

    // The person is told, and nobody else.
    let owed = app.owed().await.len();
    app.send_all_owed().await;
    assert_eq!(owed, 3);
    let told = app.mailbox.all().into_iter();
    let told = told.filter(|mail| mail.subject.contains("tries"));
    assert!(told.clone().all(|mail| mail.to == ADDRESS));
    assert_eq!(told.count(), 3);
}

#[tokio::test]
async fn id_02_try_at_a_known_network_costs_the_same_for_every_address() {
    let app = App::hashing_cheaply(patient()).await;
    app.newcomer().await;
    let home = "203.0.113.7";
    let first = attempt_from(&app, home, ADDRESS, PASSWORD, None).await;
    let own = device_cookie(&first.expect(200));
    // A cookie that claims to be of the account.
    let forged = match own.strip_prefix("did=A") {
        Some(rest) => format!("did=B{rest}"),
        None => format!("did=A{}", &own["did=".len() + 1..]),
    };
    attempt_from(&app, home, "somebody@example.com", WRONG, None).await;

    for device in [None, Some(forged.as_str())] {
        let mut works = Vec::new();
        for address in [ADDRESS, UNKNOWN] {
            let call = attempt_from(&app, home, address, WRONG, device);
            let (answer, work) = app.work(call).await;
            answer.expect_problem(401, "invalid_credentials");
            works.push(work);
        }
        assert_eq!(works[0], works[1]);
    }
}

#[tokio::test]
async fn id_01_register_costs_the_same_work_for_an_address_that_is_kept_for_somebody() {
    let app = App::new().await;
    moved(&app).await;
    // What was mailed to an address before is another thing than who has it, and keys that were forgotten meanwhile are
    // opened again.
    app.clock.advance(SignedDuration::from_mins(10));
    app.register("mary@example.com", PASSWORD).await;
    let mut works = Vec::new();

    for address in [ADDRESS, UNKNOWN] {
        let register = app.register(address, "another long password");
        let (answer, work) = app.work(register).await;
        answer.expect(202);
        works.push(work);
    }

    assert_eq!(works[0], works[1]);
    let mails = app.mailbox.to(ADDRESS);
    assert!(!mails.last().unwrap().text.contains("token="));
}

/// The time is over until which it was kept.
#[tokio::test]
async fn id_12_address_that_is_kept_no_longer_is_registered_at_once() {
    let app = App::with_limits(SignInLimits {
        mail_by_address: RateLimit::per(10, SignedDuration::from_hours(1)),
        ..SignInLimits::local()
    })
    .await;
    moved(&app).await;
    app.clock.advance(SignedDuration::from_hours(7 * 24 + 1));

    app.register(ADDRESS, "another long password")
        .await
        .expect(202);

    let token = app.newest_token(ADDRESS);
    let verified = app.verify_with(&token, "another long password").await;
    verified.expect(204);
}
