use jiff::SignedDuration;
use serde_json::json;

use crate::app::{ADDRESS, App, PASSWORD};

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
        .expect_problem(403, "email_not_verified");
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
    let gone = answers.iter().filter(|answer| answer.status == 410).count();
    assert_eq!((succeeded, gone), (1, 49));
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
