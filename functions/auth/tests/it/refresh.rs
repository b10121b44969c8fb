use jiff::SignedDuration;

use crate::app::{ADDRESS, App, text};

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
async fn refresh_with_what_is_no_token_is_refused() {
    let app = App::new().await;

    for token in ["", "m1r", "m1r.a.b.c.d.e", "m1r.....", "🔑"] {
        app.refresh(token)
            .await
            .expect_problem(401, "invalid_refresh_token");
    }
}
