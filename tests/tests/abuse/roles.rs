//! What functions ask of the table, and what their roles allow.

use http::StatusCode;
use serde_json::json;
use tests::policy::Roles;
use tests::product::Product;

use crate::world::{Request, World, at};

#[tokio::test(flavor = "multi_thread")]
async fn role_of_a_function_allows_every_call_that_its_routes_make() {
    let world = World::new().await;
    for operation in world.document.operations() {
        let Some(places) = world.recognised(&operation, &world.ada).await else {
            continue;
        };
        let own = Request {
            method: operation.method.clone(),
            path: operation.path_with(&at(&world.ada, &places)),
            body: world.body(&operation, &world.ada),
        };
        let foreign = Request {
            path: operation.path_with(&at(&world.bob, &places)),
            ..own.clone()
        };
        for request in [own, foreign] {
            for seen in [
                world.call(Some(&world.ada.cookie), &request).await,
                world.call_with_key(&world.ada.api_key, &request).await,
            ] {
                assert_ne!(seen.status, StatusCode::INTERNAL_SERVER_ERROR, "{seen:?}");
            }
        }
    }
    let calls = world.product.recorder.calls();
    assert!(calls.len() > 100, "{}", calls.len());
    // Which a condition on attributes binds.
    let looks_after_keys = calls.iter().any(|(function, call)| {
        let is_of_key = call.keys.iter().any(|key| key.ends_with("#TK"));
        *function == "tenants" && call.action == "dynamodb:UpdateItem" && is_of_key
    });
    assert!(looks_after_keys);
    must_be_allowed(&world.product);
}

/// A condition on attributes binds what it writes of a wrapped key.
#[tokio::test(flavor = "multi_thread")]
async fn role_of_tenants_allows_what_naming_an_own_key_writes() {
    let world = World::new().await;
    let path = format!("/v1/tenants/{}/encryption-key", world.ada.tenant);
    let call = world.product.api.post(path).cookie(&world.ada.cookie);
    let body = json!({ "kms_key_arn": testkit::OWN_KEY });
    call.json(&body).send().await.expect(200);

    let calls = world.product.recorder.calls();
    let looks_after_keys = calls.iter().any(|(function, call)| {
        let is_of_key = call.keys.iter().any(|key| key.ends_with("#TK"));
        *function == "tenants" && call.action == "dynamodb:UpdateItem" && is_of_key
    });
    assert!(looks_after_keys);
    must_be_allowed(&world.product);
}

/// Checks that the roles of functions allow what the functions have asked of the table until now.
pub(crate) fn must_be_allowed(product: &Product) {
    let template = concat!(env!("CARGO_MANIFEST_DIR"), "/../infra/template.yaml");
    let roles = Roles::of_template(&std::fs::read_to_string(template).unwrap());
    let calls = product.recorder.calls();
    let refused: Vec<String> = calls
        .iter()
        .filter(|(function, call)| !roles.allow(function, call))
        .map(|(function, call)| format!("{function}: {call:?}"))
        .collect();
    assert!(refused.is_empty(), "\n{}\n", refused.join("\n"));
}
