use jiff::SignedDuration;
use serde_json::{Value, json};
use testkit::passkey::{BACKED_UP, BACKUP_ELIGIBLE, USER_PRESENT, USER_VERIFIED};
use testkit::{Answer, SoftPasskey};

use crate::app::{ADDRESS, App, PASSWORD, text};

const OWN: &str = testkit::http::PUBLIC_URL;
pub(crate) const PASSKEYS: &str = "/v1/me/passkeys";

/// Somebody with a passkey.
pub(crate) struct Guarded {
    passkey: SoftPasskey,
    id: String,
    pub(crate) cookie: String,
    recovery_codes: Vec<String>,
}

async fn post(app: &App, cookie: &str, path: &str, body: &Value) -> Answer {
    app.api.post(path).cookie(cookie).json(body).send().await
}

async fn creation_options(app: &App, cookie: &str) -> Value {
    let path = format!("{PASSKEYS}/options");
    post(app, cookie, &path, &json!({})).await.expect(200).body
}

pub(crate) async fn add(app: &App, cookie: &str, passkey: &mut SoftPasskey) -> Answer {
    let registration = passkey.create(&creation_options(app, cookie).await);
    let body = json!({ "name": "Phone", "registration": registration });
    post(app, cookie, PASSKEYS, &body).await
}

/// The same for a program by its access token.
pub(crate) async fn add_by_program(app: &App, token: &str, passkey: &mut SoftPasskey) -> Answer {
    let post = |path: String, body: &Value| app.api.post(path).bearer(token).json(body).send();
    let options = post(format!("{PASSKEYS}/options"), &json!({})).await;
    let registration = passkey.create(&options.expect(200).body);
    let body = json!({ "name": "Phone", "registration": registration });
    post(PASSKEYS.to_owned(), &body).await
}

pub(crate) async fn guarded(app: &App) -> Guarded {
    let mut passkey = SoftPasskey::new("phone", OWN);
    let answer = add(app, &app.browser().await, &mut passkey).await;
    let answer = answer.expect(201);
    let codes = answer.body["recovery_codes"].as_array().unwrap();
    Guarded {
        passkey,
        id: answer.body["passkey"]["id"].as_str().unwrap().to_owned(),
        cookie: answer.cookie(),
        recovery_codes: codes
            .iter()
            .map(|code| code.as_str().unwrap().to_owned())
            .collect(),
    }
}

async fn sign_in_options(app: &App) -> Value {
    let call = app.api.post("/v1/auth/passkey/options").json(&json!({}));
    call.send().await.expect(200).body
}

async fn sign_in(app: &App, assertion: &Value) -> Answer {
    let body = json!({ "assertion": assertion, "mode": "token" });
    app.api.post("/v1/auth/passkey").json(&body).send().await
}

pub(crate) async fn sign_in_with(app: &App, passkey: &mut SoftPasskey) -> Answer {
    let assertion = passkey.get(&sign_in_options(app).await);
    sign_in(app, &assertion).await
}

async fn login_with(app: &App, code: &str) -> Answer {
    let body = json!({ "email": ADDRESS, "password": PASSWORD, "mode": "token", "code": code });
    app.api.post("/v1/auth/login").json(&body).send().await
}

async fn listed(app: &App, cookie: &str) -> Vec<Value> {
    let answer = app.api.get(PASSKEYS).cookie(cookie).send().await;
    answer.expect(200).body["items"].as_array().unwrap().clone()
}

#[tokio::test]
async fn id_21_passkey_signs_in_without_a_password() {
    let app = App::new().await;
    let mut guarded = guarded(&app).await;
    let assertion = guarded.passkey.get(&sign_in_options(&app).await);
    let body = json!({ "assertion": assertion });

    let call = app.api.post("/v1/auth/passkey").json(&body);

    let answer = call.send().await.expect(200);
    assert_eq!(answer.body["user"]["email"], ADDRESS);
    app.me_by_cookie(&answer.cookie()).await.expect(200);
    let listed = listed(&app, &guarded.cookie).await;
    assert_eq!(listed.len(), 1);
    assert_eq!(listed[0]["name"], "Phone");
    assert_eq!(listed[0]["last_used_at"], "2026-12-01T08:00:00Z");
}

#[tokio::test]
async fn id_21_options_ask_for_a_verified_person_at_exactly_our_host() {
    let app = App::new().await;
    let cookie = app.browser().await;

    let made = creation_options(&app, &cookie).await;
    let asked = sign_in_options(&app).await;

    assert_eq!(made["rp"]["id"], "127.0.0.1");
    assert_eq!(made["attestation"], "none");
    assert_eq!(made["timeout"], 300_000);
    let selection = &made["authenticatorSelection"];
    assert_eq!(selection["userVerification"], "required");
    assert_eq!(selection["residentKey"], "required");
    assert_eq!(asked["rpId"], "127.0.0.1");
    assert_eq!(asked["userVerification"], "required");
    assert_eq!(asked["allowCredentials"], json!([]));
}

#[tokio::test]
async fn id_21_challenge_that_comes_back_twice_is_refused() {
    let app = App::new().await;
    let mut guarded = guarded(&app).await;
    let assertion = guarded.passkey.get(&sign_in_options(&app).await);
    sign_in(&app, &assertion).await.expect(200);

    let again = sign_in(&app, &assertion).await;

    again.expect_problem(401, "passkey_refused");
}

#[tokio::test]
async fn id_21_challenge_used_by_twenty_at_once_works_for_one() {
    let app = App::new().await;
    let mut guarded = guarded(&app).await;
    let assertion = guarded.passkey.get(&sign_in_options(&app).await);

    let answers = futures::future::join_all((0..20).map(|_| sign_in(&app, &assertion))).await;

    let good = answers.iter().filter(|answer| answer.status == 200).count();
    let refused = answers.iter().filter(|answer| answer.status == 401).count();
    assert_eq!((good, refused), (1, 19));
}

#[tokio::test]
async fn id_21_challenge_is_good_for_five_minutes() {
    let app = App::new().await;
    let mut guarded = guarded(&app).await;
    for (seconds, status) in [(299, 200), (300, 401)] {
        let assertion = guarded.passkey.get(&sign_in_options(&app).await);
        app.clock.advance(SignedDuration::from_secs(seconds));

        sign_in(&app, &assertion).await.expect(status);
    }
}

#[tokio::test]
async fn id_21_challenge_of_another_act_or_sign_in_is_refused() {
    let app = App::new().await;
    let mut guarded = guarded(&app).await;
    let path = "/v1/auth/reauthenticate";
    let other = app
        .api
        .post("/v1/auth/passkey")
        .json(&json!({ "assertion": guarded.passkey.get(&sign_in_options(&app).await) }));
    let other = other.send().await.expect(200).cookie();
    let options = format!("{path}/options");
    let asked = post(&app, &other, &options, &json!({})).await.expect(200);
    let assertion = guarded.passkey.get(&asked.body);

    // For a sign-in, by another session, and at last by the one that asked.
    sign_in(&app, &assertion).await.expect(401);
    let body = json!({ "passkey": assertion });
    let stolen = post(&app, &guarded.cookie, path, &body).await;
    assert_eq!(
        stolen.expect(422).body["errors"][0]["code"],
        "passkey_refused"
    );
    post(&app, &other, path, &body).await.expect(200);
    let signed = guarded.passkey.get(&sign_in_options(&app).await);
    let unasked = post(&app, &guarded.cookie, path, &json!({ "passkey": signed })).await;
    unasked.expect(422);
}

#[tokio::test]
async fn id_21_page_of_another_origin_is_refused() {
    let app = App::new().await;
    let mut guarded = guarded(&app).await;
    for origin in [
        "http://127.0.0.1:8081",
        "https://127.0.0.1:8080",
        "http://localhost:8080",
        "http://127.0.0.1.evil.example:8080",
        "null",
    ] {
        origin.clone_into(&mut guarded.passkey.origin);

        let answer = sign_in_with(&app, &mut guarded.passkey).await;

        answer.expect_problem(401, "passkey_refused");
    }
    let mut elsewhere = SoftPasskey::new("tablet", "http://127.0.0.1:8081");
    let refused = add(&app, &guarded.cookie, &mut elsewhere).await.expect(422);
    assert_eq!(refused.body["errors"][0]["pointer"], "/registration");
}

#[tokio::test]
async fn id_21_passkey_of_another_relying_party_is_refused() {
    let app = App::new().await;
    let mut guarded = guarded(&app).await;
    let mut options = sign_in_options(&app).await;
    options["rpId"] = json!("localhost");

    let answer = sign_in(&app, &guarded.passkey.get(&options)).await;

    answer.expect_problem(401, "passkey_refused");
}

#[tokio::test]
async fn id_21_person_who_did_not_prove_themselves_to_the_authenticator_is_refused() {
    let app = App::new().await;
    let mut guarded = guarded(&app).await;
    for flags in [USER_PRESENT, USER_VERIFIED, 0] {
        guarded.passkey.flags = flags;

        let answer = sign_in_with(&app, &mut guarded.passkey).await;

        answer.expect_problem(401, "passkey_refused");
    }
}

#[tokio::test]
async fn id_21_passkey_of_somebody_else_opens_nothing() {
    let app = App::new().await;
    let mut ada = guarded(&app).await;
    let eve = "eve@example.com";
    app.register(eve, PASSWORD).await.expect(202);
    app.verify(&app.newest_token(eve)).await.expect(204);
    let login = json!({ "email": eve, "password": PASSWORD });
    let login = app.api.post("/v1/auth/login").json(&login).send().await;
    // The same name, another key.
    let mut theirs = SoftPasskey::new("phone", OWN);
    let cookie = add(&app, &login.expect(200).cookie(), &mut theirs)
        .await
        .expect(201)
        .cookie();

    // With the other's handle it is not the other's signature.
    let options = sign_in_options(&app).await;
    let mut assertion = theirs.get(&options);
    assertion["user_handle"] = ada.passkey.get(&options)["user_handle"].clone();
    sign_in(&app, &assertion).await.expect(401);
    // As a proof of somebody else it is not theirs.
    let path = "/v1/auth/reauthenticate";
    let options = post(&app, &cookie, &format!("{path}/options"), &json!({})).await;
    let body = json!({ "passkey": ada.passkey.get(&options.expect(200).body) });
    post(&app, &cookie, path, &body).await.expect(422);
    // By itself it signs in its own.
    let own = sign_in_with(&app, &mut theirs).await.expect(200);
    assert_eq!(own.body["user"]["email"], eve);
}

#[tokio::test]
async fn id_21_copy_of_a_passkey_is_refused_and_backup_state_is_kept() {
    let app = App::new().await;
    let mut guarded = guarded(&app).await;
    sign_in_with(&app, &mut guarded.passkey).await.expect(200);
    guarded.passkey.count = 1;

    sign_in_with(&app, &mut guarded.passkey).await.expect(401);

    guarded.passkey.count = 10;
    guarded.passkey.flags |= BACKUP_ELIGIBLE | BACKED_UP;
    sign_in_with(&app, &mut guarded.passkey).await.expect(401);
    let mut synced = SoftPasskey::new("cloud", OWN);
    (synced.flags, synced.count) = (USER_PRESENT | USER_VERIFIED | BACKUP_ELIGIBLE, 0);
    let cookie = add(&app, &guarded.cookie, &mut synced).await.expect(201);
    let cookie = cookie.cookie();
    let backed_up = async || listed(&app, &cookie).await[1]["is_backed_up"].clone();
    assert_eq!(backed_up().await, false);
    synced.flags |= BACKED_UP;
    // One that does not count signs in as often as it likes.
    for _ in 0..2 {
        sign_in_with(&app, &mut synced).await.expect(200);
    }
    assert_eq!(backed_up().await, true);
}

#[tokio::test]
async fn id_21_password_alone_is_not_enough_beside_a_passkey() {
    let app = App::new().await;
    let Guarded { recovery_codes, .. } = guarded(&app).await;
    assert_eq!(recovery_codes.len(), 10);

    let alone = app.login(PASSWORD, "token").await;

    alone.expect_problem(401, "second_factor_required");
    login_with(&app, "000000").await.expect(422);
    login_with(&app, &recovery_codes[0]).await.expect(200);
    login_with(&app, &recovery_codes[0]).await.expect(422);
}

#[tokio::test]
async fn id_21_passkey_proves_again_who_somebody_is() {
    let app = App::new().await;
    let mut guarded = guarded(&app).await;
    app.clock.advance(SignedDuration::from_mins(11));
    let path = format!("{PASSKEYS}/options");
    let stale = post(&app, &guarded.cookie, &path, &json!({})).await;
    stale.expect_problem(401, "insufficient_user_authentication");
    let proof = "/v1/auth/reauthenticate";
    let by_password = json!({ "password": PASSWORD });
    let by_password = post(&app, &guarded.cookie, proof, &by_password).await;
    by_password.expect(422);
    let options = format!("{proof}/options");
    let options = post(&app, &guarded.cookie, &options, &json!({})).await;
    let options = options.expect(200).body;
    assert_eq!(
        options["allowCredentials"][0]["transports"],
        json!(["internal"])
    );
    let body = json!({ "passkey": guarded.passkey.get(&options) });

    let proved = post(&app, &guarded.cookie, proof, &body).await.expect(200);

    app.me_by_cookie(&guarded.cookie).await.expect(401);
    creation_options(&app, &proved.cookie()).await;
}

#[tokio::test]
async fn id_21_passkeys_are_named_and_revoked() {
    let app = App::new().await;
    let mut first = guarded(&app).await;
    let mut second = SoftPasskey::new("tablet", OWN);
    let answer = add(&app, &first.cookie, &mut second).await.expect(201);
    assert!(answer.body.get("recovery_codes").is_none());
    let cookie = answer.cookie();
    let path = format!("{PASSKEYS}/{}", first.id);
    let call = app.api.patch(&path).cookie(&cookie);
    let renamed = call.json(&json!({ "name": "Old phone" })).send().await;
    renamed.expect(204);
    assert_eq!(listed(&app, &cookie).await[0]["name"], "Old phone");

    let call = app.api.delete(&path).cookie(&cookie);
    let cookie = call.send().await.expect(204).cookie();

    sign_in_with(&app, &mut first.passkey).await.expect(401);
    sign_in_with(&app, &mut second).await.expect(200);
    assert_eq!(listed(&app, &cookie).await.len(), 1);
    let mails = app.mailbox.to(ADDRESS);
    let removal = mails
        .iter()
        .find(|mail| mail.subject.contains("passkey was removed"));
    assert!(removal.unwrap().text.contains("Old phone"));
}

#[tokio::test]
async fn id_20_recovery_codes_go_with_the_last_thing_that_guards() {
    let app = App::new().await;
    let Guarded { id, cookie, .. } = guarded(&app).await;

    let call = app.api.delete(format!("{PASSKEYS}/{id}"));
    let cookie = call.cookie(&cookie).send().await.expect(204).cookie();

    let state = app.api.get("/v1/me/second-factor").cookie(&cookie);
    assert_eq!(
        state.send().await.expect(200).body,
        json!({
            "authenticator": false,
            "passkeys": 0,
            "recovery_codes_left": 0,
            "can_be_reset": false,
        })
    );
    app.login(PASSWORD, "token").await.expect(200);
}

#[tokio::test]
async fn id_11_new_passkey_ends_other_sign_ins_and_is_told_to_the_person() {
    let app = App::new().await;
    app.newcomer().await;
    let pair = app.login(PASSWORD, "token").await.expect(200).body;
    let before = app.login(PASSWORD, "cookie").await.expect(200).cookie();
    let mut passkey = SoftPasskey::new("phone", OWN);

    let after = add(&app, &before, &mut passkey).await.expect(201).cookie();

    app.me_by_cookie(&after).await.expect(200);
    app.me_by_cookie(&before).await.expect(401);
    app.refresh(text(&pair, "refresh_token")).await.expect(401);
    let mails = app.mailbox.to(ADDRESS);
    assert!(mails.last().unwrap().subject.contains("passkey was added"));
}

#[tokio::test]
async fn id_12_change_of_the_address_that_is_taken_back_removes_passkeys() {
    let app = App::new().await;
    let mut guarded = guarded(&app).await;
    let body = json!({ "email": "eve@example.com" });
    post(&app, &guarded.cookie, "/v1/me/email", &body)
        .await
        .expect(202);
    let token = app.newest_token("eve@example.com");
    let confirm = app.api.post("/v1/auth/confirm-email");
    let confirm = confirm.json(&json!({ "token": token })).send().await;
    confirm.expect(204);
    let body = json!({ "token": app.newest_token(ADDRESS) });

    let revert = app.api.post("/v1/auth/revert-email").json(&body);

    revert.send().await.expect(204);
    sign_in_with(&app, &mut guarded.passkey).await.expect(401);
}

#[tokio::test]
async fn id_21_state_of_a_challenge_stays_with_us() {
    let app = App::new().await;
    let options = sign_in_options(&app).await;

    let raw = testkit::table::everything(&app.client).await;

    assert!(!raw.contains(text(&options, "challenge")));
    let mut members: Vec<_> = options.as_object().unwrap().keys().collect();
    members.sort();
    assert_eq!(
        members,
        [
            "allowCredentials",
            "challenge",
            "rpId",
            "timeout",
            "userVerification"
        ]
    );
}
