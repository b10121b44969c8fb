use domain::{Error, KeyRefusal};
use serde_json::json;

use super::*;
use crate::aws::canned::Canned;

fn context() -> KeyContext {
    KeyContext {
        environment: "production".to_owned(),
        tenant: "ten_00000000000000000000000001".parse().unwrap(),
        version: 2,
    }
}

const PLAIN: &str = "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=";

#[tokio::test]
async fn key_is_made_and_opened_in_its_whole_context() {
    let http = Canned::new(&[
        (
            200,
            json!({ "Plaintext": PLAIN, "CiphertextBlob": "d3JhcHBlZA==" }),
        ),
        (200, json!({ "Plaintext": PLAIN })),
    ]);
    let keys = KmsKeys::new(http.aws().kms(), "key");

    let product = WrappingKey::Product;
    let made = keys.generate_data_key(&product, &context()).await.unwrap();
    let opened = keys.decrypt(&product, &made.wrapped, &context()).await;

    assert_eq!(made.wrapped, b"wrapped");
    assert_eq!(opened.unwrap().expose(), &[1; KEY_BYTES]);
    for body in http.bodies() {
        assert_eq!(
            body["EncryptionContext"],
            json!({
                "app": "m1autoposter",
                "env": "production",
                "tenant": "ten_00000000000000000000000001",
                "purpose": "tenant-key",
                "v": "2",
            })
        );
    }
}

#[tokio::test(start_paused = true)]
async fn key_that_does_not_open_is_told_from_a_service_that_does_not_answer() {
    let throttled = (400, json!({ "__type": "ThrottlingException" }));
    let wrong = Canned::new(&[(400, json!({ "__type": "InvalidCiphertextException" }))]);
    let busy = Canned::new(&[throttled.clone(), throttled.clone(), throttled]);

    let wrong = KmsKeys::new(wrong.aws().kms(), "key")
        .decrypt(&WrappingKey::Product, b"w", &context())
        .await;
    let busy = KmsKeys::new(busy.aws().kms(), "key")
        .decrypt(&WrappingKey::Product, b"w", &context())
        .await;

    assert!(matches!(wrong, Err(Error::Corrupt { .. })));
    assert!(matches!(busy, Err(Error::Unavailable { .. })));
}

const OWN: &str = "arn:aws:kms:eu-central-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";

fn own() -> WrappingKey {
    WrappingKey::Own(OWN.parse().unwrap())
}

#[tokio::test]
async fn own_key_is_named_by_each_call() {
    let http = Canned::new(&[
        (
            200,
            json!({ "Plaintext": PLAIN, "CiphertextBlob": "d3JhcHBlZA==" }),
        ),
        (200, json!({ "Plaintext": PLAIN })),
    ]);
    let keys = KmsKeys::of_tenants(http.aws().kms());

    let made = keys.generate_data_key(&own(), &context()).await.unwrap();
    keys.decrypt(&own(), &made.wrapped, &context())
        .await
        .unwrap();

    for body in http.bodies() {
        assert_eq!(body["KeyId"], OWN);
    }
    let product = WrappingKey::Product;
    let without = keys.generate_data_key(&product, &context()).await;
    assert!(matches!(without, Err(Error::Internal { .. })));
}

#[tokio::test(start_paused = true)]
async fn own_key_that_cannot_be_used_says_why_and_the_products_is_a_fault_of_ours() {
    for (code, expected) in [
        ("NotFoundException", KeyRefusal::NotFound),
        ("AccessDeniedException", KeyRefusal::AccessDenied),
        ("DisabledException", KeyRefusal::Disabled),
        ("KMSInvalidStateException", KeyRefusal::Disabled),
        ("InvalidKeyUsageException", KeyRefusal::WrongUsage),
    ] {
        let answer = (400, json!({ "__type": code }));
        let http = Canned::new(&[answer.clone(), answer.clone(), answer]);
        let keys = KmsKeys::new(http.aws().kms(), "key");

        let made = keys.generate_data_key(&own(), &context()).await;
        let opened = keys.decrypt(&own(), b"w", &context()).await;
        let product = keys.decrypt(&WrappingKey::Product, b"w", &context()).await;

        for error in [made.err(), opened.err()] {
            let Some(Error::OwnKeyRefused { refusal, .. }) = error else {
                panic!("{code}: {error:?}");
            };
            assert_eq!(refusal, expected, "{code}");
        }
        assert!(matches!(product, Err(Error::Internal { .. })), "{code}");
    }
}

#[tokio::test(start_paused = true)]
async fn own_key_that_does_not_answer_is_not_refused() {
    let throttled = (400, json!({ "__type": "ThrottlingException" }));
    let http = Canned::new(&[throttled.clone(), throttled.clone(), throttled]);

    let busy = KmsKeys::of_tenants(http.aws().kms())
        .decrypt(&own(), b"w", &context())
        .await;

    assert!(matches!(busy, Err(Error::Unavailable { .. })));
}
