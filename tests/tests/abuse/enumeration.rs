//! Who asks whether an address has an account: F-26. What the answers cost is counted in the tests of `auth`.

use http::HeaderMap;
use jiff::SignedDuration;
use serde_json::{Value, json};
use testkit::Answer;
use tests::people;
use tests::product::Product;

use crate::document::Document;

const REGISTER: &str = "/v1/auth/register";
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

/// Asks every public route that takes an address for one that has an account, and for one that nobody had before.
/// `whose` is the password that comes with it; where it is somebody's, they registered both addresses by it first.
async fn must_tell_nothing(whose: &str, registers_first: bool) {
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
        if operation.path != REGISTER && body.get("password").is_some() {
            body["password"] = json!(whose);
        }
        // Mails to one address are limited by the hour.
        product.clock.advance(SignedDuration::from_hours(1));
        let ask = async |address: &str| {
            if registers_first {
                let newcomer = json!({ "email": address, "password": whose, "name": "Eve" });
                let call = product.api.post(REGISTER).json(&newcomer);
                call.send().await.expect(202);
            }
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

#[tokio::test(flavor = "multi_thread")]
async fn f_26_no_public_route_tells_whether_an_address_has_an_account() {
    must_tell_nothing("not the password of anybody", false).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn f_26_no_public_route_tells_it_to_whoever_registered_the_address_before() {
    must_tell_nothing("nine looms weave thistles", true).await;
}
