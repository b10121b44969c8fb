//! Calls without a right to make them.

use http::StatusCode;
use jiff::SignedDuration;
use serde_json::json;
use testkit::http::{colleague, custom_role, session};
use testkit::member;
use tests::product::Product;

use domain::membership::{AccountLimit, AssignedRole, Permission, Role};

use crate::document::Document;
use crate::second_factor::TENANT;
use crate::two::Two;
use crate::world::{Request, World, listed};

/// A path of the right form, whether or not anything is there.
fn request(world: &World, operation: &crate::document::Operation) -> Request {
    let named = world.ada.ids.iter().cycle().take(operation.path_ids());
    Request {
        method: operation.method.clone(),
        path: operation.path_with(&named.cloned().collect::<Vec<_>>()),
        body: world.body(operation, &world.ada),
    }
}

/// The same of somebody who acts in a tenant of their own.
fn request_in(world: &World, operation: &crate::document::Operation, tenant: &str) -> Request {
    let mut request = request(world, operation);
    if operation.path.starts_with(TENANT) {
        request.path = operation.path_with(&[tenant.to_owned()]);
    }
    request
}

#[tokio::test(flavor = "multi_thread")]
async fn id_36_call_without_a_credential_is_refused_by_every_route_that_is_not_public() {
    let world = World::new().await;
    let mut findings = Vec::new();
    for operation in world.operations() {
        let seen = world.call(None, &request(&world, &operation)).await;

        if seen.status != StatusCode::UNAUTHORIZED || !seen.changes.is_empty() {
            let changes = listed(&seen.changes);
            findings.push(format!("{}: {} [{changes}]", operation.name(), seen.status));
        }
    }

    assert!(findings.is_empty(), "{}", findings.join("\n"));
}

#[tokio::test(flavor = "multi_thread")]
async fn id_08_call_is_counted_once_against_its_client_by_every_route() {
    let world = World::new().await;
    let mut findings = Vec::new();
    for operation in world.document.operations() {
        let path = request(&world, &operation).path;
        let call = world.product.api.call(operation.method.clone(), &path);
        let answer = call.from_address("203.0.113.7").send().await;

        let policies = answer.headers.get_all("ratelimit-policy").into_iter();
        let of_client = policies.filter(|policy| policy.as_bytes().starts_with(b"\"address\""));
        let times = of_client.count();
        if times != 1 {
            findings.push(format!("{}: {times} times", operation.name()));
        }
    }

    assert!(findings.is_empty(), "{}", findings.join("\n"));
}

#[tokio::test(flavor = "multi_thread")]
async fn id_36_viewer_is_refused_by_every_route_with_a_permission_to_change() {
    let world = World::new().await;
    let product = &world.product;
    let mut findings = Vec::new();
    for operation in world.operations() {
        let permissions = Role::Viewer.permissions();
        let mut allowed = permissions.iter().map(api::permission::name);
        let may = operation.access == "signed_in" || allowed.any(|name| name == operation.access);
        // A call may end the session, or the membership.
        let viewer = member(&product.table, &product.clock, Role::Viewer).await;
        let tenant = Some(viewer.tenant);
        let cookie = session(&product.table, &product.clock, viewer.user, tenant).await;
        let is_refused = {
            let request = request_in(&world, &operation, &viewer.tenant.to_string());
            let call = product.api.call(request.method, request.path);
            let call = match &request.body {
                Some(body) => call.json(body),
                None => call,
            };
            let answer = call.cookie(&cookie).send().await;
            answer.status == StatusCode::FORBIDDEN && answer.body["code"] == "forbidden"
        };

        if is_refused == may {
            let verb = if may { "refused" } else { "let in" };
            findings.push(format!("{} {verb} a viewer", operation.name()));
        }
    }

    assert!(findings.is_empty(), "{}", findings.join("\n"));
}

#[tokio::test(flavor = "multi_thread")]
async fn id_36_role_without_one_permission_is_refused_by_every_route_that_declares_it() {
    let product = Product::new().await;
    let (table, clock) = (&product.table, &product.clock);
    let operations = Document::new(product.document.clone()).operations();
    let mut findings = Vec::new();
    for lacking in Permission::ALL {
        let owner = member(table, clock, Role::Owner).await;
        let others = Permission::ALL.into_iter().filter(|one| *one != lacking);
        let role = AssignedRole::Custom(custom_role(table, clock, &owner, others).await);
        let colleague = colleague(table, clock, &owner, role, AccountLimit::Unlimited).await;
        let name = api::permission::name(lacking);
        let mut tried = 0;
        for operation in operations.iter().filter(|one| one.access == name) {
            let named = vec![owner.tenant.to_string(); operation.path_ids()];
            let call = product
                .api
                .call(operation.method.clone(), operation.path_with(&named));
            let answer = call.by(&colleague).json(&json!({})).send().await;

            let detail = format!("you lack the permission {name}");
            if answer.status != StatusCode::FORBIDDEN || answer.body["detail"] != detail {
                findings.push(format!("{}: {}", operation.name(), answer.body));
            }
            tried += 1;
        }
        assert!(tried > 0, "no route asks for {name}");
    }

    assert!(findings.is_empty(), "{}", findings.join("\n"));
}

#[tokio::test(flavor = "multi_thread")]
async fn id_18_proof_of_ten_minutes_ago_is_refused_by_every_route_that_wants_a_recent_one() {
    let two = Two::new().await;
    let product = &two.product;
    product.clock.advance(SignedDuration::from_mins(10));
    let mut tried = 0;
    for operation in Document::new(product.document.clone()).operations() {
        if !operation.is_recent {
            continue;
        }
        let named = vec![two.tenant.clone(); operation.path_ids()];
        let path = operation.path_with(&named);
        let call = product.api.call(operation.method.clone(), path);
        let answer = call.cookie(&two.ada).json(&json!({})).send().await;

        let what = operation.name();
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{what}");
        let code = &answer.body["code"];
        assert_eq!(code, "insufficient_user_authentication", "{what}");
        let asked = answer.headers["www-authenticate"].to_str().unwrap();
        assert!(asked.contains("max_age=600"), "{what}: {asked}");
        tried += 1;
    }

    assert!(tried > 25, "only {tried} routes want a recent proof");
}
