//! What is kept of an image.

use crate::app::App;
use crate::pictures::{self, SECRET};

fn contains(bytes: &[u8], text: &str) -> bool {
    bytes
        .windows(text.len())
        .any(|window| window == text.as_bytes())
}

#[tokio::test]
async fn metadata_is_taken_away_and_no_pixel_changes() {
    let app = App::start().await;
    let author = app.author().await;
    for (kind, bytes) in [
        ("image/jpeg", pictures::jpeg_with_exif(30, 20, 1)),
        ("image/png", pictures::png_with_exif(30, 20, 1)),
        ("image/webp", pictures::webp_with_exif(30, 20)),
        ("image/gif", pictures::gif_with_comment(30, 20)),
    ] {
        assert!(
            contains(&bytes, SECRET),
            "{kind}: there is something to take away"
        );

        let media = app.bring(&author, kind, &bytes).await.expect(200).body;

        let kept = app
            .kept(&author, media["id"].as_str().unwrap())
            .await
            .unwrap();
        assert!(!contains(&kept, SECRET), "{kind}");
        assert!(!pictures::has_exif(&kept), "{kind}");
        assert_eq!(
            pictures::decoded(&kept),
            pictures::decoded(&bytes),
            "{kind}"
        );
    }
}

#[tokio::test]
async fn image_that_is_stored_turned_is_kept_as_it_is_shown() {
    let app = App::start().await;
    let author = app.author().await;
    for (kind, bytes) in [
        ("image/jpeg", pictures::jpeg_with_exif(30, 20, 6)),
        ("image/png", pictures::png_with_exif(30, 20, 6)),
    ] {
        let media = app.bring(&author, kind, &bytes).await.expect(200).body;

        assert_eq!(
            (&media["width"], &media["height"]),
            (&20.into(), &30.into()),
            "{kind}"
        );
        let kept = app
            .kept(&author, media["id"].as_str().unwrap())
            .await
            .unwrap();
        let (shown, stored) = (pictures::decoded(&kept), pictures::decoded(&bytes));
        assert_eq!((shown.width(), shown.height()), (20, 30), "{kind}");
        assert!(!contains(&kept, SECRET), "{kind}");
        if kind == "image/png" {
            assert_eq!(shown, stored.rotate90());
        }
    }
}

#[tokio::test]
async fn image_that_is_stored_upside_down_keeps_its_size() {
    let app = App::start().await;
    let author = app.author().await;

    let bytes = pictures::png_with_exif(30, 20, 3);
    let media = app
        .bring(&author, "image/png", &bytes)
        .await
        .expect(200)
        .body;

    assert_eq!(
        (&media["width"], &media["height"]),
        (&30.into(), &20.into())
    );
    let kept = app
        .kept(&author, media["id"].as_str().unwrap())
        .await
        .unwrap();
    assert_eq!(
        pictures::decoded(&kept),
        pictures::decoded(&bytes).rotate180()
    );
}

#[tokio::test]
async fn what_was_appended_to_an_image_is_cut_off() {
    let app = App::start().await;
    let author = app.author().await;
    let page = "<html><script>alert(1)</script></html>";
    for (kind, mut bytes) in [
        ("image/jpeg", pictures::jpeg(30, 20)),
        ("image/png", pictures::png(30, 20)),
        ("image/webp", pictures::webp(30, 20)),
        ("image/gif", pictures::gif(30, 20, 1)),
    ] {
        bytes.extend(page.as_bytes());

        let media = app.bring(&author, kind, &bytes).await.expect(200).body;

        let kept = app
            .kept(&author, media["id"].as_str().unwrap())
            .await
            .unwrap();
        assert!(!contains(&kept, "<script>"), "{kind}");
    }
}
