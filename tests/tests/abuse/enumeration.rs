//! Who asks whether an address has an account: F-26. What the answers cost is counted in the tests of `auth`.

use http::HeaderMap;
use serde_json::{Value, json};
use testkit::Answer;
use tests::people;
use tests::product::Product;

use crate::document::Document;

/// Headers that differ from answer to answer.
const VARYING: [&str; 2] = ["x-request-id", "content-length"];

/// What a caller sees of an answer.
fn shown(answer: &Answer) -> (u16, Vec<(String, String)>, Value) {
    let headers = |headers: &HeaderMap| {
        let fixed = headers
            .iter()
            .filter(|(name, _)| !VARYING.contains(&name.as_str()));
        fixed
            .map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned()))
            .collect()
    };
    let mut body = answer.body.clone();
    if let Some(problem) = body.as_object_mut() {
        problem.remove("instance");
    }
    (answer.status.as_u16(), headers(&answer.headers), body)
}

#[tokio::test(flavor = "multi_thread")]
async fn f_26_no_public_route_tells_whether_an_address_has_an_account() {
    let product = Product::new().await;
    people::enter(&product, "ada").await;
    let document = Document::new(product.document.clone());
    let mut tried = Vec::new();
    for (number, operation) in document.operations().into_iter().enumerate() {
        let Some(schema) = operation.body.as_ref().filter(|_| operation.is_public()) else {
            continue;
        };
        let mut body = document.sample("", schema);
        if body.get("email").is_none() {
            continue;
        }
        if operation.path != "/v1/auth/register" && body.get("password").is_some() {
            body["password"] = json!("not the password of anybody");
        }
        let ask = async |address: &str| {
            let mut body = body.clone();
            body["email"] = json!(address);
            let call = product.api.call(operation.method.clone(), &operation.path);
            call.json(&body).send().await
        };

        let known = ask(&people::address("ada")).await;
        let unknown = ask(&format!("nobody{number}@example.com")).await;

        let what = operation.name();
        assert!(!known.status.is_server_error(), "{what}: {}", known.body);
        assert_eq!(shown(&known), shown(&unknown), "{what}");
        tried.push(operation.path);
    }

    assert!(tried.len() >= 5, "only {tried:?}");
}
