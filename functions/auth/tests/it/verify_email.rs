use jiff::SignedDuration;
use serde_json::json;

use crate::app::{ADDRESS, App, PASSWORD};

/// What somebody registers with whose address it is not.
const STRANGERS: &str = "nine looms weave thistles";

#[tokio::test]
async fn id_09_verification_token_that_was_used_is_gone() {
    let app = App::new().await;
    app.register(ADDRESS, PASSWORD).await;
    let token = app.newest_token(ADDRESS);

    app.verify(&token).await.expect(204);

    app.verify(&token).await.expect_problem(410, "token_used");
}

#[tokio::test]
async fn id_09_verification_token_that_is_older_than_an_hour_is_gone() {
    let app = App::new().await;
    app.register(ADDRESS, PASSWORD).await;
    let token = app.newest_token(ADDRESS);

    app.clock.advance(SignedDuration::from_mins(60));

    app.verify(&token)
        .await
        .expect_problem(410, "token_expired");
    app.login(PASSWORD, "token")
        .await
        .expect_problem(401, "invalid_credentials");
}

#[tokio::test]
async fn verification_token_that_nobody_made_is_not_found() {
    let app = App::new().await;

    for token in ["", "x", &"A".repeat(43), &"é".repeat(43), &"A".repeat(4000)] {
        app.verify(token).await.expect_problem(404, "not_found");
    }
}

#[tokio::test]
async fn id_09_verification_by_many_at_once_succeeds_once() {
    let app = App::new().await;
    app.register(ADDRESS, PASSWORD).await;
    let token = app.newest_token(ADDRESS);

    let tries = (0..50).map(|_| app.verify(&token));
    let answers = futures::future::join_all(tries).await;

    let succeeded = answers.iter().filter(|answer| answer.status == 204).count();
    // As tries to sign in, the last of so many at once have to wait.
    let refused = [410, 429];
    let refused = answers
        .iter()
        .filter(|answer| refused.contains(&answer.status.as_u16()));
    assert_eq!((succeeded, refused.count()), (1, 49));
    app.verify(&token).await.expect_problem(410, "token_used");
}

/// Somebody else registers the address of a newcomer, who takes the newest mail for the answer to their own form.
#[tokio::test]
async fn id_09_registration_of_a_stranger_is_not_proven_by_the_owner_of_the_address() {
    let app = App::new().await;
    app.register(ADDRESS, PASSWORD).await.expect(202);
    app.register(ADDRESS, STRANGERS).await.expect(202);
    let token = app.newest_token(ADDRESS);

    let refused = app.verify(&token).await.expect(422).body;

    let error = &refused["errors"][0];
    assert_eq!(error["pointer"], "/password");
    assert_eq!(error["code"], "wrong_password");
    for password in [STRANGERS, PASSWORD] {
        app.login(password, "token").await.expect(401);
    }
    // What the refusal offers: another password, which is the owner's.
    let body = json!({ "email": ADDRESS });
    let call = app.api.post("/v1/auth/forgot-password").json(&body);
    call.send().await.expect(202);
    let body = json!({ "token": app.newest_token(ADDRESS), "password": PASSWORD });
    let call = app.api.post("/v1/auth/reset-password").json(&body);
    call.send().await.expect(204);
    app.verify_with(&token, STRANGERS)
        .await
        .expect_problem(410, "token_expired");
    app.login(STRANGERS, "token").await.expect(401);
    app.login(PASSWORD, "token").await.expect(200);
}

#[tokio::test]
async fn id_09_verification_with_a_wrong_password_leaves_the_link_as_it_is() {
    let app = App::new().await;
    app.register(ADDRESS, PASSWORD).await.expect(202);
    let token = app.newest_token(ADDRESS);
    for wrong in ["", "a wrong password"] {
        app.verify_with(&token, wrong).await.expect(422);
    }

    app.verify(&token).await.expect(204);

    app.login(PASSWORD, "token").await.expect(200);
}

#[tokio::test]
async fn id_07_wrong_passwords_of_a_registration_are_counted_as_tries() {
    let app = App::new().await;
    app.register(ADDRESS, PASSWORD).await.expect(202);
    let token = app.newest_token(ADDRESS);
    let (mut judged, mut waits) = (0, 0);

    for _ in 0..8 {
        let answer = app.verify_with(&token, "a wrong password").await;
        judged += u32::from(answer.status == 422);
        waits += u32::from(answer.status == 429);
    }

    assert_eq!((judged, waits), (5, 3));
    app.verify(&token).await.expect_problem(429, "rate_limited");
    // The link is no stranger's: tries to sign in are counted by themselves.
    app.login(PASSWORD, "token")
        .await
        .expect_problem(401, "invalid_credentials");
    app.clock.advance(SignedDuration::from_mins(15));
    app.verify(&token).await.expect(204);
}

#[tokio::test]
async fn verification_without_a_password_names_what_is_missing() {
    let app = App::new().await;
    app.register(ADDRESS, PASSWORD).await.expect(202);
    let body = json!({ "token": app.newest_token(ADDRESS) });

    let call = app.api.post("/v1/auth/verify-email").json(&body);
    let answer = call.send().await.expect_problem(422, "invalid_request");

    assert_eq!(answer.body["errors"][0]["pointer"], "/password");
    assert_eq!(answer.body["errors"][0]["code"], "missing_field");
}

#[tokio::test]
async fn id_01_resend_answers_the_same_and_mails_the_truth() {
    let app = App::new().await;
    app.register("grace@example.com", PASSWORD).await;
    app.newcomer().await;

    for address in ["grace@example.com", ADDRESS, "nobody@example.com"] {
        let body = json!({ "email": address });
        let call = app.api.post("/v1/auth/resend-verification").json(&body);
        let answer = call.send().await.expect(202);
        assert_eq!(answer.body, json!({ "status": "accepted" }));
    }

    assert_eq!(app.mailbox.to("grace@example.com").len(), 2);
    for (address, mails, subject) in [
        (ADDRESS, 2, "already have an account"),
        ("nobody@example.com", 1, "No account"),
    ] {
        let got = app.mailbox.to(address);
        let last = got.last().unwrap();
        assert_eq!(got.len(), mails, "{address}");
        assert!(last.subject.contains(subject), "{}", last.subject);
        assert!(!last.text.contains("token="), "{}", last.text);
    }
    let newest = app.newest_token("grace@example.com");
    app.verify(&newest).await.expect(204);
}

#[tokio::test]
async fn id_01_new_link_costs_the_same_work_whether_or_not_the_address_is_known() {
    let app = App::new().await;
    app.newcomer().await;
    app.register("grace@example.com", PASSWORD).await;

    for path in ["forgot-password", "resend-verification", "new-browser"] {
        let ask = async |address: &str| {
            let call = app.api.post(format!("/v1/auth/{path}"));
            call.json(&json!({ "email": address })).send().await
        };
        // What was mailed to an address before is another thing than who has it.
        app.clock.advance(SignedDuration::from_mins(10));
        // Keys that were forgotten meanwhile are opened again.
        ask("mary@example.com").await.expect(202);

        let mut works = Vec::new();
        for address in [ADDRESS, "grace@example.com", "nobody@example.com"] {
            let (answer, work) = app.work(ask(address)).await;
            answer.expect(202);
            works.push(work);
        }

        assert!(works[0].calls > 1, "{path}: {works:?}");
        works.dedup();
        assert_eq!(works.len(), 1, "{path}: {works:?}");
    }
}
