//! Reading, describing and deleting.

use domain::Clock as _;
use domain::event::Actor;
use jiff::SignedDuration;
use serde_json::json;
use store::{Act, AttentionWork};
use testkit::{Answer, TestMember};

use crate::app::App;
use crate::pictures;

async fn edit(app: &App, by: &TestMember, id: &str, tag: Option<&str>, alt: &str) -> Answer {
    let mut call = app.api.patch(format!("/v1/media/{id}")).by(by);
    if let Some(tag) = tag {
        call = call.header("if-match", tag);
    }
    call.json(&json!({ "alt_text": alt })).send().await
}

#[tokio::test]
async fn list_shows_the_newest_first_in_pages() {
    let app = App::start().await;
    let author = app.author().await;
    let mut ids = Vec::new();
    for _ in 0..3 {
        let announced = app.announce(&author, "image/png", 10).await.expect(201);
        ids.push(announced.body["id"].clone());
        app.clock.advance(SignedDuration::from_secs(1));
    }

    let first = app
        .api
        .get("/v1/media?limit=2")
        .by(&author)
        .send()
        .await
        .expect(200);
    let next = first.body["next"].as_str().unwrap();
    let path = format!("/v1/media?limit=2&cursor={next}");
    let second = app.api.get(path).by(&author).send().await.expect(200);

    assert_eq!(first.body["items"][0]["id"], ids[2]);
    assert_eq!(first.body["items"][1]["id"], ids[1]);
    assert_eq!(second.body["items"][0]["id"], ids[0]);
    assert_eq!(second.body["next"], json!(null));
}

#[tokio::test]
async fn edit_with_the_tag_that_was_read_is_taken_once() {
    let app = App::start().await;
    let author = app.author().await;
    let announced = app.announce(&author, "image/png", 10).await.expect(201);
    let id = announced.body["id"].as_str().unwrap();
    let read = app.read(&author, id).await.expect(200);
    let tag = read.headers["etag"].to_str().unwrap();

    let first = edit(&app, &author, id, Some(tag), "One").await.expect(200);
    edit(&app, &author, id, Some(tag), "Two")
        .await
        .expect_problem(412, "stale_version");
    edit(&app, &author, id, None, "Three").await.expect(200);

    assert_eq!(first.body["alt_text"], "One");
    assert_eq!(first.body["file_name"], "dawn.png");
    assert_eq!(app.read(&author, id).await.body["alt_text"], "Three");
}

#[tokio::test]
async fn edit_of_what_people_cannot_change_is_refused() {
    let app = App::start().await;
    let author = app.author().await;
    let announced = app.announce(&author, "image/png", 10).await.expect(201);
    let id = announced.body["id"].as_str().unwrap();
    for (body, pointer) in [
        (json!({ "state": "ready" }), "/state"),
        (json!({ "alt_text": null }), "/alt_text"),
        (json!({ "file_name": "" }), "/file_name"),
    ] {
        let call = app.api.patch(format!("/v1/media/{id}")).by(&author);
        let answer = call.json(&body).send().await;

        let answer = answer.expect_problem(422, "invalid_request");
        assert_eq!(answer.body["errors"][0]["pointer"], pointer);
    }
}

#[tokio::test]
async fn deleted_media_are_gone_with_their_bytes() {
    let app = App::start().await;
    let author = app.author().await;
    let bytes = pictures::png(5, 5);
    let ready = app.bring(&author, "image/png", &bytes).await.expect(200);
    let waiting = app.upload(&author, "image/png", &bytes).await;

    for id in [ready.body["id"].as_str().unwrap(), &waiting] {
        app.delete(&author, id).await.expect(204);

        app.read(&author, id).await.expect_problem(404, "not_found");
        app.complete(&author, id)
            .await
            .expect_problem(404, "not_found");
        app.delete(&author, id)
            .await
            .expect_problem(404, "not_found");
    }
    assert_eq!(app.objects.count(), 0);
    assert_eq!(app.used(&author).await, 0);
}

#[tokio::test]
async fn deletions_at_once_give_the_bytes_back_once() {
    let app = App::start().await;
    let author = app.author().await;
    app.announce(&author, "image/png", 1_000).await.expect(201);
    let announced = app.announce(&author, "image/png", 10).await.expect(201);
    let id = announced.body["id"].as_str().unwrap();

    let answers = futures::future::join_all((0..4).map(|_| app.delete(&author, id))).await;

    assert!(
        answers
            .iter()
            .all(|answer| matches!(answer.status.as_u16(), 204 | 404))
    );
    assert_eq!(app.used(&author).await, 1_000);
}

/// What the dispatcher does with everything that wants attention by now.
async fn tick(app: &App) {
    let system = app.table.system();
    for shard in 0..system.shards() {
        let now = app.clock.now();
        for entry in system.attention(shard, now, 100).await.unwrap() {
            if let AttentionWork::Upload { scope, media } = entry.work {
                let act = Act {
                    actor: Actor::system("test"),
                    at: now,
                };
                let tenant = app.table.tenant(&scope);
                tenant.abandon_upload(media, &act).await.unwrap();
            }
        }
    }
}

#[tokio::test]
async fn announcement_that_nobody_uploads_is_forgotten_after_a_day() {
    let app = App::start().await;
    let author = app.author().await;
    app.announce(&author, "image/png", 1_000).await.expect(201);

    app.clock.advance(SignedDuration::from_mins(24 * 60 - 1));
    tick(&app).await;
    assert_eq!(app.used(&author).await, 1_000);
    app.clock.advance(SignedDuration::from_mins(1));
    tick(&app).await;

    assert_eq!(app.used(&author).await, 0);
    let page = app.table.tenant(&author.scope).media_page(None, 10).await;
    assert!(page.unwrap().media.is_empty());
    tick(&app).await;
    assert_eq!(app.used(&author).await, 0);
}

#[tokio::test]
async fn medium_that_was_completed_or_deleted_in_time_is_left_alone() {
    let app = App::start().await;
    let author = app.author().await;
    let bytes = pictures::png(5, 5);
    let media = app.bring(&author, "image/png", &bytes).await.expect(200);
    let id = media.body["id"].as_str().unwrap();
    let gone = app.announce(&author, "image/png", 1_000).await.expect(201);
    app.delete(&author, gone.body["id"].as_str().unwrap())
        .await
        .expect(204);
    let used = app.used(&author).await;

    app.clock.advance(SignedDuration::from_hours(25));
    tick(&app).await;

    assert_eq!(app.used(&author).await, used);
    let tenant = app.table.tenant(&author.scope);
    let stored = tenant.media(id.parse().unwrap()).await.unwrap();
    assert!(stored.unwrap().live().is_some());
}
