use std::time::Duration;

use aws_smithy_runtime_api::client::http::SharedHttpClient;
use serde_json::json;

use super::canned::Canned;
use super::*;
use crate::faults::{Effects, Fault, FaultPlan, FaultyHttpClient};

fn table(http: &Canned, plan: FaultPlan) -> (aws_sdk_dynamodb::Client, Effects) {
    let effects = Effects::new(plan);
    let inner = SharedHttpClient::new(http.clone());
    let faulty = FaultyHttpClient::new(inner, effects.clone());
    let aws = Aws::with_http_client(AwsConfig::embedded(), SharedHttpClient::new(faulty));
    (aws.dynamodb(), effects)
}

#[tokio::test(start_paused = true)]
async fn lost_answer_is_asked_for_again_by_the_client_and_both_requests_are_effects() {
    let http = Canned::new(&[(200, json!({})), (200, json!({ "TableNames": ["t"] }))]);
    let (client, effects) = table(&http, FaultPlan::at(0, Fault::FailAfter));

    let answer = client.list_tables().send().await.unwrap();

    assert_eq!(answer.table_names(), ["t"]);
    assert_eq!((http.requests(), effects.begun().len()), (2, 2));
}

#[tokio::test(start_paused = true)]
async fn crash_before_a_request_sends_nothing() {
    let http = Canned::new(&[]);
    let (client, effects) = table(&http, FaultPlan::at(0, Fault::CrashBefore));

    let outcome = effects.until_crash(client.list_tables().send()).await;

    assert!(outcome.is_none());
    assert_eq!(http.requests(), 0);
}

#[tokio::test(start_paused = true)]
async fn service_that_never_answers_is_given_up_in_time() {
    let http = Canned::new(&[]);
    let forever = Fault::Delay(Duration::from_hours(1));
    let plan = FaultPlan::at(0, forever).and(1, forever).and(2, forever);
    let (client, _) = table(&http, plan);
    let begun = tokio::time::Instant::now();

    let error = client.list_tables().send().await.unwrap_err();

    assert!(is_transient(&error));
    assert!(begun.elapsed() <= QUICK.operation, "{:?}", begun.elapsed());
}

#[tokio::test(start_paused = true)]
async fn throttling_and_faults_of_the_service_are_transient_and_refusals_are_not() {
    let cases = [
        (400, "ThrottlingException", "unavailable"),
        (500, "InternalFailure", "unavailable"),
        (400, "AccessDeniedException", "internal"),
    ];
    for (status, code, expected) in cases {
        let answer = (status, json!({ "__type": code }));
        let http = Canned::new(&[answer.clone(), answer.clone(), answer]);
        let (client, _) = table(&http, FaultPlan::none());

        let error = client.list_tables().send().await.unwrap_err();

        assert_eq!(
            dependency_error("the table", error).code(),
            expected,
            "{code}"
        );
    }
}
