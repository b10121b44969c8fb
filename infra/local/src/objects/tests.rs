use axum::body::{Body, to_bytes};
use axum::http::{Request, StatusCode};
use cloud::clock::{SystemClock, SystemRandom};
use tower::ServiceExt as _;

use super::*;

struct Bench {
    objects: DiskObjects,
    _folder: tempfile::TempDir,
}

fn bench() -> Bench {
    let folder = tempfile::tempdir().unwrap();
    let keys = KeyFile::open(&folder.path().join("key"), true, Arc::new(SystemRandom)).unwrap();
    let base = "http://127.0.0.1:8080".parse().unwrap();
    let path = folder.path().join("objects");
    let objects = DiskObjects::open(&path, base, &keys, Arc::new(SystemClock)).unwrap();
    Bench {
        objects,
        _folder: folder,
    }
}

fn key(last: u8) -> ObjectKey {
    let text = format!("ten_00000000000000000000000001/med_0000000000000000000000000{last}");
    text.parse().unwrap()
}

fn terms(bytes: u64) -> UploadTerms {
    UploadTerms {
        content_type: "image/png".to_owned(),
        bytes,
        lifetime: Duration::from_mins(1),
    }
}

async fn call(
    bench: &Bench,
    method: &str,
    url: &str,
    kind: &str,
    body: &str,
) -> (StatusCode, String) {
    let path = url.strip_prefix("http://127.0.0.1:8080").unwrap();
    let request = Request::builder()
        .method(method)
        .uri(path)
        .header("content-type", kind)
        .body(Body::from(body.to_owned()))
        .unwrap();
    let answer = router(bench.objects.clone())
        .oneshot(request)
        .await
        .unwrap();
    let status = answer.status();
    let bytes = to_bytes(answer.into_body(), usize::MAX).await.unwrap();
    (status, String::from_utf8_lossy(&bytes).into_owned())
}

#[tokio::test]
async fn uploaded_object_is_read_back_by_signed_address() {
    let bench = bench();
    let upload = bench
        .objects
        .presign_upload(key(1), &terms(5))
        .await
        .unwrap();

    let (stored, _) = call(&bench, "PUT", upload.url.as_str(), "image/png", "bytes").await;
    let read = bench
        .objects
        .presign_read(key(1), Duration::from_mins(1))
        .await
        .unwrap();

    assert_eq!(stored, StatusCode::OK);
    assert_eq!(
        call(&bench, "GET", read.as_str(), "", "").await,
        (StatusCode::OK, "bytes".to_owned())
    );
    assert_eq!(
        bench.objects.head(key(1)).await.unwrap(),
        Some(ObjectHead {
            bytes: 5,
            content_type: "image/png".to_owned(),
        })
    );
    assert_eq!(
        bench.objects.get(key(1), 5).await.unwrap().unwrap(),
        "bytes"
    );
    assert_eq!(
        bench
            .objects
            .get_range(key(1), 1..3)
            .await
            .unwrap()
            .unwrap(),
        "yt"
    );
    assert_eq!(
        bench
            .objects
            .get_range(key(1), 4..9)
            .await
            .unwrap()
            .unwrap(),
        "s"
    );
    assert!(matches!(
        bench.objects.get(key(1), 4).await,
        Err(Error::TooLarge { limit: 4 })
    ));
}

#[tokio::test]
async fn upload_outside_its_terms_stores_nothing() {
    let bench = bench();
    let url = bench
        .objects
        .presign_upload(key(1), &terms(5))
        .await
        .unwrap()
        .url;
    let other_size = url.as_str().replace("bytes=5", "bytes=6");
    let other_key = url.as_str().replace("0001?", "0002?");
    let no_signature = url.as_str().split("&signature").next().unwrap().to_owned();

    for (url, kind, body, status) in [
        (url.as_str(), "image/gif", "bytes", StatusCode::FORBIDDEN),
        (
            url.as_str(),
            "image/png",
            "more bytes",
            StatusCode::FORBIDDEN,
        ),
        (url.as_str(), "image/png", "few", StatusCode::BAD_REQUEST),
        (&other_size, "image/png", "bytes6", StatusCode::FORBIDDEN),
        (&other_key, "image/png", "bytes", StatusCode::FORBIDDEN),
        (&no_signature, "image/png", "bytes", StatusCode::BAD_REQUEST),
    ] {
        assert_eq!(
            call(&bench, "PUT", url, kind, body).await.0,
            status,
            "{url} {kind} {body}"
        );
    }

    assert_eq!(bench.objects.head(key(1)).await.unwrap(), None);
    assert_eq!(bench.objects.head(key(2)).await.unwrap(), None);
}

#[tokio::test]
async fn f_14_signed_address_of_one_tenants_object_opens_none_of_another() {
    let bench = bench();
    let (objects, own) = (&bench.objects, "ten_00000000000000000000000001/");
    let theirs = format!(
        "{}/med_00000000000000000000000001",
        "ten_00000000000000000000000002"
    );
    let theirs: ObjectKey = theirs.parse().unwrap();
    let upload = objects.presign_upload(theirs, &terms(6)).await.unwrap();
    call(&bench, "PUT", upload.url.as_str(), "image/png", "theirs").await;
    let read = objects.presign_read(key(1), Duration::from_mins(1)).await;
    let write = objects.presign_upload(key(1), &terms(6)).await.unwrap();

    for (method, url) in [("GET", read.unwrap()), ("PUT", write.url)] {
        let forged = url.as_str().replace(own, "ten_00000000000000000000000002/");
        let (status, body) = call(&bench, method, &forged, "image/png", "forged").await;
        assert_eq!(status, StatusCode::FORBIDDEN, "{method}");
        assert!(!body.contains("theirs"));
    }
    assert_eq!(objects.get(theirs, 6).await.unwrap().unwrap(), "theirs");
}

#[tokio::test]
async fn expired_address_is_refused() {
    let bench = bench();
    let expired = UploadTerms {
        lifetime: Duration::ZERO,
        ..terms(5)
    };
    let upload = bench
        .objects
        .presign_upload(key(1), &expired)
        .await
        .unwrap();

    let (status, body) = call(&bench, "PUT", upload.url.as_str(), "image/png", "bytes").await;

    assert_eq!(status, StatusCode::FORBIDDEN);
    assert!(body.contains("has expired"), "{body}");
}

#[tokio::test]
async fn deleted_object_is_gone_and_may_be_deleted_again() {
    let bench = bench();
    let upload = bench
        .objects
        .presign_upload(key(1), &terms(5))
        .await
        .unwrap();
    call(&bench, "PUT", upload.url.as_str(), "image/png", "bytes").await;

    bench.objects.delete(key(1)).await.unwrap();
    bench.objects.delete(key(1)).await.unwrap();

    assert_eq!(bench.objects.get(key(1), 5).await.unwrap(), None);
}

#[tokio::test]
async fn upload_that_nobody_completed_is_forgotten_after_a_day() {
    let bench = bench();
    let upload = |last: u8| -> ObjectKey { format!("uploads/{}", key(last)).parse().unwrap() };
    for key in [upload(1), upload(2), key(1)] {
        let bytes = Bytes::from_static(b"bytes");
        bench.objects.put(key, "image/png", bytes).await.unwrap();
    }
    let old = std::time::SystemTime::from(SystemClock.now()) - Duration::from_hours(25);
    for old_one in [upload(1), key(1)] {
        let file = std::fs::File::open(bench.objects.file(old_one)).unwrap();
        file.set_modified(old).unwrap();
    }

    bench.objects.forget_old_objects().await.unwrap();

    assert!(bench.objects.head(upload(1)).await.unwrap().is_none());
    assert!(bench.objects.head(upload(2)).await.unwrap().is_some());
    assert!(
        bench.objects.head(key(1)).await.unwrap().is_some(),
        "kept for good"
    );
}
