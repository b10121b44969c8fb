use api::BODY_MAX;
use serde_json::json;

use crate::app::App;

async fn refusal(app: &App, body: impl Into<axum::body::Body>) -> (u16, String, String) {
    let call = app.api.post("/v1/echo").raw("application/json", body);
    let answer = call.send().await;
    assert_eq!(answer.headers["content-type"], "application/problem+json");
    let error = &answer.body["errors"][0];
    (
        answer.status.as_u16(),
        error["pointer"].as_str().unwrap_or_default().to_owned(),
        error["code"].as_str().unwrap_or_default().to_owned(),
    )
}

#[tokio::test]
async fn body_that_is_right_is_read() {
    let app = App::new().await;
    // The same name in two objects is no repeat.
    let any = json!({ "a": [1, { "a": null }, { "a": -1.5 }], "name": true });
    let body = json!({ "name": "é🔑", "parts": [{ "count": 255 }], "post": null, "any": any });
    for content_type in ["application/json", "Application/JSON; charset=utf-8"] {
        let call = app.api.post("/v1/echo");
        let answer = call.raw(content_type, body.to_string()).send().await;
        assert_eq!(answer.expect(200).body, body);
    }
}

#[tokio::test]
async fn body_with_a_wrong_field_is_refused_by_its_pointer() {
    let app = App::new().await;
    for (body, pointer, code) in [
        (r#"{"name":1}"#, "/name", "wrong_type"),
        (r#"{"name":null}"#, "/name", "wrong_type"),
        ("{}", "/name", "missing_field"),
        (r#"{"name":"x","x":1}"#, "/x", "unknown_field"),
        (r#"{"name":"x","a/b~c":1}"#, "/a~1b~0c", "unknown_field"),
        (
            r#"{"name":"x","parts":[{"count":1},{}]}"#,
            "/parts/1/count",
            "missing_field",
        ),
        (
            r#"{"name":"x","parts":[{"count":256}]}"#,
            "/parts/0/count",
            "invalid_value",
        ),
        (
            r#"{"name":"x","parts":[{"count":-1}]}"#,
            "/parts/0/count",
            "invalid_value",
        ),
        (
            r#"{"name":"x","parts":[{"count":1.5}]}"#,
            "/parts/0/count",
            "wrong_type",
        ),
        (
            r#"{"name":"x","parts":[{"count":1,"y":1}]}"#,
            "/parts/0/y",
            "unknown_field",
        ),
        (r#"{"name":"x","parts":{}}"#, "/parts", "wrong_type"),
        (r#"{"name":"x","name":"y"}"#, "/name", "duplicate_field"),
        (
            r#"{"name":"x","n\u0061me":"x"}"#,
            "/name",
            "duplicate_field",
        ),
        (
            r#"{"name":"x","any":{"a":1,"a":1}}"#,
            "/any/a",
            "duplicate_field",
        ),
        (
            r#"{"name":"x","any":[{},{"b":{"c/d":[],"c/d":{}}}]}"#,
            "/any/1/b/c~1d",
            "duplicate_field",
        ),
        (r#"{"name":"x","post":"acc_1"}"#, "/post", "invalid_value"),
        ("[]", "", "wrong_type"),
        (r#""x""#, "", "wrong_type"),
        ("null", "", "wrong_type"),
    ] {
        let refused = refusal(&app, body).await;
        assert_eq!(
            refused,
            (422, pointer.to_owned(), code.to_owned()),
            "{body}"
        );
    }
}

#[tokio::test]
async fn body_that_is_a_list_is_no_object_without_names() {
    let app = App::new().await;

    for body in [r#"["loom"]"#, "[]", " []"] {
        let (status, pointer, code) = refusal(&app, body).await;
        assert_eq!(status, 422, "{body}");
        assert_eq!((pointer.as_str(), code.as_str()), ("", "wrong_type"));
    }
}

#[tokio::test]
async fn body_that_is_not_json_is_malformed() {
    let app = App::new().await;
    let deep = format!(
        r#"{{"name":"x","any":{}1{}}}"#,
        "[".repeat(5000),
        "]".repeat(5000)
    );
    let bodies: [&[u8]; 18] = [
        b"",
        b" ",
        b"{",
        b"{\"name\":\"x\"",
        b"{\"name\":\"x\"}}",
        b"{\"name\":\"x\",}",
        b"{'name':'x'}",
        b"{name:1}",
        b"{\"x\":1",
        b"{\"name\":NaN}",
        b"{\"name\":\"x\",\"any\":1e999}",
        b"{\"name\":\"x\",\"name\":\"x\"",
        b"{\"name\":\"x\",\"zz\":\"\\ud800\"}",
        b"{\"name\":\"\\ud800\"}",
        b"{\"name\":\"\\udc00\\ud800\"}",
        b"{\"name\":\"\xff\"}",
        b"{\"name\":\"a\nb\"}",
        deep.as_bytes(),
    ];
    for body in bodies {
        let text = String::from_utf8_lossy(body)
            .chars()
            .take(40)
            .collect::<String>();
        let (status, _, _) = refusal(&app, body.to_vec()).await;
        assert_eq!(status, 400, "{text}");
    }
}

#[tokio::test]
async fn body_of_another_type_is_refused() {
    let app = App::new().await;
    for content_type in [
        "text/plain",
        "application/jsonx",
        "application/problem+json",
        "",
    ] {
        let call = app
            .api
            .post("/v1/echo")
            .raw(content_type, r#"{"name":"x"}"#);
        call.send()
            .await
            .expect_problem(415, "unsupported_media_type");
    }
    let call = app.api.post("/v1/echo");
    call.send()
        .await
        .expect_problem(415, "unsupported_media_type");
}

#[tokio::test]
async fn body_over_the_limit_is_refused() {
    let app = App::new().await;
    let exact = format!(r#"{{"name":"{}"}}"#, "x".repeat(BODY_MAX - 11));
    assert_eq!(exact.len(), BODY_MAX);
    let more = format!("{exact} ");

    let call = app.api.post("/v1/echo").raw("application/json", exact);
    call.send().await.expect(200);
    let call = app.api.post("/v1/echo").raw("application/json", more);
    call.send().await.expect_problem(413, "body_too_large");
}

#[tokio::test]
async fn command_hash_is_that_of_the_value_not_of_its_spelling() {
    let app = App::new().await;
    let claim = async |body: &str| {
        let call = app
            .api
            .post("/v1/commands")
            .raw("application/json", body.to_owned());
        let answer = call.header("idempotency-key", "k").send().await.expect(200);
        answer.body["claim"].clone()
    };

    let first = claim(r#"{"name":"x","parts":[]}"#).await;
    let same = claim("{ \"parts\": [],\n \"name\": \"\\u0078\" }").await;
    let other = claim(r#"{"name":"y","parts":[]}"#).await;

    assert_eq!(first, same);
    assert_ne!(first["hash"], other["hash"]);
    assert_eq!(first["route"], "POST /v1/commands");
    assert_eq!(first["key"], "k");
}

#[tokio::test]
async fn command_without_a_key_has_no_claim() {
    let app = App::new().await;

    let call = app.api.post("/v1/commands").json(&json!({ "name": "x" }));

    assert!(call.send().await.expect(200).body["claim"].is_null());
}

#[tokio::test]
async fn command_with_two_keys_is_refused() {
    let app = App::new().await;
    let call = app.api.post("/v1/commands").json(&json!({ "name": "x" }));
    let call = call
        .header("idempotency-key", "a")
        .header("idempotency-key", "b");
    call.send()
        .await
        .expect_problem(400, "invalid_idempotency_key");
}

#[tokio::test]
async fn body_that_is_refused_is_not_repeated() {
    let app = App::new().await;
    let secret = "`, expected \", expected a secret";
    let quoted = serde_json::to_string(secret).unwrap();
    for body in [
        format!(r#"{{"name":"x","parts":[{{"count":{quoted}}}]}}"#),
        format!(r#"{{"name":"x","parts":{quoted}}}"#),
        format!(r#"{{"name":"x","post":{quoted}}}"#),
    ] {
        let call = app.api.post("/v1/echo").raw("application/json", body);
        let answer = call.send().await.expect(422);
        assert!(
            !answer.body.to_string().contains("a secret"),
            "{}",
            answer.body
        );
    }
}
