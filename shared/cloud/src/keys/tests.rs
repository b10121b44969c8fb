use domain::Error;
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

    let made = keys.generate_data_key(&context()).await.unwrap();
    let opened = keys.decrypt(&made.wrapped, &context()).await.unwrap();

    assert_eq!(made.wrapped, b"wrapped");
    assert_eq!(opened.expose(), &[1; KEY_BYTES]);
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
        .decrypt(b"w", &context())
        .await;
    let busy = KmsKeys::new(busy.aws().kms(), "key")
        .decrypt(b"w", &context())
        .await;

    assert!(matches!(wrong, Err(Error::Corrupt { .. })));
    assert!(matches!(busy, Err(Error::Unavailable { .. })));
}
