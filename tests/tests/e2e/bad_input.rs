//! Bad input gets a precise refusal, stores nothing and never is a fault of ours.

use serde_json::{Value, json};

use crate::host::Host;
use tests::caller::{Answer, Caller};

/// A request and what it must be refused with.
struct Case {
    what: &'static str,
    method: &'static str,
    path: String,
    headers: Vec<(&'static str, String)>,
    body: String,
    status: u16,
    code: &'static str,
    /// Code of the first field at fault, where there is one.
    field: Option<&'static str>,
}

fn case(
    what: &'static str,
    method: &'static str,
    path: &str,
    status: u16,
    code: &'static str,
) -> Case {
    Case {
        what,
        method,
        path: path.to_owned(),
        headers: Vec::new(),
        body: String::new(),
        status,
        code,
        field: None,
    }
}

impl Case {
    fn json(mut self, body: &Value) -> Self {
        self.body = body.to_string();
        self.header("content-type", "application/json")
    }

    fn raw(mut self, body: impl Into<String>) -> Self {
        self.body = body.into();
        self.header("content-type", "application/json")
    }

    fn header(mut self, name: &'static str, value: &str) -> Self {
        self.headers.push((name, value.to_owned()));
        self
    }

    fn field(mut self, code: &'static str) -> Self {
        self.field = Some(code);
        self
    }

    async fn send(&self, caller: &Caller) -> Answer {
        let mut request = caller.request(self.method, &self.path);
        for (name, value) in &self.headers {
            request = request.header(*name, value);
        }
        caller.send(request.body(self.body.clone())).await
    }
}

fn new_post(account: &str, change: impl FnOnce(&mut Value)) -> Value {
    let mut post = json!({
        "when": { "at": "2030-12-01T09:00:00", "zone": "Europe/Berlin" },
        "base": { "text": "x" },
        "targets": [{ "account_id": account }],
    });
    change(&mut post);
    post
}

fn invalid(what: &'static str, post: &Value, field: &'static str) -> Case {
    case(what, "POST", "/v1/posts", 422, "invalid_request")
        .json(post)
        .field(field)
}

fn posts(account: &str) -> Vec<Case> {
    let unknown = "01k00000000000000000000000";
    vec![
        case(
            "half a document",
            "POST",
            "/v1/posts",
            400,
            "malformed_request",
        )
        .raw("{\"when\":"),
        case("no body", "POST", "/v1/posts", 400, "malformed_request").raw(""),
        case(
            "plain text",
            "POST",
            "/v1/posts",
            415,
            "unsupported_media_type",
        )
        .header("content-type", "text/plain"),
        invalid(
            "an unknown field",
            &new_post(account, |post| post["nope"] = json!(1)),
            "unknown_field",
        ),
        invalid(
            "a wrong type",
            &new_post(account, |post| post["targets"] = json!("all")),
            "wrong_type",
        ),
        invalid(
            "a missing field",
            &json!({ "when": { "draft": true } }),
            "missing_field",
        ),
        case("a huge body", "POST", "/v1/posts", 413, "body_too_large").json(&new_post(
            account,
            |post| {
                post["base"]["text"] = json!("x".repeat(4 * 1024 * 1024));
            },
        )),
        invalid(
            "a time in the past",
            &new_post(account, |post| {
                post["when"] = json!({ "at": "2020-01-01T00:00:00Z" });
            }),
            "in_the_past",
        ),
        invalid(
            "a time without zone",
            &new_post(account, |post| {
                post["when"] = json!({ "at": "2030-01-01T00:00:00" });
            }),
            "zone_missing",
        ),
        invalid(
            "an unknown zone",
            &new_post(account, |post| {
                post["when"] = json!({ "at": "2030-01-01T00:00:00", "zone": "Mars/Olympus" });
            }),
            "unknown_time_zone",
        ),
        invalid(
            "a time that is too far ahead",
            &new_post(account, |post| {
                post["when"] = json!({ "at": "2099-01-01T00:00:00Z" });
            }),
            "too_far_ahead",
        ),
        invalid(
            "a text that is no time",
            &new_post(account, |post| post["when"] = json!({ "at": "tomorrow" })),
            "not_a_time",
        ),
        invalid(
            "a text over the network's limit",
            &new_post(account, |post| {
                post["base"]["text"] = json!("x".repeat(20_000));
            }),
            "text_length",
        ),
        case(
            "an account that does not exist",
            "POST",
            "/v1/posts",
            404,
            "not_found",
        )
        .json(&new_post(&format!("acc_{unknown}"), |_| {})),
        case(
            "a malformed account",
            "POST",
            "/v1/posts",
            422,
            "invalid_request",
        )
        .json(&new_post("acc_1", |_| {})),
        case("no target", "POST", "/v1/posts", 422, "invalid_request")
            .json(&new_post(account, |post| post["targets"] = json!([]))),
        case(
            "an account twice",
            "POST",
            "/v1/posts",
            422,
            "invalid_request",
        )
        .json(&new_post(account, |post| {
            post["targets"] = json!([{ "account_id": account }, { "account_id": account }]);
        })),
        case(
            "a long idempotency key",
            "POST",
            "/v1/posts",
            400,
            "invalid_idempotency_key",
        )
        .json(&new_post(account, |_| {}))
        .header("idempotency-key", &"k".repeat(256)),
        case(
            "an unknown parameter",
            "GET",
            "/v1/posts?colour=red",
            400,
            "malformed_request",
        ),
        case(
            "a limit over the most",
            "GET",
            "/v1/posts?limit=1000",
            400,
            "malformed_request",
        ),
        case(
            "a forged cursor",
            "GET",
            "/v1/posts?cursor=AAAA",
            400,
            "invalid_cursor",
        ),
        case(
            "a post that does not exist",
            "GET",
            &format!("/v1/posts/post_{unknown}"),
            404,
            "not_found",
        ),
        case("a malformed id", "GET", "/v1/posts/1", 404, "not_found"),
        case(
            "a wrong method",
            "PUT",
            "/v1/posts",
            405,
            "method_not_allowed",
        ),
        case("an unknown path", "GET", "/v1/nowhere", 404, "not_found"),
        case(
            "a path of nobody",
            "DELETE",
            "/v1/posts/a/b/c",
            404,
            "not_found",
        ),
    ]
}

fn others() -> Vec<Case> {
    vec![
        case("an unknown network", "POST", "/v1/accounts", 422, "invalid_request")
            .json(&json!({ "network": "agora", "credentials": {} })),
        case("an unsupported type", "POST", "/v1/media", 422, "invalid_request")
            .json(&json!({ "file_name": "a.exe", "content_type": "application/x-msdownload", "bytes": 10 })),
        case("a file of no bytes", "POST", "/v1/media", 422, "invalid_request")
            .json(&json!({ "file_name": "a.png", "content_type": "image/png", "bytes": 0 })),
        case("an unknown zone", "POST", "/v1/tenants", 422, "invalid_request")
            .json(&json!({ "name": "x", "time_zone": "Mars/Olympus" })),
        case("a tenant of somebody else", "POST", "/v1/auth/switch", 404, "not_found")
            .json(&json!({ "tenant_id": "ten_01k00000000000000000000000" })),
    ]
}

fn strangers() -> Vec<Case> {
    vec![
        case("no credential", "GET", "/v1/posts", 401, "unauthenticated"),
        case("a forged token", "GET", "/v1/posts", 401, "unauthenticated")
            .header("authorization", "Bearer eyJhbGciOiJub25lIn0.e30."),
        case(
            "a wrong password",
            "POST",
            "/v1/auth/login",
            401,
            "invalid_credentials",
        )
        .json(&json!({ "email": "ada@example.com", "password": "wrong wrong wrong" })),
        case(
            "a short password",
            "POST",
            "/v1/auth/register",
            422,
            "invalid_request",
        )
        .json(&json!({ "email": "eve@example.com", "password": "short", "name": "Eve" }))
        .field("too_short"),
        case(
            "no address",
            "POST",
            "/v1/auth/register",
            422,
            "invalid_request",
        )
        .json(&json!({ "email": "eve", "password": "long enough for us", "name": "Eve" }))
        .field("invalid_email"),
    ]
}

/// Around what a function can be called with, and what a gateway takes, with the length announced and without.
fn large() -> Vec<Case> {
    const INVOCATION_MAX: usize = 6 * 1024 * 1024;
    const GATEWAY_MAX: usize = 10 * 1024 * 1024;
    let post = |what, length| {
        case(what, "POST", "/v1/posts", 413, "body_too_large").raw(" ".repeat(length))
    };
    vec![
        post("a byte less than 6 MiB", INVOCATION_MAX - 1),
        post("6 MiB", INVOCATION_MAX),
        post("a byte more than 6 MiB", INVOCATION_MAX + 1),
        post("a byte more than 6 MiB, in chunks", INVOCATION_MAX + 1)
            .header("transfer-encoding", "chunked"),
        post("a byte less than 10 MiB", GATEWAY_MAX - 1),
        post("10 MiB", GATEWAY_MAX),
        post("a byte more than 10 MiB", GATEWAY_MAX + 1),
        post("a byte more than 10 MiB, in chunks", GATEWAY_MAX + 1)
            .header("transfer-encoding", "chunked"),
        case(
            "half a document, in chunks",
            "POST",
            "/v1/posts",
            400,
            "malformed_request",
        )
        .raw("{\"when\":")
        .header("transfer-encoding", "chunked"),
    ]
}

async fn refused(caller: &Caller, cases: Vec<Case>, faults: &mut Vec<String>) {
    for case in cases {
        let answer = case.send(caller).await;
        let field = answer.body["errors"][0]["code"].as_str();
        let is_refused = answer.status == case.status
            && answer.body["code"] == case.code
            && answer.content_type == "application/problem+json"
            && case.field.is_none_or(|expected| field == Some(expected));
        if !is_refused {
            faults.push(format!(
                "{}: expected {} {} {:?}, got {answer:?}",
                case.what, case.status, case.code, case.field
            ));
        }
    }
}

#[tokio::test]
async fn bad_input_is_refused_precisely_and_stores_nothing() {
    let host = Host::start();
    let ada = Caller::register(&host.url(), "ada@example.com").await;
    let account = ada.connect("ada").await;
    let mut faults = Vec::new();

    refused(&ada, posts(&account), &mut faults).await;
    refused(&ada, others(), &mut faults).await;
    refused(&Caller::stranger(&host.url()), strangers(), &mut faults).await;

    assert!(faults.is_empty(), "{}", faults.join("\n"));
    let listed = ada.get("/v1/posts").await.expect(200).body;
    assert_eq!(listed["items"], json!([]));
    let media = ada.get("/v1/media").await.expect(200).body;
    assert_eq!(media["items"], json!([]));
}

#[tokio::test]
async fn f_22_large_body_is_refused_precisely_and_stores_nothing() {
    let host = Host::start();
    let ada = Caller::register(&host.url(), "ada@example.com").await;
    let mut faults = Vec::new();

    refused(&ada, large(), &mut faults).await;

    assert!(faults.is_empty(), "{}", faults.join("\n"));
    let listed = ada.get("/v1/posts").await.expect(200).body;
    assert_eq!(listed["items"], json!([]));
}

#[tokio::test]
async fn edit_needs_the_version_that_was_read() {
    let host = Host::start();
    let ada = Caller::register(&host.url(), "ada@example.com").await;
    let account = ada.connect("ada").await;
    let draft = new_post(&account, |post| post["when"] = json!({ "draft": true }));
    let created = ada.post("/v1/posts", &draft).await.expect(201);
    let etag = created.etag.unwrap();
    let path = format!("/v1/posts/{}", created.body["id"].as_str().unwrap());
    let edit = |version: Option<&str>| {
        let request = ada.request("PATCH", &path);
        let request = match version {
            Some(version) => request.header("if-match", version),
            None => request,
        };
        ada.send(request.json(&json!({ "base": { "text": "y" } })))
    };

    let without = edit(None).await;
    let first = edit(Some(&etag)).await;
    let stale = edit(Some(&etag)).await;

    assert_eq!(without.status, 428, "{}", without.body);
    assert_eq!(first.status, 200, "{}", first.body);
    assert_eq!(first.body["base"]["text"], "y");
    assert_eq!(stale.status, 412, "{}", stale.body);
}

#[tokio::test]
async fn idempotency_key_repeats_the_answer_and_refuses_another_command() {
    let host = Host::start();
    let ada = Caller::register(&host.url(), "ada@example.com").await;
    let account = ada.connect("ada").await;
    let draft = new_post(&account, |post| post["when"] = json!({ "draft": true }));
    let other = new_post(&account, |post| {
        post["when"] = json!({ "draft": true });
        post["base"]["text"] = json!("another");
    });
    let send = |body: &Value| {
        let request = ada.request("POST", "/v1/posts").json(body);
        ada.send(request.header("idempotency-key", "first"))
    };

    let first = send(&draft).await.expect(201);
    let again = send(&draft).await.expect(201);
    let another = send(&other).await;

    assert_eq!(first.body["id"], again.body["id"]);
    assert_eq!(another.status, 422, "{}", another.body);
    assert_eq!(another.body["code"], "idempotency_key_reused");
}
