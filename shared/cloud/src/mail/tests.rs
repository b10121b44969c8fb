use serde_json::json;

use super::*;
use crate::aws::canned::Canned;

fn mail() -> Mail {
    Mail {
        to: "ada@example.com".to_owned(),
        subject: "Grüße".to_owned(),
        text: "canary".to_owned(),
        html: "<p>canary</p>".to_owned(),
    }
}

#[tokio::test]
async fn mail_is_sent_as_text_and_html() {
    let http = Canned::new(&[(200, json!({ "MessageId": "m" }))]);
    let mailer = SesMailer::new(http.aws().ses(), "M1Autoposter <post@example.com>");

    mailer.send(&mail()).await.unwrap();

    let content = |text: &str| json!({ "Data": text, "Charset": "UTF-8" });
    assert_eq!(
        http.bodies()[0],
        json!({
            "FromEmailAddress": "M1Autoposter <post@example.com>",
            "Destination": { "ToAddresses": ["ada@example.com"] },
            "Content": { "Simple": {
                "Subject": content("Grüße"),
                "Body": { "Text": content("canary"), "Html": content("<p>canary</p>") },
            } },
        })
    );
}

#[test]
fn mail_is_never_shown() {
    assert!(!format!("{:?}", mail()).contains("canary"));
}
