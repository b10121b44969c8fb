use auth::SignInLimits;
use jiff::SignedDuration;
use serde_json::json;
use store::{AttemptLimit, RateLimit};
use testkit::Answer;

use crate::app::{ADDRESS, App, PASSWORD, text};

fn few() -> SignInLimits {
    SignInLimits {
        attempts: AttemptLimit { free: 5, most: 8 },
        ..SignInLimits::local()
    }
}

/// A try by somebody without a device cookie, after whatever wait is demanded.
async fn patient_try(app: &App, address: &str, password: &str) -> Answer {
    app.clock.advance(SignedDuration::from_mins(15));
    attempt(app, address, password, None).await
}

async fn attempt(app: &App, address: &str, password: &str, device: Option<&str>) -> Answer {
    let body = json!({ "email": address, "password": password });
    let call = app.api.post("/v1/auth/login").json(&body);
    match device {
        Some(cookie) => call.header("cookie", cookie).send().await,
        None => call.send().await,
    }
}

pub(crate) async fn attempt_from(
    app: &App,
    from: &str,
    address: &str,
    password: &str,
    device: Option<&str>,
) -> Answer {
    let body = json!({ "email": address, "password": password });
    let call = app.api.post("/v1/auth/login").from_address(from);
    let call = call.json(&body);
    match device {
        Some(cookie) => call.header("cookie", cookie).send().await,
        None => call.send().await,
    }
}

/// `name=value` of the device cookie that a sign-in sets.
pub(crate) fn device_cookie(answer: &Answer) -> String {
    let cookies = answer.headers.get_all("set-cookie").iter();
    let mut texts = cookies.map(|cookie| cookie.to_str().unwrap());
    let device = texts.find(|cookie| cookie.starts_with("did=")).unwrap();
    device.split(';').next().unwrap().to_owned()
}

async fn reset(app: &App, password: &str) {
    let body = json!({ "email": ADDRESS });
    let call = app.api.post("/v1/auth/forgot-password").json(&body);
    call.send().await.expect(202);
    let body = json!({ "token": app.newest_token(ADDRESS), "password": password });
    let call = app.api.post("/v1/auth/reset-password").json(&body);
    call.send().await.expect(204);
}

#[tokio::test]
async fn id_07_hundred_wrong_tries_stop_strangers_and_not_the_owner() {
    let app = App::new().await;
    app.newcomer().await;
    let first = attempt(&app, ADDRESS, PASSWORD, None).await.expect(200);
    let device = device_cookie(&first);

    for number in 0..100 {
        app.clock.advance(SignedDuration::from_mins(15));
        let from = format!("198.51.{}.7", number % 50);
        let stranger = attempt_from(&app, &from, ADDRESS, "a wrong password", None);
        stranger.await.expect(401);
    }

    // Not even with the right password.
    let stranger = patient_try(&app, ADDRESS, PASSWORD).await;
    stranger.expect_problem(403, "sign_in_blocked");
    attempt(&app, ADDRESS, PASSWORD, Some(&device))
        .await
        .expect(200);
    // A device of somebody else opens nothing.
    let forged = device.replace("did=", "did=A");
    let forged = attempt(&app, ADDRESS, PASSWORD, Some(&forged)).await;
    forged.expect_problem(403, "sign_in_blocked");
    // The owner of the address gets in anywhere.
    reset(&app, "seven looms weave flowers").await;
    let anywhere = patient_try(&app, ADDRESS, "seven looms weave flowers").await;
    anywhere.expect(200);
}

#[tokio::test]
async fn id_07_reset_whose_process_dies_lets_the_owner_in() {
    let app = App::with_limits(few()).await;
    app.newcomer().await;
    let cookie = app.login(PASSWORD, "cookie").await.expect(200).cookie();
    for _ in 0..8 {
        patient_try(&app, ADDRESS, "a wrong password")
            .await
            .expect(401);
    }
    let body = json!({ "email": ADDRESS });
    let call = app.api.post("/v1/auth/forgot-password").json(&body);
    call.send().await.expect(202);
    let chosen = "seven looms weave flowers";
    let body = json!({ "token": app.newest_token(ADDRESS), "password": chosen });
    app.between.die_after_transactions(1);

    let call = app.api.post("/v1/auth/reset-password").json(&body);
    call.send().await;

    app.between.live_again();
    app.me_by_cookie(&cookie).await.expect(401);
    patient_try(&app, ADDRESS, chosen).await.expect(200);
}

#[tokio::test]
async fn id_07_stop_says_nothing_about_whether_the_address_is_known() {
    let app = App::with_limits(few()).await;
    app.newcomer().await;
    let mut refusals = Vec::new();

    for address in [ADDRESS, "nobody@example.com"] {
        for _ in 0..8 {
            patient_try(&app, address, "a wrong password")
                .await
                .expect(401);
        }
        let refused = patient_try(&app, address, PASSWORD).await;
        let mut body = refused.expect_problem(403, "sign_in_blocked").body;
        body["instance"] = json!(null);
        refusals.push(body);
    }

    assert_eq!(refusals[0], refusals[1]);
}

#[tokio::test]
async fn id_07_tries_must_wait_longer_and_longer() {
    let app = App::new().await;
    app.newcomer().await;
    let mut waits = Vec::new();

    for _ in 0..11 {
        let mut answer = attempt(&app, ADDRESS, "a wrong password", None).await;
        let mut waited = 0;
        while answer.status == 429 {
            let seconds = answer.headers["retry-after"].to_str().unwrap();
            let seconds = seconds.parse::<i64>().unwrap();
            app.clock.advance(SignedDuration::from_secs(seconds));
            waited += seconds;
            answer = attempt(&app, ADDRESS, "a wrong password", None).await;
        }
        answer.expect(401);
        waits.push(waited);
    }

    assert_eq!(waits.first(), Some(&0));
    assert!(waits.is_sorted(), "{waits:?}");
    assert!(waits.last() > Some(&30), "{waits:?}");
}

/// Two hundred guesses within one moment, from a hundred networks, beside which both owners go on signing in.
#[tokio::test]
async fn f_27_guesses_from_many_networks_are_blocked_and_owners_get_in() {
    // One in place of five tries without a wait, so that a fifth of the guesses shows the share.
    let app = App::with_limits(SignInLimits {
        attempts: AttemptLimit { free: 1, most: 100 },
        ..SignInLimits::strict()
    })
    .await;
    let owners = [ADDRESS, "grace@example.com"];
    let mut devices = Vec::new();
    for owner in owners {
        app.register(owner, PASSWORD).await.expect(202);
        app.verify(&app.newest_token(owner)).await.expect(204);
        let first = attempt(&app, owner, PASSWORD, None).await.expect(200);
        devices.push(device_cookie(&first));
    }
    let (mut guesses, mut judged) = (0, 0);

    for round in 0..2 {
        for network in 0..100 {
            let from = format!("198.51.{network}.7");
            let guess = format!("guess number {round}{network}");
            let address = owners[network % 2];
            let answer = attempt_from(&app, &from, address, &guess, None).await;
            let is_blocked = answer.status == 429;
            assert!(is_blocked || answer.status == 401, "{}", answer.body);
            guesses += 1;
            judged += u32::from(!is_blocked);
        }
        for (owner, device) in owners.iter().zip(&devices) {
            let home = attempt_from(&app, "203.0.113.7", owner, PASSWORD, Some(device.as_str()));
            home.await.expect(200);
        }
    }

    assert!(judged * 100 <= guesses, "{judged} of {guesses} were judged");
}

/// One password over many accounts, known and unknown ones.
#[tokio::test]
async fn f_27_one_password_over_many_accounts_from_one_network_is_blocked() {
    let app = App::with_limits(SignInLimits {
        login_by_client: RateLimit::per(1, SignedDuration::from_mins(15)),
        ..SignInLimits::strict()
    })
    .await;
    app.newcomer().await;
    let mut judged = 0;

    for number in 0..100 {
        // A network is one client, whatever address of it.
        let from = format!("2001:db8:7::{number:x}");
        let address = format!("somebody{number}@example.com");
        let answer = attempt_from(&app, &from, &address, "Welcome2026Summer!", None).await;
        judged += u32::from(answer.status == 401);
    }

    assert_eq!(judged, 1);
    let elsewhere = attempt_from(&app, "203.0.113.7", ADDRESS, PASSWORD, None).await;
    elsewhere.expect(200);
}

#[tokio::test]
async fn id_08_many_at_once_do_not_get_in_ahead_of_the_count() {
    let app = App::new().await;
    app.newcomer().await;

    let tries = (0..50).map(|_| attempt(&app, ADDRESS, "a wrong password", None));
    let answers = futures::future::join_all(tries).await;

    let judged = answers.iter().filter(|answer| answer.status == 401).count();
    let refused = answers.iter().filter(|answer| answer.status == 429).count();
    assert!((1..=5).contains(&judged), "{judged}");
    assert_eq!(judged + refused, 50);
}

#[tokio::test]
async fn id_46_many_wrong_tries_are_told_to_the_person_without_making_the_answer_later() {
    let app = App::new().await;
    app.newcomer().await;
    let before = app.mailbox.to(ADDRESS).len();

    for _ in 0..12 {
        patient_try(&app, ADDRESS, "a wrong password")
            .await
            .expect(401);
    }

    assert_eq!(app.mailbox.to(ADDRESS).len(), before, "it is owed only");
    app.send_all_owed().await;
    let mails = app.mailbox.to(ADDRESS);
    assert_eq!(mails.len(), before + 1);
    assert!(
        mails[before].text.contains("10 tries"),
        "{}",
        mails[before].text
    );
    let signed_in = patient_try(&app, ADDRESS, PASSWORD).await;
    signed_in.expect(200);
    let mails = app.mailbox.to(ADDRESS);
    assert!(mails[before + 1].text.contains("after 12 wrong tries"));
}

#[tokio::test]
async fn id_44_wrong_tries_that_the_person_is_told_of_are_remembered_with_their_count() {
    let app = App::new().await;
    let pair = app.program().await;
    let user = text(&pair["user"], "id").parse().unwrap();

    for _ in 0..12 {
        app.clock.advance(SignedDuration::from_mins(15));
        let guess = attempt_from(&app, "203.0.113.7", ADDRESS, "a wrong password", None);
        guess.await.expect(401);
    }

    let mut events = app.table.system().user_events(user, 20).await.unwrap();
    events.retain(|event| event.kind == "user.sign_ins_failed");
    let [event] = &events[..] else {
        panic!("one event: {events:?}");
    };
    assert_eq!(event.detail, json!({ "tries": 10 }));
    assert!(event.origin.network.is_some());
}

#[tokio::test]
async fn id_46_sign_in_with_a_new_browser_is_told_to_the_person() {
    let app = App::new().await;
    app.newcomer().await;
    let before = app.mailbox.to(ADDRESS).len();
    let first = attempt(&app, ADDRESS, PASSWORD, None).await.expect(200);
    assert_eq!(
        app.mailbox.to(ADDRESS).len(),
        before,
        "of the first nobody is told"
    );

    let again = attempt(&app, ADDRESS, PASSWORD, Some(&device_cookie(&first))).await;
    again.expect(200);
    assert_eq!(
        app.mailbox.to(ADDRESS).len(),
        before,
        "of a known one neither"
    );
    attempt(&app, ADDRESS, PASSWORD, None).await.expect(200);

    let mails = app.mailbox.to(ADDRESS);
    assert_eq!(mails.len(), before + 1);
    assert_eq!(mails[before].subject, "A new sign-in to M1Autoposter");
}

#[tokio::test]
async fn id_46_sign_in_with_a_new_program_is_told_to_the_person_once() {
    let app = App::new().await;
    app.newcomer().await;
    let login = async |program: &str| {
        let body = json!({ "email": ADDRESS, "password": PASSWORD, "mode": "token" });
        let call = app.api.post("/v1/auth/login").json(&body);
        call.header("user-agent", program).send().await.expect(200)
    };
    login("curl/8.14.1").await;
    let before = app.mailbox.to(ADDRESS).len();

    for program in ["curl/8.15.0", "weaver/1.0", "weaver/1.1", "curl/8.14.1"] {
        login(program).await;
    }

    let mails = app.mailbox.to(ADDRESS);
    assert_eq!(mails.len(), before + 1);
    assert!(
        mails[before].text.contains("with weaver"),
        "{}",
        mails[before].text
    );
}

#[tokio::test]
async fn id_14_device_secret_is_nowhere_in_the_table() {
    let app = App::new().await;
    app.newcomer().await;
    let device = device_cookie(&attempt(&app, ADDRESS, PASSWORD, None).await);

    let raw = testkit::table::everything(&app.client).await;

    let secret = device.trim_start_matches("did=").split('.').next().unwrap();
    assert!(!raw.contains(secret));
}
