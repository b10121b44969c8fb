use std::sync::Arc;

use api::Gate;
use testkit::{GENEROUS, TestApi};

use crate::app::{App, router};

#[tokio::test]
async fn id_45_fault_of_ours_says_nothing_about_its_insides() {
    let app = App::new().await;
    for (how, status, code) in [
        ("panic", 500, "internal"),
        ("internal", 500, "internal"),
        ("corrupt", 500, "internal"),
        ("unavailable", 503, "unavailable"),
    ] {
        let answer = app.api.get(format!("/v1/fail/{how}")).send().await;
        let answer = answer.expect_problem(status, code);
        assert!(
            !answer.body.to_string().contains("secret"),
            "{}",
            answer.body
        );
        assert_eq!(answer.headers.contains_key("retry-after"), status == 503);
    }
}

#[tokio::test]
async fn id_45_problem_names_its_kind_and_its_request() {
    let app = App::new().await;

    let answer = app.api.get("/v1/fail/internal").send().await;

    assert_eq!(answer.body["type"], "/problems/internal");
    assert_eq!(answer.body["status"], 500);
    assert!(answer.body["title"].is_string() && answer.body["detail"].is_string());
    assert_eq!(answer.body["errors"], serde_json::json!([]));
    let instance = answer.body["instance"].as_str().unwrap();
    assert_eq!(answer.headers["x-request-id"], instance);
}

#[tokio::test]
async fn unknown_path_is_a_problem() {
    let app = App::new().await;
    for path in ["/v1/nothing", "/", "/v1/echo/", "/v1//echo"] {
        let answer = app.api.get(path).send().await;
        answer.expect_problem(404, "not_found");
    }
}

#[tokio::test]
async fn wrong_method_is_a_problem_that_names_the_right_ones() {
    let app = App::new().await;

    let answer = app.api.delete("/v1/echo").send().await;

    let answer = answer.expect_problem(405, "method_not_allowed");
    assert_eq!(answer.headers["allow"], "POST");
}

#[tokio::test]
async fn every_answer_is_kept_out_of_caches_and_frames() {
    let app = App::new().await;
    for path in ["/v1/search", "/v1/nothing", "/v1/whoami"] {
        let headers = app.api.get(path).send().await.headers;
        assert_eq!(headers["cache-control"], "no-store");
        assert_eq!(headers["x-content-type-options"], "nosniff");
        assert!(headers.contains_key("content-security-policy"));
        assert!(headers.contains_key("x-request-id"));
    }
}

#[tokio::test]
async fn answer_of_a_deployment_with_https_forbids_every_other_way() {
    let app = App::new().await;
    let secure = "https://post.example".parse().unwrap();
    let clock = Arc::new(app.clock.clone());
    let gate = Gate::with_limits(app.table.clone(), clock, &secure, GENEROUS);
    let deployed = TestApi::new(router(gate), &app.clock);

    // An answer, a refusal, a fault.
    for path in ["/v1/search", "/v1/whoami", "/v1/fail/internal"] {
        let headers = deployed.get(path).send().await.headers;
        assert_eq!(
            headers["strict-transport-security"],
            "max-age=63072000; includeSubDomains"
        );
        let local = app.api.get(path).send().await.headers;
        assert!(!local.contains_key("strict-transport-security"), "{path}");
    }
}
