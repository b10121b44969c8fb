//! Sign-ins that end between the password and the second factor.

use serde_json::{Value, json};
use testkit::{Answer, SoftPasskey, http::PUBLIC_URL};

use crate::app::{ADDRESS, App, PASSWORD};
use crate::attempts::{attempt_from, device_cookie};
use crate::passkeys::{add, guarded};

const HOME: &str = "203.0.113.7";
const LOGIN: &str = "/v1/auth/login";
const LOST: &str = "/v1/auth/lost-second-factor";
const PASSKEY: &str = "/v1/auth/passkey";

async fn post(app: &App, path: &str, body: &Value, device: Option<&str>) -> Answer {
    let call = app.api.post(path).from_address(HOME).json(body);
    match device {
        Some(cookie) => call.header("cookie", cookie).send().await,
        None => call.send().await,
    }
}

/// How many mails tell the person of many tries.
async fn told(app: &App) -> usize {
    app.send_all_owed().await;
    let mails = app.mailbox.to(ADDRESS).into_iter();
    mails.filter(|mail| mail.subject.contains("tries")).count()
}

/// Whoever has a stolen password leaves the second factor out in the very tries of which the owner is told.
#[tokio::test]
async fn id_46_tenth_try_is_told_where_it_is_one_without_a_second_factor() {
    let password = json!({ "email": ADDRESS, "password": PASSWORD });
    for (path, expected) in [(LOGIN, 401), (LOST, 409)] {
        let app = App::new().await;
        guarded(&app).await;
        let mut guess = password.clone();
        guess["code"] = json!("000000");
        for _ in 0..9 {
            app.clock.advance(jiff::SignedDuration::from_mins(15));
            post(&app, LOGIN, &guess, None).await.expect(422);
        }
        assert_eq!(told(&app).await, 0, "{path}");

        app.clock.advance(jiff::SignedDuration::from_mins(15));
        post(&app, path, &password, None).await.expect(expected);

        assert_eq!(told(&app).await, 1, "{path}");
    }
}

/// Somebody types their password first, and then uses the passkey that it asks for.
#[tokio::test]
async fn id_07_owner_who_goes_on_with_a_passkey_neither_waits_nor_is_told_of_tries() {
    let app = App::new().await;
    app.newcomer().await;
    let first = attempt_from(&app, HOME, ADDRESS, PASSWORD, None).await;
    let first = first.expect(200);
    let own = device_cookie(&first);
    let mut passkey = SoftPasskey::new("phone", PUBLIC_URL);
    add(&app, &first.cookie(), &mut passkey).await.expect(201);

    for (device, mode) in [(Some(own.as_str()), "cookie"), (None, "token")] {
        for _ in 0..11 {
            let login = json!({ "email": ADDRESS, "password": PASSWORD, "mode": mode });
            let half = post(&app, LOGIN, &login, device).await;
            half.expect_problem(401, "second_factor_required");
            let options = app.api.post(format!("{PASSKEY}/options")).json(&json!({}));
            let assertion = passkey.get(&options.send().await.expect(200).body);
            let proof = json!({ "assertion": assertion, "mode": mode });
            post(&app, PASSKEY, &proof, device).await.expect(200);
        }
    }

    assert_eq!(told(&app).await, 0);
}
