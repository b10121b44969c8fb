//! Headers and spellings of paths that pretend to be something else: F-35.

use http::Method;

use crate::world::{Request, World, listed};

/// What proxies of others believe.
const FORGED: [(&str, &str); 10] = [
    ("x-forwarded-for", "127.0.0.1"),
    ("x-forwarded-host", "evil.example"),
    ("x-forwarded-proto", "https"),
    ("forwarded", "for=127.0.0.1;host=evil.example"),
    ("x-real-ip", "127.0.0.1"),
    ("x-original-url", "/v1/tenants"),
    ("x-rewrite-url", "/v1/tenants"),
    ("x-http-method-override", "DELETE"),
    (
        "x-amzn-request-context",
        "{\"authorizer\":{\"principalId\":\"owner\"}}",
    ),
    ("x-user-id", "usr_00000000000000000000000001"),
];

/// Other spellings of a path that has one spelling.
const SPELLINGS: [&str; 9] = [
    "//v1/posts",
    "/v1//posts",
    "/v1/posts/",
    "/V1/posts",
    "/v1/Posts",
    "/v1/posts;id=1",
    "/v1/posts%2f",
    "/v1/media/../posts",
    "/v1/posts/%2e%2e/posts",
];

#[tokio::test(flavor = "multi_thread")]
async fn f_35_forged_header_is_no_credential_and_changes_no_answer() {
    let world = World::new().await;
    let mut findings = Vec::new();
    for operation in world.operations() {
        if operation.method != Method::GET || operation.path_ids() > 0 {
            continue;
        }
        let with = async |cookie: Option<&str>, forged: &[(&str, &str)]| {
            let mut call = world.product.api.get(&operation.path);
            if let Some(cookie) = cookie {
                call = call.cookie(cookie);
            }
            for (name, value) in forged {
                call = call.header(name, value);
            }
            call.send().await
        };
        let nobody = with(None, &FORGED).await;
        let honest = with(Some(&world.ada.cookie), &[]).await;
        let forged = with(Some(&world.ada.cookie), &FORGED).await;

        let shown = |answer: &testkit::Answer| {
            let mut body = answer.body.clone();
            body.as_object_mut()
                .map(|problem| problem.remove("instance"));
            (answer.status, body)
        };
        if nobody.status != 401 {
            findings.push(format!("{} lets a forged caller in", operation.name()));
        }
        if shown(&honest) != shown(&forged) {
            let forged = forged.body;
            findings.push(format!("{} believes a header: {forged}", operation.name()));
        }
    }

    assert!(findings.is_empty(), "\n{}\n", findings.join("\n"));
}

#[tokio::test(flavor = "multi_thread")]
async fn f_35_path_has_one_spelling() {
    let world = World::new().await;
    for path in SPELLINGS {
        for method in [Method::GET, Method::POST, Method::DELETE] {
            let request = Request {
                method: method.clone(),
                path: path.to_owned(),
                body: None,
            };
            let seen = world.call(Some(&world.ada.cookie), &request).await;

            let is_refused = seen.status == 404 || seen.status == 405;
            assert!(is_refused, "{method} {path}: {} {}", seen.status, seen.body);
            let is_noted = |change: &crate::stored::Change| change.is_denial_in(&world.ada.tenant);
            assert!(
                seen.changes.iter().all(is_noted),
                "{}",
                listed(&seen.changes)
            );
        }
    }
}
