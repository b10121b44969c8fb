//! What functions ask of the table, and what their roles allow.

use http::StatusCode;
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
