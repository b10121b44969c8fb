//! The HTTP API in front of the functions.

use crate::deployment::Deployment;

#[tokio::test(flavor = "multi_thread")]
async fn path_that_no_function_has_is_answered_with_a_problem_document() {
    let deployment = Deployment::of_this_run();

    let answer = deployment.stranger().get("/nowhere").await.expect(404);

    assert_eq!(answer.content_type, "application/problem+json");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_function_behind_the_api_asks_for_credentials_first() {
    let deployment = Deployment::of_this_run();
    let stranger = deployment.stranger();
    for path in [
        "/v1/me",
        "/v1/tenants",
        "/v1/members",
        "/v1/accounts",
        "/v1/networks",
        "/v1/media",
        "/v1/posts",
        "/v1/calendar?from=2026-12-01T00:00:00Z&to=2026-12-02T00:00:00Z&zone=UTC",
    ] {
        let answer = stranger.get(path).await.expect(401);

        assert_eq!(answer.content_type, "application/problem+json", "{path}");
    }
}
