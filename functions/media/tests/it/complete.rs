use aws_lc_rs::digest;
use serde_json::json;

use crate::app::App;
use crate::pictures;

#[tokio::test]
async fn image_of_every_type_becomes_ready_with_its_facts() {
    let app = App::start().await;
    let author = app.author().await;
    for (kind, bytes) in [
        ("image/jpeg", pictures::jpeg(64, 48)),
        ("image/png", pictures::png(64, 48)),
        ("image/webp", pictures::webp(64, 48)),
        ("image/gif", pictures::gif(64, 48, 3)),
    ] {
        let media = app.bring(&author, kind, &bytes).await.expect(200).body;

        assert_eq!(media["state"], "ready", "{kind}");
        assert_eq!(media["kind"], "image");
        assert_eq!(media["content_type"], kind);
        assert_eq!(
            (&media["width"], &media["height"]),
            (&json!(64), &json!(48))
        );
        let kept = app
            .kept(&author, media["id"].as_str().unwrap())
            .await
            .unwrap();
        let hash = hex::encode(digest::digest(&digest::SHA256, &kept));
        assert_eq!(media["sha256"], hash);
        assert_eq!(media["bytes"], kept.len());
        assert!(
            media["url"]
                .as_str()
                .unwrap()
                .starts_with("https://objects.test/ten_")
        );
    }
    assert_eq!(app.objects.count(), 4, "uploads are forgotten");
}

#[tokio::test]
async fn completion_may_be_repeated() {
    let app = App::start().await;
    let author = app.author().await;
    let id = app.upload(&author, "image/png", &pictures::png(5, 5)).await;
    let first = app.complete(&author, &id).await.expect(200);

    let again = app.complete(&author, &id).await.expect(200);

    assert_eq!(again.body, first.body);
}

#[tokio::test]
async fn completions_at_once_agree() {
    let app = App::start().await;
    let author = app.author().await;
    let id = app.upload(&author, "image/png", &pictures::png(5, 5)).await;

    let calls = (0..5).map(|_| app.complete(&author, &id));
    let answers = futures::future::join_all(calls).await;

    for answer in &answers {
        assert_eq!(answer.status, 200, "{}", answer.body);
        assert_eq!(answer.body, answers[0].body);
    }
}

#[tokio::test]
async fn completion_without_an_upload_says_so() {
    let app = App::start().await;
    let author = app.author().await;
    let announced = app.announce(&author, "image/png", 100).await.expect(201);

    let answer = app
        .complete(&author, announced.body["id"].as_str().unwrap())
        .await;

    answer.expect_problem(422, "not_uploaded");
}

#[tokio::test]
async fn upload_of_another_size_is_refused() {
    let app = App::start().await;
    let author = app.author().await;
    let announced = app.announce(&author, "image/png", 100).await.expect(201);
    let id = announced.body["id"].as_str().unwrap();
    app.put(&author, id, "image/png", &pictures::png(5, 5));

    let answer = app.complete(&author, id).await;

    answer.expect_problem(422, "size_mismatch");
}

#[tokio::test]
async fn upload_of_another_type_names_both() {
    let app = App::start().await;
    let author = app.author().await;
    let svg = b"<?xml version=\"1.0\"?><svg xmlns=\"http://www.w3.org/2000/svg\"><script/></svg>";
    for (declared, bytes, found) in [
        ("image/png", pictures::jpeg(5, 5), "image/jpeg"),
        ("image/jpeg", pictures::webp(5, 5), "image/webp"),
        ("image/webp", pictures::gif(5, 5, 1), "image/gif"),
        ("image/png", svg.to_vec(), "image/svg+xml"),
        (
            "image/gif",
            b"<!DOCTYPE html><script>1</script>".to_vec(),
            "text/html",
        ),
        ("image/jpeg", b"%PDF-1.7 ...".to_vec(), "application/pdf"),
        ("image/png", vec![0; 600], "application/octet-stream"),
    ] {
        let answer = app.bring(&author, declared, &bytes).await;

        let answer = answer.expect_problem(422, "type_mismatch");
        let detail = answer.body["detail"].as_str().unwrap();
        assert!(
            detail.contains(declared) && detail.contains(found),
            "{detail}"
        );
    }
}

#[tokio::test]
async fn image_that_is_cut_off_is_refused() {
    let app = App::start().await;
    let author = app.author().await;
    for (kind, bytes) in [
        ("image/jpeg", pictures::jpeg(200, 200)),
        ("image/png", pictures::png(200, 200)),
        ("image/webp", pictures::webp(200, 200)),
        ("image/gif", pictures::gif(200, 200, 2)),
    ] {
        for length in [bytes.len() * 9 / 10, bytes.len() / 2, 40, 12] {
            let answer = app.bring(&author, kind, &bytes[..length]).await;

            answer.expect_problem(422, "corrupt_image");
        }
    }
    assert_eq!(app.objects.count(), 16, "nothing but the uploads is stored");
}

#[tokio::test]
async fn image_with_damaged_bytes_never_breaks_the_function() {
    let app = App::start().await;
    let author = app.author().await;
    for (kind, bytes) in [
        ("image/jpeg", pictures::jpeg(40, 40)),
        ("image/png", pictures::png(40, 40)),
        ("image/webp", pictures::webp(40, 40)),
        ("image/gif", pictures::gif(40, 40, 2)),
    ] {
        for place in (4..bytes.len()).step_by(bytes.len() / 24 + 1) {
            let mut damaged = bytes.clone();
            damaged[place] ^= 0xff;

            let answer = app.bring(&author, kind, &damaged).await;

            assert!(
                matches!(answer.status.as_u16(), 200 | 422),
                "{kind} {place}"
            );
        }
    }
}

#[tokio::test]
async fn image_with_too_many_pixels_is_refused_by_its_header() {
    let app = App::start().await;
    let author = app.author().await;
    for (width, height) in [
        (30_000, 30_000),
        (16_385, 1),
        (1, 16_385),
        (8_000, 8_000),
        (u32::MAX >> 1, 2),
    ] {
        let answer = app
            .bring(&author, "image/png", &pictures::png_bomb(width, height))
            .await;

        let code = answer.body["code"].as_str().unwrap();
        assert_eq!(answer.status, 422, "{width}x{height}");
        assert!(
            matches!(code, "image_too_large" | "corrupt_image"),
            "{width}x{height}: {code}"
        );
    }
}

#[tokio::test]
async fn bomb_is_named_with_its_size() {
    let app = App::start().await;
    let author = app.author().await;

    let answer = app
        .bring(&author, "image/png", &pictures::png_bomb(30_000, 30_000))
        .await;

    let answer = answer.expect_problem(422, "image_too_large");
    assert!(
        answer.body["detail"]
            .as_str()
            .unwrap()
            .contains("30000 x 30000")
    );
}

#[tokio::test]
async fn animation_with_too_many_frames_is_refused() {
    let app = App::start().await;
    let author = app.author().await;

    let answer = app
        .bring(&author, "image/gif", &pictures::gif(1, 1, 1_001))
        .await;

    answer.expect_problem(422, "image_too_large");
}

#[tokio::test]
async fn refused_upload_can_be_repeated() {
    let app = App::start().await;
    let author = app.author().await;
    let good = pictures::png(9, 9);
    let mut bad = good.clone();
    let middle = bad.len() / 2;
    bad[middle] ^= 0xff;
    let id = app.upload(&author, "image/png", &bad).await;
    app.complete(&author, &id)
        .await
        .expect_problem(422, "corrupt_image");
    assert_eq!(
        app.read(&author, &id).await.expect(200).body["state"],
        "uploading"
    );

    app.put(&author, &id, "image/png", &good);

    app.complete(&author, &id).await.expect(200);
}

#[tokio::test]
async fn upload_after_completion_changes_nothing() {
    let app = App::start().await;
    let author = app.author().await;
    let id = app.upload(&author, "image/png", &pictures::png(9, 9)).await;
    app.complete(&author, &id).await.expect(200);
    let kept = app.kept(&author, &id).await;

    app.put(&author, &id, "image/png", b"<html>");

    assert_eq!(
        app.complete(&author, &id).await.expect(200).body["width"],
        9
    );
    assert_eq!(app.kept(&author, &id).await, kept);
}

#[tokio::test]
async fn photo_of_a_camera_becomes_ready() {
    let app = App::start().await;
    let author = app.author().await;
    let photo = pictures::jpeg_with_exif(4_000, 3_000, 6);

    let media = app
        .bring(&author, "image/jpeg", &photo)
        .await
        .expect(200)
        .body;

    assert_eq!(
        (&media["width"], &media["height"]),
        (&json!(3_000), &json!(4_000))
    );
}
