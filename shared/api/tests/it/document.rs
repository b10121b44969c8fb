use serde_json::Value;
use testkit::{TestClock, gate};

use crate::app::router;

async fn document() -> Value {
    let clock = TestClock::at("2026-12-01T08:00:00Z");
    let table = testkit::table(&clock).await;
    let document = router(gate(&table, &clock).await).into_openapi();
    serde_json::to_value(document).unwrap()
}

#[tokio::test]
async fn document_says_who_may_call_each_route() {
    let document = document().await;

    let mut declared = Vec::new();
    for (path, operations) in document["paths"].as_object().unwrap() {
        for (method, operation) in operations.as_object().unwrap() {
            let permission = operation["x-permission"].as_str().unwrap();
            let is_open = operation["security"].as_array().unwrap().is_empty();
            assert_eq!(is_open, permission == "public", "{method} {path}");
            declared.push(format!("{method} {path} {permission}"));
        }
    }
    assert!(declared.contains(&"get /v1/posts read_posts".to_owned()));
    assert!(declared.contains(&"post /v1/posts schedule_posts".to_owned()));
    assert!(declared.contains(&"get /v1/whoami signed_in".to_owned()));
    assert!(declared.contains(&"post /v1/echo public".to_owned()));
    let sensitive = &document["paths"]["/v1/sensitive"]["get"];
    assert_eq!(sensitive["x-recent-authentication"], true);
}

#[tokio::test]
async fn document_describes_problems_and_credentials() {
    let document = document().await;

    let problem = &document["components"]["schemas"]["Problem"]["properties"];
    for name in [
        "type", "title", "status", "detail", "instance", "code", "errors",
    ] {
        assert!(problem[name].is_object(), "{name}");
    }
    let schemes = &document["components"]["securitySchemes"];
    assert_eq!(schemes["session"]["in"], "cookie");
    assert_eq!(schemes["bearer"]["scheme"], "bearer");
    let answers = &document["paths"]["/v1/echo"]["post"]["responses"];
    let schema = &answers["default"]["content"]["application/problem+json"]["schema"];
    assert_eq!(schema["$ref"], "#/components/schemas/Problem");
}
