use crate::app::App;

#[tokio::test]
async fn query_that_is_right_is_read() {
    let app = App::new().await;
    for (query, limit) in [("", 50), ("?limit=1", 1), ("?limit=200&state=a%20b", 200)] {
        let path = format!("/v1/search{query}");
        let answer = app.api.get(path).send().await.expect(200);
        assert_eq!(answer.body["limit"], limit);
    }
}

#[tokio::test]
async fn query_with_a_wrong_parameter_is_refused_by_its_name() {
    let app = App::new().await;
    for (query, name, code) in [
        ("?x=1", "x", "unknown_parameter"),
        ("?limit=0", "limit", "invalid_parameter"),
        ("?limit=201", "limit", "invalid_parameter"),
        ("?limit=-1", "limit", "invalid_parameter"),
        ("?limit=ten", "limit", "invalid_parameter"),
        ("?limit=", "limit", "invalid_parameter"),
        ("?limit=99999999999999999999", "limit", "invalid_parameter"),
        ("?limit=1&limit=2", "limit", "duplicate_parameter"),
    ] {
        let answer = app.api.get(format!("/v1/search{query}")).send().await;
        let answer = answer.expect_problem(400, "malformed_request");
        assert_eq!(answer.body["errors"][0]["pointer"], name, "{query}");
        assert_eq!(answer.body["errors"][0]["code"], code, "{query}");
    }
}

#[tokio::test]
async fn path_with_a_malformed_id_is_not_found() {
    let app = App::new().await;
    let (post, target) = (
        "post_00000000000000000000000001",
        "dlv_00000000000000000000000002",
    );
    let path = format!("/v1/posts/{post}/targets/{target}");
    let answer = app.api.get(path).send().await.expect(200);
    assert_eq!(answer.body, serde_json::json!([post, target]));
    for path in [
        format!("/v1/posts/{target}/targets/{post}"),
        format!("/v1/posts/x/targets/{target}"),
        format!("/v1/posts/{post}/targets/%ff"),
        format!("/v1/posts/{post}/targets/dlv_8zzzzzzzzzzzzzzzzzzzzzzzzz"),
    ] {
        app.api
            .get(path)
            .send()
            .await
            .expect_problem(404, "not_found");
    }
}

#[tokio::test]
async fn if_match_compares_strongly() {
    let app = App::new().await;
    for (tag, status) in [
        (None, 428),
        (Some("\"7\""), 200),
        (Some("*"), 200),
        (Some("\"6\", \"7\""), 200),
        (Some("W/\"7\""), 412),
        (Some("\"6\""), 412),
        (Some("7"), 412),
        (Some("\"seven\""), 412),
    ] {
        let mut call = app.api.call(http::Method::PUT, "/v1/versions");
        if let Some(tag) = tag {
            call = call.header("if-match", tag);
        }
        call.send().await.expect(status);
    }
}
