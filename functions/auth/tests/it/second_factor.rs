use auth::SignInLimits;
use aws_lc_rs::hmac;
use cloud::envelope::{Envelope, Sealed};
use domain::Clock as _;
use jiff::SignedDuration;
use serde_json::{Value, json};
use store::AttemptLimit;
use testkit::Answer;

use crate::app::{ADDRESS, App, PASSWORD, text};

/// The person's authenticator app: an own reading of RFC 6238.
pub(crate) struct Phone {
    seed: Vec<u8>,
}

impl Phone {
    pub(crate) fn reading(offer: &Value) -> Self {
        let (mut seed, mut bits, mut count) = (Vec::new(), 0_u32, 0);
        for character in text(offer, "secret").chars() {
            let alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
            bits = bits << 5 | u32::try_from(alphabet.find(character).unwrap()).unwrap();
            count += 5;
            if count >= 8 {
                count -= 8;
                seed.push(u8::try_from(bits >> count & 0xff).unwrap());
            }
        }
        assert_eq!(seed.len() * 8, 160);
        Self { seed }
    }

    pub(crate) fn code(&self, app: &App) -> String {
        self.code_at(app.clock.now().as_second())
    }

    fn code_at(&self, second: i64) -> String {
        let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, &self.seed);
        let tag = hmac::sign(&key, &(second / 30).to_be_bytes());
        let tag = tag.as_ref();
        let at = usize::from(tag[19] & 15);
        let number = u32::from_be_bytes(tag[at..at + 4].try_into().unwrap()) & 0x7fff_ffff;
        format!("{:06}", number % 1_000_000)
    }
}

/// Somebody with an active app.
struct Guarded {
    phone: Phone,
    cookie: String,
    recovery_codes: Vec<String>,
}

async fn post(app: &App, cookie: &str, path: &str, body: &Value) -> Answer {
    app.api.post(path).cookie(cookie).json(body).send().await
}

pub(crate) const APP: &str = "/v1/me/second-factor/authenticator";

async fn guarded(app: &App) -> Guarded {
    let cookie = app.browser().await;
    let offer = post(app, &cookie, APP, &json!({})).await.expect(200).body;
    let phone = Phone::reading(&offer);
    let body = json!({ "code": phone.code(app) });
    let answer = post(app, &cookie, &format!("{APP}/confirm"), &body).await;
    let answer = answer.expect(200);
    let codes = answer.body["recovery_codes"].as_array().unwrap();
    Guarded {
        phone,
        cookie: answer.cookie(),
        recovery_codes: codes
            .iter()
            .map(|code| code.as_str().unwrap().to_owned())
            .collect(),
    }
}

async fn login_with(app: &App, code: &str) -> Answer {
    let body = json!({ "email": ADDRESS, "password": PASSWORD, "mode": "token", "code": code });
    app.api.post("/v1/auth/login").json(&body).send().await
}

/// The time in which every code is new.
fn next_step(app: &App) {
    app.clock.advance(SignedDuration::from_secs(30));
}

#[tokio::test]
async fn id_19_sign_in_with_an_app_needs_a_code_of_it() {
    let app = App::new().await;
    let Guarded { phone, .. } = guarded(&app).await;
    next_step(&app);

    let without = app.login(PASSWORD, "token").await;
    without.expect_problem(401, "second_factor_required");
    let wrong = login_with(&app, "000000").await.expect(422);
    assert_eq!(wrong.body["errors"][0]["code"], "wrong_code");

    login_with(&app, &phone.code(&app)).await.expect(200);
}

#[tokio::test]
async fn id_19_code_without_the_password_tells_nothing() {
    let app = App::new().await;
    let Guarded { phone, .. } = guarded(&app).await;
    next_step(&app);
    let body =
        json!({ "email": ADDRESS, "password": "a wrong password", "code": phone.code(&app) });

    let call = app.api.post("/v1/auth/login").json(&body);

    call.send().await.expect_problem(401, "invalid_credentials");
}

#[tokio::test]
async fn id_19_code_works_once() {
    let app = App::new().await;
    let Guarded { phone, .. } = guarded(&app).await;
    // The code that confirmed the app is used, too.
    login_with(&app, &phone.code(&app)).await.expect(422);
    next_step(&app);
    let code = phone.code(&app);

    login_with(&app, &code).await.expect(200);

    login_with(&app, &code).await.expect(422);
}

#[tokio::test]
async fn id_19_code_used_by_two_at_once_works_for_one() {
    let app = App::new().await;
    let Guarded { phone, .. } = guarded(&app).await;
    next_step(&app);
    let code = phone.code(&app);

    let (one, other) = tokio::join!(login_with(&app, &code), login_with(&app, &code));

    let mut statuses = [one.status.as_u16(), other.status.as_u16()];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 422]);
}

#[tokio::test]
async fn id_19_code_of_an_older_step_than_the_last_used_is_refused() {
    let app = App::new().await;
    let Guarded { phone, .. } = guarded(&app).await;
    next_step(&app);
    let earlier = phone.code(&app);
    next_step(&app);
    login_with(&app, &phone.code(&app)).await.expect(200);

    login_with(&app, &earlier).await.expect(422);
}

#[tokio::test]
async fn id_19_code_of_a_clock_that_is_a_step_off_is_taken() {
    let app = App::new().await;
    let Guarded { phone, .. } = guarded(&app).await;
    app.clock.advance(SignedDuration::from_mins(5));
    let now = app.clock.now().as_second();

    login_with(&app, &phone.code_at(now - 60)).await.expect(422);
    login_with(&app, &phone.code_at(now - 30)).await.expect(200);
    login_with(&app, &phone.code_at(now + 30)).await.expect(200);
    login_with(&app, &phone.code_at(now + 60)).await.expect(422);
}

#[tokio::test]
async fn id_19_seed_is_sealed_and_shown_once() {
    let app = App::new().await;
    let cookie = app.browser().await;

    let offer = post(&app, &cookie, APP, &json!({})).await.expect(200).body;

    let secret = text(&offer, "secret");
    let uri = format!(
        "otpauth://totp/M1Autoposter:ada%40example.com?secret={secret}&issuer=M1Autoposter"
    );
    assert_eq!(text(&offer, "uri"), uri);
    let raw = testkit::table::everything(&app.client).await;
    assert!(!raw.contains(secret));
    let again = post(&app, &cookie, APP, &json!({})).await.expect(200).body;
    assert_ne!(text(&again, "secret"), secret);
}

#[tokio::test]
async fn app_that_was_not_confirmed_is_not_asked_for() {
    let app = App::new().await;
    let cookie = app.browser().await;
    post(&app, &cookie, APP, &json!({})).await.expect(200);
    let body = json!({ "code": "000000" });
    let confirm = format!("{APP}/confirm");

    let refused = post(&app, &cookie, &confirm, &body).await.expect(422);

    assert_eq!(refused.body["errors"][0]["code"], "wrong_code");
    app.login(PASSWORD, "token").await.expect(200);
}

#[tokio::test]
async fn app_that_is_active_is_not_replaced_unseen() {
    let app = App::new().await;
    let Guarded { cookie, .. } = guarded(&app).await;

    let answer = post(&app, &cookie, APP, &json!({})).await;

    answer.expect_problem(409, "authenticator_active");
}

#[tokio::test]
async fn id_11_new_app_ends_other_sign_ins_and_is_told_to_the_person() {
    let app = App::new().await;
    app.newcomer().await;
    let pair = app.login(PASSWORD, "token").await.expect(200).body;
    let before = app.login(PASSWORD, "cookie").await.expect(200).cookie();
    let offer = post(&app, &before, APP, &json!({})).await.expect(200).body;
    let body = json!({ "code": Phone::reading(&offer).code(&app) });

    let answer = post(&app, &before, &format!("{APP}/confirm"), &body).await;

    let after = answer.expect(200).cookie();
    app.me_by_cookie(&after).await.expect(200);
    app.me_by_cookie(&before).await.expect(401);
    app.refresh(text(&pair, "refresh_token")).await.expect(401);
    let mails = app.mailbox.to(ADDRESS);
    assert!(
        mails
            .last()
            .unwrap()
            .subject
            .contains("authenticator app guards")
    );
}

#[tokio::test]
async fn id_12_change_of_the_address_that_is_taken_back_removes_the_app_and_its_codes() {
    const THIEF: &str = "eve@example.com";
    const NEW: &str = "seven looms weave flowers";
    let app = App::new().await;
    let Guarded { cookie, .. } = guarded(&app).await;
    let me = app.me_by_cookie(&cookie).await.expect(200).body;
    let user = text(&me["user"], "id").parse().unwrap();
    let wish = json!({ "email": THIEF });
    post(&app, &cookie, "/v1/me/email", &wish).await.expect(202);
    let follow = async |page: &str, body: Value| {
        let call = app.api.post(format!("/v1/auth/{page}")).json(&body);
        call.send().await.expect(204)
    };
    follow("confirm-email", json!({ "token": app.newest_token(THIEF) })).await;

    follow(
        "revert-email",
        json!({ "token": app.newest_token(ADDRESS) }),
    )
    .await;

    let reset = json!({ "token": app.newest_token(ADDRESS), "password": NEW });
    follow("reset-password", reset).await;
    // Nothing that the thief has is asked for.
    let signed_in = app.login(NEW, "cookie").await.expect(200);
    let call = app.api.get("/v1/me/second-factor");
    let state = call
        .cookie(&signed_in.cookie())
        .send()
        .await
        .expect(200)
        .body;
    assert_eq!(state["authenticator"], false);
    assert_eq!(state["recovery_codes_left"], 0);
    let system = app.table.system();
    assert!(!system.has_second_factor(user).await.unwrap());
    // The person sets up an app of their own.
    post(&app, &signed_in.cookie(), APP, &json!({}))
        .await
        .expect(200);
}

#[tokio::test]
async fn id_20_recovery_code_takes_the_place_of_the_app_once() {
    let app = App::new().await;
    let Guarded {
        recovery_codes,
        cookie,
        ..
    } = guarded(&app).await;
    assert_eq!(recovery_codes.len(), 10);

    login_with(&app, &recovery_codes[0].to_uppercase())
        .await
        .expect(200);

    login_with(&app, &recovery_codes[0]).await.expect(422);
    let (one, other) = tokio::join!(
        login_with(&app, &recovery_codes[1]),
        login_with(&app, &recovery_codes[1])
    );
    let mut statuses = [one.status.as_u16(), other.status.as_u16()];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 422]);
    let call = app.api.get("/v1/me/second-factor").cookie(&cookie);
    let state = call.send().await.expect(200).body;
    assert_eq!(
        state,
        json!({
            "authenticator": true,
            "passkeys": 0,
            "recovery_codes_left": 8,
            "can_be_reset": false,
        })
    );
}

#[tokio::test]
async fn id_20_new_recovery_codes_void_the_old_ones() {
    let app = App::new().await;
    let Guarded {
        recovery_codes,
        cookie,
        ..
    } = guarded(&app).await;
    let path = "/v1/me/second-factor/recovery-codes";

    let renewed = post(&app, &cookie, path, &json!({})).await.expect(200).body;

    login_with(&app, &recovery_codes[0]).await.expect(422);
    login_with(&app, renewed["recovery_codes"][0].as_str().unwrap())
        .await
        .expect(200);
    let raw = testkit::table::everything(&app.client).await;
    for code in renewed["recovery_codes"].as_array().unwrap() {
        let code = code.as_str().unwrap();
        assert!(!raw.contains(code) && !raw.contains(&code.replace('-', "")));
    }
}

#[tokio::test]
async fn id_05_reset_of_the_password_does_not_skip_the_second_factor() {
    let app = App::new().await;
    let Guarded { phone, .. } = guarded(&app).await;
    let body = json!({ "email": ADDRESS });
    let call = app.api.post("/v1/auth/forgot-password").json(&body);
    call.send().await.expect(202);
    let new = "seven looms weave flowers";
    let body = json!({ "token": app.newest_token(ADDRESS), "password": new });
    let call = app.api.post("/v1/auth/reset-password").json(&body);
    call.send().await.expect(204);
    next_step(&app);

    let without = app.login(new, "token").await;
    without.expect_problem(401, "second_factor_required");
    let body = json!({ "email": ADDRESS, "password": new, "code": phone.code(&app) });
    let call = app.api.post("/v1/auth/login").json(&body);

    call.send().await.expect(200);
}

#[tokio::test]
async fn id_18_proof_with_an_app_needs_a_code_and_not_the_password() {
    let app = App::new().await;
    let Guarded { phone, cookie, .. } = guarded(&app).await;
    app.clock.advance(SignedDuration::from_mins(10));
    let remove = app.api.delete(APP).cookie(&cookie).send().await;
    remove.expect_problem(401, "insufficient_user_authentication");
    let path = "/v1/auth/reauthenticate";

    let body = json!({ "password": PASSWORD });
    let refused = post(&app, &cookie, path, &body).await.expect(422);
    assert_eq!(refused.body["errors"][0]["code"], "second_factor_required");
    let body = json!({ "code": phone.code(&app) });
    let renewed = post(&app, &cookie, path, &body).await.expect(200).cookie();

    let removed = app.api.delete(APP).cookie(&renewed).send().await;
    let after = removed.expect(204).cookie();
    app.me_by_cookie(&renewed).await.expect(401);
    app.me_by_cookie(&after).await.expect(200);
    app.login(PASSWORD, "token").await.expect(200);
    let mails = app.mailbox.to(ADDRESS);
    let is_told = |words: &str| mails.iter().any(|mail| mail.subject.contains(words));
    assert!(is_told("authenticator app was removed"));
}

#[tokio::test]
async fn id_07_wrong_codes_are_counted_like_wrong_passwords() {
    let app = App::with_limits(SignInLimits {
        attempts: AttemptLimit { free: 5, most: 8 },
        ..SignInLimits::local()
    })
    .await;
    guarded(&app).await;

    for _ in 0..8 {
        app.clock.advance(SignedDuration::from_mins(15));
        login_with(&app, "000000").await.expect(422);
    }

    app.clock.advance(SignedDuration::from_mins(15));
    let answer = login_with(&app, "000000").await;
    answer.expect_problem(403, "sign_in_blocked");
}

async fn seed_is_under(app: &App, user: domain::UserId) -> u32 {
    let stored = app.table.system().authenticator(user).await.unwrap();
    let sealed = Sealed::from_bytes(stored.unwrap().sealed);
    Envelope::key_version(&sealed).unwrap()
}

#[tokio::test]
async fn seed_is_sealed_anew_by_the_next_sign_in_after_a_rotation_of_the_platforms_key() {
    let app = App::new().await;
    let Guarded { phone, cookie, .. } = guarded(&app).await;
    let me = app.me_by_cookie(&cookie).await.expect(200).body;
    let user = text(&me["user"], "id").parse().unwrap();
    app.clock.advance(SignedDuration::from_hours(365 * 24));
    // Its start rotates the key.
    let started = app.beside(SignInLimits::local()).await;
    assert_eq!(seed_is_under(&app, user).await, 1);

    login_with(&started, "000000").await.expect(422);
    assert_eq!(seed_is_under(&app, user).await, 1, "it was no sign-in");
    login_with(&started, &phone.code(&app)).await.expect(200);

    assert_eq!(seed_is_under(&app, user).await, 2);
    for instance in [&app, &started] {
        next_step(&app);
        login_with(instance, &phone.code(&app)).await.expect(200);
    }
}
