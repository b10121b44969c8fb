//! Pictures of people: what is taken for one, and what is left of it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::SignedDuration;
use serde_json::json;
use testkit::{Answer, TestMember};

use crate::app::App;
use crate::pictures::{self, SECRET};

const PATH: &str = "/v1/me/avatar";

impl App {
    /// Somebody who is registered and signed in.
    async fn ada(&self) -> TestMember {
        let ada = self.author().await;
        testkit::http::register(&self.table, &self.clock, &ada).await;
        ada
    }

    async fn put_avatar(&self, by: &TestMember, image: &[u8]) -> Answer {
        let body = json!({ "image": STANDARD.encode(image) });
        self.api.put(PATH).by(by).json(&body).send().await
    }

    /// The picture at an address, or at the one without a tag.
    async fn avatar(&self, by: &TestMember, address: &str) -> Answer {
        self.api.get(address).by(by).send().await
    }

    /// What is drawn of an image.
    async fn drawn(&self, by: &TestMember, image: &[u8]) -> Vec<u8> {
        self.put_avatar(by, image).await.expect(200);
        self.avatar(by, PATH).await.expect(200).bytes.to_vec()
    }

    /// Kinds of events of somebody's own account, the newest first.
    async fn kinds(&self, of: &TestMember) -> Vec<String> {
        let events = self.table.system().user_events(of.user, 20).await.unwrap();
        let kinds = events.into_iter().map(|event| event.kind);
        kinds
            .filter(|kind| kind.starts_with("user.avatar_"))
            .collect()
    }
}

fn holds(bytes: &[u8], text: &[u8]) -> bool {
    bytes.windows(text.len()).any(|window| window == text)
}

#[tokio::test]
async fn avatar_of_every_type_becomes_a_small_square() {
    let app = App::start().await;
    let ada = app.ada().await;
    for image in [
        pictures::jpeg(160, 120),
        pictures::png(48, 64),
        pictures::webp(300, 200),
        pictures::gif(20, 30, 2),
        // A line would grow beyond all memory if it became as high first.
        pictures::png(4_096, 1),
    ] {
        let drawn = app.drawn(&ada, &image).await;

        assert!(drawn.starts_with(&[0xff, 0xd8, 0xff]), "a JPEG");
        let drawn = pictures::decoded(&drawn);
        assert_eq!((drawn.width(), drawn.height()), (256, 256));
    }
}

#[tokio::test]
async fn avatar_of_a_wide_image_is_its_middle() {
    let app = App::start().await;
    let ada = app.ada().await;

    let drawn = pictures::decoded(&app.drawn(&ada, &pictures::three_colours()).await).to_rgb8();

    for (x, y) in [(2, 2), (128, 128), (253, 253)] {
        let [red, green, blue] = drawn.get_pixel(x, y).0;
        assert!(green > 200 && red < 60 && blue < 60, "{x}, {y}");
    }
}

#[tokio::test]
async fn avatar_that_is_stored_turned_is_shown_upright() {
    let app = App::start().await;
    let ada = app.ada().await;
    let upright = pictures::decoded(&app.drawn(&ada, &pictures::png(64, 64)).await);

    let drawn = app.drawn(&ada, &pictures::png_with_exif(64, 64, 6)).await;

    let difference = |one: &image::DynamicImage| {
        let drawn = pictures::decoded(&drawn).to_rgb8();
        let pairs = one.to_rgb8().into_raw().into_iter().zip(drawn.into_raw());
        pairs
            .map(|(one, other)| u64::from(one.abs_diff(other)))
            .sum::<u64>()
    };
    assert!(difference(&upright.rotate90()) < difference(&upright) / 8);
}

#[tokio::test]
async fn f_21_avatar_with_metadata_of_a_camera_loses_it() {
    let app = App::start().await;
    let ada = app.ada().await;
    for image in [
        pictures::jpeg_with_exif(64, 64, 1),
        pictures::png_with_exif(64, 64, 1),
        pictures::webp_with_exif(64, 64),
        pictures::gif_with_comment(64, 64),
    ] {
        assert!(holds(&image, SECRET.as_bytes()));

        let drawn = app.drawn(&ada, &image).await;

        assert!(!holds(&drawn, SECRET.as_bytes()));
        assert!(!pictures::has_exif(&drawn));
    }
}

#[tokio::test]
async fn f_21_avatar_that_is_a_page_too_is_only_the_picture() {
    let app = App::start().await;
    let ada = app.ada().await;
    let page = b"<html><script>alert(1)</script></html>";
    for mut image in [pictures::png(64, 64), pictures::jpeg(64, 64)] {
        image.extend(page);

        let drawn = app.drawn(&ada, &image).await;

        assert!(!holds(&drawn, b"<script>"));
    }
}

#[tokio::test]
async fn avatar_is_served_as_nothing_but_an_image() {
    let app = App::start().await;
    let ada = app.ada().await;
    let put = app.put_avatar(&ada, &pictures::png(64, 64)).await;
    let address = put.expect(200).body["avatar_url"].clone();

    let named = app
        .avatar(&ada, address.as_str().unwrap())
        .await
        .expect(200);
    let unnamed = app.avatar(&ada, PATH).await.expect(200);

    for (header, value) in [
        ("content-type", "image/jpeg"),
        ("content-disposition", "inline"),
        ("content-security-policy", "default-src 'none'; sandbox"),
        ("x-content-type-options", "nosniff"),
        ("cache-control", "private, max-age=86400, immutable"),
    ] {
        assert_eq!(named.headers[header], value);
    }
    assert_eq!(unnamed.bytes, named.bytes);
    assert_eq!(unnamed.headers["cache-control"], "private, no-cache");
}

#[tokio::test]
async fn f_21_avatar_of_something_else_is_refused_by_its_bytes() {
    let app = App::start().await;
    let ada = app.ada().await;
    let svg = b"<svg xmlns=\"http://www.w3.org/2000/svg\"><script>alert(1)</script></svg>";
    for (bytes, found) in [
        (svg.as_slice(), "image/svg+xml"),
        (b"<!DOCTYPE html><script>1</script>", "text/html"),
        (b"%PDF-1.7 ...", "application/pdf"),
        (b"", "application/octet-stream"),
    ] {
        let refused = app.put_avatar(&ada, bytes).await;

        let refused = refused.expect_problem(422, "unsupported_type");
        assert!(refused.body["detail"].as_str().unwrap().contains(found));
    }
    app.avatar(&ada, PATH)
        .await
        .expect_problem(404, "not_found");
}

#[tokio::test]
async fn avatar_whose_image_is_damaged_is_refused() {
    let app = App::start().await;
    let ada = app.ada().await;
    for image in [pictures::png(64, 64), pictures::webp(64, 64)] {
        let refused = app.put_avatar(&ada, &image[..image.len() / 2]).await;

        refused.expect_problem(422, "corrupt_image");
    }
}

#[tokio::test]
async fn f_21_avatar_of_a_bomb_is_refused_by_its_header() {
    let app = App::start().await;
    let ada = app.ada().await;
    for (width, height) in [(30_000, 30_000), (4_097, 1), (1, 4_097)] {
        let refused = app
            .put_avatar(&ada, &pictures::png_bomb(width, height))
            .await;

        let refused = refused.expect_problem(422, "image_too_large");
        let detail = refused.body["detail"].as_str().unwrap();
        assert!(detail.contains("at most 4096 a side"), "{detail}");
    }
}

#[tokio::test]
async fn avatar_of_more_bytes_than_a_body_may_have_is_refused() {
    let app = App::start().await;
    let ada = app.ada().await;

    let refused = app.put_avatar(&ada, &vec![0; 200_000]).await;

    refused.expect_problem(413, "body_too_large");
}

#[tokio::test]
async fn avatar_that_is_not_sent_as_a_text_of_base64_is_refused() {
    let app = App::start().await;
    let ada = app.ada().await;

    let bytes = app.api.put(PATH).by(&ada);
    let bytes = bytes.raw("image/png", pictures::png(64, 64)).send().await;
    let text = app.api.put(PATH).by(&ada);
    let text = text.json(&json!({ "image": "no base64" })).send().await;

    bytes.expect_problem(415, "unsupported_media_type");
    let text = text.expect_problem(422, "invalid_request");
    assert_eq!(text.body["errors"][0]["pointer"], "/image");
}

#[tokio::test]
async fn avatar_that_is_put_twice_is_one_act() {
    let app = App::start().await;
    let ada = app.ada().await;
    let image = pictures::png(64, 64);
    let first = app.put_avatar(&ada, &image).await.expect(200);

    let again = app.put_avatar(&ada, &image).await.expect(200);

    assert_eq!(again.body, first.body);
    assert_eq!(app.kinds(&ada).await, ["user.avatar_changed"]);
}

#[tokio::test]
async fn avatar_that_is_another_one_has_another_address() {
    let app = App::start().await;
    let ada = app.ada().await;
    let first = app
        .put_avatar(&ada, &pictures::png(64, 64))
        .await
        .expect(200);

    let other = app.put_avatar(&ada, &pictures::gif(9, 9, 1)).await;

    assert_ne!(other.expect(200).body, first.body);
}

#[tokio::test]
async fn avatar_that_was_removed_is_gone() {
    let app = App::start().await;
    let ada = app.ada().await;
    let put = app.put_avatar(&ada, &pictures::png(64, 64)).await;
    let address = put.expect(200).body["avatar_url"].clone();

    for _ in 0..2 {
        app.api.delete(PATH).by(&ada).send().await.expect(204);
    }

    let gone = app.avatar(&ada, address.as_str().unwrap()).await;
    gone.expect_problem(404, "not_found");
    let kinds = app.kinds(&ada).await;
    assert_eq!(kinds, ["user.avatar_removed", "user.avatar_changed"]);
}

#[tokio::test]
async fn avatar_that_is_tried_too_often_waits() {
    let app = App::start().await;
    let ada = app.ada().await;
    for _ in 0..30 {
        app.put_avatar(&ada, b"no image").await.expect(422);
    }

    let refused = app.put_avatar(&ada, &pictures::png(9, 9)).await;

    refused.expect_problem(429, "rate_limited");
    app.clock.advance(SignedDuration::from_mins(2));
    app.put_avatar(&ada, &pictures::png(9, 9)).await.expect(200);
}
