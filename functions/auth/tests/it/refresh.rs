use jiff::SignedDuration;

use crate::app::{ADDRESS, App, PASSWORD, text};

#[tokio::test]
async fn refresh_answers_a_new_pair() {
    let app = App::new().await;
    let first = app.program().await;

    let second = app
        .refresh(text(&first, "refresh_token"))
        .await
        .expect(200)
        .body;

    assert_ne!(second["refresh_token"], first["refresh_token"]);
    assert_eq!(second["token_type"], "Bearer");
    assert_eq!(second["expires_in"], 300);
    app.me_by_token(text(&second, "access_token"))
        .await
        .expect(200);
}

#[tokio::test]
async fn id_24_refresh_with_a_used_token_ends_the_family() {
    let app = App::new().await;
    let first = app.program().await;
    let used = text(&first, "refresh_token");
    let second = app.refresh(used).await.expect(200).body;

    app.refresh(used)
        .await
        .expect_problem(401, "invalid_refresh_token");

    app.refresh(text(&second, "refresh_token"))
        .await
        .expect_problem(401, "invalid_refresh_token");
    app.me_by_token(text(&second, "access_token"))
        .await
        .expect(401);
    let mails = app.mailbox.to(ADDRESS);
    assert!(mails.last().unwrap().subject.contains("was ended"));
}

/// Whoever dies after the end of the family leaves the mail to the sweeper: both are one transaction.
#[tokio::test]
async fn id_24_copied_token_is_told_to_the_person_once_even_if_mail_is_down() {
    let app = App::new().await;
    let first = app.program().await;
    let used = text(&first, "refresh_token");
    app.refresh(used).await.expect(200);
    let before = app.mailbox.to(ADDRESS).len();
    app.mailbox.close(true);

    let again = (0..5).map(|_| app.refresh(used));
    for answer in futures::future::join_all(again).await {
        answer.expect(401);
    }

    assert_eq!(app.owed().await.len(), 1);
    app.mailbox.close(false);
    app.send_all_owed().await;
    let mails = app.mailbox.to(ADDRESS);
    assert_eq!(mails.len(), before + 1);
    assert!(mails.last().unwrap().subject.contains("was ended"));
    let user = text(&first["user"], "id").parse().unwrap();
    let events = app.table.system().user_events(user, 20).await.unwrap();
    let is_reuse = |event: &&store::UserEvent| event.kind == "user.refresh_token_reused";
    assert_eq!(events.iter().filter(is_reuse).count(), 1);
}

#[tokio::test]
async fn id_24_refresh_by_many_at_once_succeeds_at_most_once() {
    let app = App::new().await;
    let first = app.program().await;
    let token = text(&first, "refresh_token");

    let tries = (0..20).map(|_| app.refresh(token));
    let answers = futures::future::join_all(tries).await;

    let succeeded = answers.iter().filter(|answer| answer.status == 200).count();
    let refused = answers.iter().filter(|answer| answer.status == 401).count();
    assert_eq!((succeeded, refused), (1, 19));
}

#[tokio::test]
async fn id_24_refresh_with_an_invented_old_token_ends_nothing() {
    let app = App::new().await;
    let first = app.program().await;
    let second = app
        .refresh(text(&first, "refresh_token"))
        .await
        .expect(200)
        .body;
    let mut parts: Vec<&str> = text(&second, "refresh_token").split('.').collect();
    let invented = "A".repeat(43);
    parts[3] = "1";
    parts[4] = &invented;

    app.refresh(&parts.join(".")).await.expect(401);

    app.refresh(text(&second, "refresh_token"))
        .await
        .expect(200);
}

#[tokio::test]
async fn id_25_refresh_after_thirty_days_is_refused() {
    let app = App::new().await;
    let mut pair = app.program().await;
    for _ in 0..29 {
        app.clock.advance(SignedDuration::from_hours(24));
        pair = app
            .refresh(text(&pair, "refresh_token"))
            .await
            .expect(200)
            .body;
    }

    app.clock.advance(SignedDuration::from_hours(24));

    app.refresh(text(&pair, "refresh_token"))
        .await
        .expect_problem(401, "invalid_refresh_token");
    app.me_by_token(text(&pair, "access_token"))
        .await
        .expect(401);
}

#[tokio::test]
async fn id_25_refresh_token_that_its_owner_revoked_is_dead() {
    let app = App::new().await;
    let stolen = app.program().await;
    let own = app.login(PASSWORD, "token").await.expect(200).body;

    let call = app.api.delete("/v1/me/sessions");
    let call = call.bearer(text(&own, "access_token"));
    call.send().await.expect(204);

    app.refresh(text(&stolen, "refresh_token"))
        .await
        .expect_problem(401, "invalid_refresh_token");
    app.me_by_token(text(&stolen, "access_token"))
        .await
        .expect(401);
    app.refresh(text(&own, "refresh_token")).await.expect(200);
}

#[tokio::test]
async fn refresh_with_what_is_no_token_is_refused() {
    let app = App::new().await;

    for token in ["", "m1r", "m1r.a.b.c.d.e", "m1r.....", "🔑"] {
        app.refresh(token)
            .await
            .expect_problem(401, "invalid_refresh_token");
    }
}
