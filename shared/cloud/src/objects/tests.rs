use std::collections::BTreeMap;

use super::*;
use crate::aws::canned::Canned;

const KEY: &str = "ten_00000000000000000000000001/med_00000000000000000000000002";

const VOLUME: &str = "exports/ten_00000000000000000000000001/exp_00000000000000000000000002/000003-0123456789abcdef.zip";

fn bucket() -> S3Objects {
    S3Objects::new(Canned::default().aws().s3(), "media")
}

fn query(url: &Url) -> BTreeMap<String, String> {
    url.query_pairs().into_owned().collect()
}

#[test]
fn object_key_is_made_of_ids_only() {
    for key in [KEY, VOLUME] {
        assert_eq!(key.parse::<ObjectKey>().unwrap().to_string(), key);
    }
    for text in [
        "",
        "a/b",
        "../med_00000000000000000000000002",
        "ten_00000000000000000000000001",
        "exports/ten_00000000000000000000000001/../000003-0123456789abcdef.zip",
        &*VOLUME.replace("000003", "3"),
        &*VOLUME.replace("000003", "+00003"),
        &*VOLUME.replace("abcdef", "ABCDEF"),
        &*VOLUME.replace(".zip", ""),
    ] {
        assert_eq!(text.parse::<ObjectKey>(), Err(InvalidObjectKey), "{text}");
    }
}

#[tokio::test]
async fn upload_address_is_signed_for_its_exact_type_size_and_time() {
    let terms = UploadTerms {
        content_type: "image/png".to_owned(),
        bytes: 1234,
        lifetime: Duration::from_mins(15),
    };

    let upload = bucket()
        .presign_upload(KEY.parse().unwrap(), &terms)
        .await
        .unwrap();

    let query = query(&upload.url);
    assert_eq!(upload.method, "PUT");
    assert!(upload.url.path().ends_with(KEY), "{}", upload.url);
    assert_eq!(query["X-Amz-Expires"], "900");
    assert_eq!(
        query["X-Amz-SignedHeaders"],
        "content-length;content-type;host"
    );
    let content_type = ("content-type".to_owned(), "image/png".to_owned());
    assert_eq!(upload.headers, BTreeMap::from([content_type]));
}

#[tokio::test]
async fn read_address_is_signed_for_its_time() {
    let url = bucket()
        .presign_read(KEY.parse().unwrap(), Duration::from_mins(5))
        .await
        .unwrap();

    let query = query(&url);
    assert_eq!(query["X-Amz-Expires"], "300");
    assert_eq!(query["X-Amz-SignedHeaders"], "host");
}
