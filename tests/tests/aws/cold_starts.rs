//! Functions that start.

use serde_json::{Value, json};

use crate::deployment::{Deployment, read_event};

const AT_ONCE: usize = 4;
const KEYS: &str = "/.well-known/jwks.json";

#[tokio::test(flavor = "multi_thread")]
async fn instances_that_start_at_once_agree_on_the_keys_of_access_tokens() {
    let deployment = Deployment::of_this_run();
    let mut event = read_event("api/unknown-path.json");
    event["routeKey"] = json!(format!("GET {KEYS}"));
    event["rawPath"] = json!(KEYS);
    event["requestContext"]["routeKey"] = event["routeKey"].clone();
    event["requestContext"]["http"]["path"] = json!(KEYS);

    let started = deployment.invoke_cold("auth", &event, AT_ONCE);
    let at_work = deployment.stranger().get(KEYS).await.expect(200).body;

    assert!(at_work["keys"][0]["kid"].is_string(), "{at_work}");
    assert_eq!(started.len(), AT_ONCE);
    for answer in started {
        assert!(answer["error"].is_null(), "{answer}");
        assert_eq!(answer["answer"]["statusCode"], 200, "{answer}");
        let body = answer["answer"]["body"].as_str().unwrap();
        let keys: Value = serde_json::from_str(body).unwrap();
        assert_eq!(keys, at_work);
    }
}
