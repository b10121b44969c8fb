use domain::membership::Role;
use jiff::SignedDuration;
use testkit::{TestMember, member};

use crate::app::App;

async fn next(app: &App, by: &TestMember, path: &str) -> (u64, String) {
    let body = app.api.get(path).by(by).send().await.expect(200).body;
    let next = body["next"].as_str().unwrap().to_owned();
    (body["items"][0].as_u64().unwrap(), next)
}

#[tokio::test]
async fn cursor_goes_on_where_it_was_made() {
    let app = App::new().await;
    let reader = member(&app.table, &app.clock, Role::Viewer).await;

    let (first, cursor) = next(&app, &reader, "/v1/posts").await;
    let (second, cursor) = next(&app, &reader, &format!("/v1/posts?cursor={cursor}")).await;
    let (third, _) = next(&app, &reader, &format!("/v1/posts?cursor={cursor}")).await;

    assert_eq!((first, second, third), (0, 1, 2));
}

#[tokio::test]
async fn cursor_of_another_list_is_refused() {
    let app = App::new().await;
    let reader = member(&app.table, &app.clock, Role::Viewer).await;
    let other = member(&app.table, &app.clock, Role::Viewer).await;
    let (_, cursor) = next(&app, &reader, "/v1/posts?tag=a").await;
    let right = format!("/v1/posts?tag=a&cursor={cursor}");

    for (by, path) in [
        (&reader, format!("/v1/posts?tag=b&cursor={cursor}")),
        (&reader, format!("/v1/posts?cursor={cursor}")),
        (&other, right.clone()),
    ] {
        let answer = app.api.get(path).by(by).send().await;
        answer.expect_problem(400, "invalid_cursor");
    }
    next(&app, &reader, &right).await;
}

#[tokio::test]
async fn cursor_that_was_changed_is_refused() {
    let app = App::new().await;
    let reader = member(&app.table, &app.clock, Role::Viewer).await;
    let (_, cursor) = next(&app, &reader, "/v1/posts").await;
    let mut forged = vec![
        String::new(),
        "x".to_owned(),
        "A".repeat(500),
        "%00".to_owned(),
    ];
    for place in 0..cursor.len() {
        let mut changed = cursor.clone().into_bytes();
        changed[place] = if changed[place] == b'A' { b'B' } else { b'A' };
        forged.push(String::from_utf8(changed).unwrap());
    }

    for cursor in forged {
        let path = format!("/v1/posts?cursor={cursor}");
        let answer = app.api.get(path).by(&reader).send().await;
        answer.expect_problem(400, "invalid_cursor");
    }
}

#[tokio::test]
async fn cursor_of_yesterday_is_refused() {
    let app = App::new().await;
    let reader = member(&app.table, &app.clock, Role::Viewer).await;
    let (_, cursor) = next(&app, &reader, "/v1/posts").await;

    app.clock.advance(SignedDuration::from_hours(24));
    let cookie =
        testkit::http::session(&app.table, &app.clock, reader.user, Some(reader.tenant)).await;

    let call = app.api.get(format!("/v1/posts?cursor={cursor}"));
    let answer = call.cookie(&cookie).send().await;
    answer.expect_problem(400, "invalid_cursor");
}
