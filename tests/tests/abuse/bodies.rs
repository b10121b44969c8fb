//! Bodies that no program of ours sends: F-22.

use crate::world::{World, at, listed};

/// What a body can be, and the only statuses that it may be answered with. Where it has a member, that is one which the
/// route knows.
fn bodies(member: &str) -> Vec<(&'static str, &'static str, Vec<u8>, &'static [u16])> {
    let json = "application/json";
    let with = |value: &str| format!("{{\"{member}\":{value}}}").into_bytes();
    let nested = |open: &str, close: &str| [open.repeat(10_000), close.repeat(10_000)].concat();
    vec![
        ("nothing", json, Vec::new(), &[400]),
        ("half an object", json, b"{\"name\":".to_vec(), &[400]),
        (
            "a byte order mark",
            json,
            b"\xef\xbb\xbf{}".to_vec(),
            &[400],
        ),
        (
            "bytes that are no UTF-8",
            json,
            b"{\"\xff\":1}".to_vec(),
            &[400],
        ),
        ("a lone surrogate", json, with("\"\\ud800\""), &[400]),
        (
            "a number that no machine holds",
            json,
            with("1e400"),
            &[400],
        ),
        (
            "lists in lists",
            json,
            nested("[", "]").into_bytes(),
            &[400, 422],
        ),
        (
            "objects in objects",
            json,
            nested("{\"a\":", "}").into_bytes(),
            &[400, 422],
        ),
        ("a list", json, b"[]".to_vec(), &[422]),
        ("null", json, b"null".to_vec(), &[422]),
        ("a text", json, b"\"text\"".to_vec(), &[422]),
        (
            "the same member twice",
            json,
            with(&format!("null,\"{member}\":null")),
            &[422],
        ),
        (
            "the same member twice, further in",
            json,
            with("[{\"zz\":1,\"zz\":1}]"),
            &[422],
        ),
        (
            "more than any route takes",
            json,
            vec![b' '; 300 * 1024],
            &[413],
        ),
        (
            "a form",
            "application/x-www-form-urlencoded",
            b"a=1".to_vec(),
            &[415],
        ),
        ("XML", "application/xml", b"<a/>".to_vec(), &[415]),
        (
            "JSON that is said to be text",
            "text/plain",
            b"{}".to_vec(),
            &[415],
        ),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn f_22_strange_body_is_refused_by_every_route_that_takes_one() {
    let mut world = World::new().await;
    let supporter = world.supporter().await;
    let mut findings = Vec::new();
    for operation in world.document.operations() {
        let Some(schema) = &operation.body else {
            continue;
        };
        let members = world.document.resolve(schema)["properties"].as_object();
        let member = members.and_then(|members| members.keys().next());
        let member = member.map_or("zz", String::as_str);
        let places = world.recognised(&operation, &world.ada).await;
        let path = operation.path_with(&at(&world.ada, &places.unwrap_or_default()));
        for (what, kind, body, allowed) in bodies(member) {
            let call = world.product.api.call(operation.method.clone(), &path);
            let call = match operation.asked_by(&world.ada.cookie, &supporter) {
                Some(cookie) => call.cookie(cookie),
                None => call,
            };
            let call = call.header("if-match", "*");
            let answer = call.raw(kind, body).send().await;

            let is_problem = answer.headers["content-type"] == "application/problem+json";
            let is_named = !what.starts_with("the same member")
                || answer.body["errors"][0]["code"] == "duplicate_field";
            if !is_problem || !is_named || !allowed.contains(&answer.status.as_u16()) {
                findings.push(format!("{}: {what}: {}", operation.name(), answer.status));
            }
        }
        let changes = world.undo().await;
        if !changes.is_empty() {
            findings.push(format!("{}: {}", operation.name(), listed(&changes)));
        }
    }

    assert!(findings.is_empty(), "\n{}\n", findings.join("\n"));
}
