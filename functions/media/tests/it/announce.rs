use domain::membership::Role;
use serde_json::json;

use crate::app::{App, announcement};
use crate::pictures;

#[tokio::test]
async fn announced_media_await_their_bytes_at_a_signed_address() {
    let app = App::start().await;
    let author = app.author().await;

    let media = app
        .announce(&author, "image/png", 120)
        .await
        .expect(201)
        .body;

    assert_eq!(media["state"], "uploading");
    assert_eq!(media["upload"]["method"], "PUT");
    assert_eq!(media["upload"]["headers"]["content-type"], "image/png");
    let url = media["upload"]["url"].as_str().unwrap();
    assert!(url.ends_with(media["id"].as_str().unwrap()), "{url}");
    assert_eq!(media["url"], json!(null));
    assert_eq!(app.used(&author).await, 120);
}

#[tokio::test]
async fn announcement_with_wrong_fields_points_at_all_of_them() {
    let app = App::start().await;
    let author = app.author().await;
    let body = json!({
        "file_name": "../../etc/passwd",
        "content_type": "image/svg+xml",
        "bytes": 20 * 1024 * 1024 + 1,
        "alt_text": "a\u{0}b",
    });

    let answer = app.announce_body(&author, &body).await;

    let answer = answer.expect_problem(422, "invalid_request");
    let errors = answer.body["errors"].as_array().unwrap();
    let found: Vec<_> = errors
        .iter()
        .map(|error| {
            (
                error["pointer"].as_str().unwrap(),
                error["code"].as_str().unwrap(),
            )
        })
        .collect();
    assert_eq!(
        found,
        [
            ("/file_name", "invalid_value"),
            ("/content_type", "unsupported_type"),
            ("/bytes", "too_large"),
            ("/alt_text", "invalid_value"),
        ]
    );
}

#[tokio::test]
async fn announcement_with_one_wrong_value_points_at_it() {
    let app = App::start().await;
    let author = app.author().await;
    for (field, value, code) in [
        ("file_name", json!(" "), "blank"),
        ("file_name", json!("x".repeat(256)), "too_long"),
        ("file_name", json!(7), "wrong_type"),
        ("content_type", json!("video/mp4"), "unsupported_type"),
        ("content_type", json!("IMAGE/PNG"), "unsupported_type"),
        ("bytes", json!(0), "blank"),
        ("bytes", json!(-1), "wrong_type"),
        ("bytes", json!(1.5), "wrong_type"),
        ("alt_text", json!("ä".repeat(10_001)), "too_long"),
        ("tenant_id", json!("ten_x"), "unknown_field"),
    ] {
        let mut body = announcement("image/png", 100);
        body[field] = value;

        let answer = app.announce_body(&author, &body).await;

        let answer = answer.expect_problem(422, "invalid_request");
        let error = &answer.body["errors"][0];
        assert_eq!(error["pointer"], format!("/{field}"), "{error}");
        if code != "wrong_type" {
            assert_eq!(error["code"], code, "{error}");
        }
    }
    assert_eq!(app.used(&author).await, 0);
}

#[tokio::test]
async fn announcement_beyond_the_storage_of_the_tenant_is_refused() {
    let app = App::start().await;
    let user = domain::UserId::generate(app.table.ids());
    let mut tenant = testkit::http::tenant(&app.table, &app.clock);
    tenant.limits.media_bytes = 150;
    let author =
        testkit::http::member_of(&app.table, &app.clock, user, &tenant, Role::Author).await;
    app.announce(&author, "image/png", 100).await.expect(201);

    app.announce(&author, "image/png", 51)
        .await
        .expect_problem(402, "plan_limit");
    app.announce(&author, "image/png", 200)
        .await
        .expect_problem(402, "plan_limit");

    app.announce(&author, "image/png", 50).await.expect(201);
    assert_eq!(app.used(&author).await, 150);
}

#[tokio::test]
async fn announcement_repeated_with_its_key_makes_one_medium() {
    let app = App::start().await;
    let author = app.author().await;
    let announce = |bytes| {
        app.api
            .post("/v1/media")
            .by(&author)
            .header("idempotency-key", "k-1")
            .json(&announcement("image/png", bytes))
            .send()
    };

    let answers = futures::future::join_all((0..4).map(|_| announce(100))).await;

    for answer in &answers {
        assert_eq!(answer.status, 201, "{}", answer.body);
        assert_eq!(answer.body["id"], answers[0].body["id"]);
    }
    assert_eq!(app.used(&author).await, 100);
    announce(101)
        .await
        .expect_problem(422, "idempotency_key_reused");
}

#[tokio::test]
async fn announcement_by_a_person_who_only_reads_is_refused() {
    let app = App::start().await;
    let viewer = testkit::member(&app.table, &app.clock, Role::Viewer).await;

    let answer = app.announce(&viewer, "image/png", 100).await;

    answer.expect_problem(403, "forbidden");
}

#[tokio::test]
async fn completion_by_another_tenant_is_answered_like_an_unknown_id() {
    let app = App::start().await;
    let (ours, theirs) = (app.author().await, app.author().await);
    let foreign = app.upload(&theirs, "image/png", &pictures::png(3, 3)).await;
    let absent = domain::MediaId::generate(app.table.ids()).to_string();

    for id in [foreign.as_str(), absent.as_str(), "med_x"] {
        let edit = app.api.patch(format!("/v1/media/{id}")).by(&ours);
        for answer in [
            app.complete(&ours, id).await,
            app.read(&ours, id).await,
            app.delete(&ours, id).await,
            edit.json(&json!({ "alt_text": "x" })).send().await,
        ] {
            let answer = answer.expect_problem(404, "not_found");
            assert_eq!(answer.body["detail"], "media not found");
        }
    }
    app.complete(&theirs, &foreign).await.expect(200);
}
