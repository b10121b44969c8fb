//! Tenants that require a second factor of their members: ID-23.

use domain::membership::{AccountLimit, Role};
use http::{Method, StatusCode};
use jiff::SignedDuration;
use serde_json::{Value, json};
use testkit::http::colleague;
use testkit::{Answer, TestMember};
use tests::people;
use tests::product::Product;

use crate::document::Operation;
use crate::roles::must_be_allowed;
use crate::two::Two;
use crate::world::{Request, World, listed};

/// What a member without one is answered.
const MISSING: &str = "second_factor_missing";
/// Routes that name the tenant themselves.
pub(crate) const TENANT: &str = "/v1/tenants/{id}";

/// A member by their cookie, as tests that reach into the table need them.
async fn test_member(product: &Product, cookie: &str) -> TestMember {
    let mut ids = cookie.split('.').skip(1);
    let user = ids.next().unwrap().parse().unwrap();
    let tenant = ids.next().unwrap().parse().unwrap();
    let found = product.table.system().member(user, tenant).await.unwrap();
    TestMember {
        user,
        tenant,
        scope: found.unwrap().scope,
        cookie: cookie.to_owned(),
    }
}

async fn require(product: &Product, tenant: &str, cookie: &str, required: bool) -> Answer {
    let path = format!("/v1/tenants/{tenant}/security");
    let body = json!({ "requires_second_factor": required });
    let call = product.api.call(Method::PATCH, path);
    call.cookie(cookie).json(&body).send().await
}

/// Whether the route is one of a tenant's, and not of whoever is signed in.
pub(crate) fn is_of_tenant(operation: &Operation) -> bool {
    operation.access != "signed_in"
}

#[tokio::test(flavor = "multi_thread")]
async fn id_23_member_without_a_second_factor_is_refused_by_every_route_of_the_tenant() {
    let mut world = World::new().await;
    let product = &world.product;
    let tenant = world.ada.tenant.clone();
    require(product, &tenant, &world.ada.cookie, true)
        .await
        .expect(200);
    let owner = test_member(product, &world.ada.cookie).await;
    let (table, clock) = (&product.table, &product.clock);
    let limit = AccountLimit::Unlimited;
    let without = colleague(table, clock, &owner, Role::Owner.into(), limit).await;
    world.settle().await;
    let mut findings = Vec::new();
    let mut refusals = 0;
    for operation in world.operations() {
        let named = if operation.path.starts_with(TENANT) {
            vec![tenant.clone()]
        } else {
            world.ada.ids[..operation.path_ids()].to_vec()
        };
        let request = Request {
            method: operation.method.clone(),
            path: operation.path_with(&named),
            body: world.body(&operation, &world.ada),
        };
        let seen = world.call(Some(&without.cookie), &request).await;

        let is_refused = seen.status == StatusCode::FORBIDDEN && seen.body["code"] == MISSING;
        if is_refused != is_of_tenant(&operation) || (is_refused && !seen.changes.is_empty()) {
            let changes = listed(&seen.changes);
            let (name, status) = (operation.name(), seen.status);
            findings.push(format!("{name}: {status} {} [{changes}]", seen.body));
        }
        refusals += u32::from(is_refused);
    }

    assert!(findings.is_empty(), "{}", findings.join("\n"));
    assert!(refusals > 50, "only {refusals} routes are of tenants");
}

#[tokio::test(flavor = "multi_thread")]
async fn id_23_requirement_acts_at_once_on_sessions_and_keys_until_there_is_a_factor() {
    let two = Two::new().await;
    let ada = two.guard(&two.ada, "ada").await;
    for answer in two.answers(&two.bob).await {
        answer.expect(200);
    }

    let view = require(&two.product, &two.tenant, &ada, true).await;
    assert_eq!(view.expect(200).body["requires_second_factor"], true);

    for answer in two.answers(&two.bob).await {
        answer.expect_problem(403, MISSING);
    }
    let me = two.me(&two.bob).await;
    assert_eq!(me["has_second_factor"], false);
    assert_eq!(me["tenants"][0]["requires_second_factor"], true);
    // A new sign-in does not help.
    let again = people::sign_in(&two.product, "bob").await;
    assert_eq!(two.me(&again).await["tenant_id"], two.tenant.as_str());
    for answer in two.answers(&again).await {
        answer.expect_problem(403, MISSING);
    }

    let bob = two.guard(&two.bob, "bob").await;
    for answer in two.answers(&bob).await {
        answer.expect(200);
    }
    assert_eq!(two.me(&bob).await["has_second_factor"], true);

    let call = two.product.api.get("/v1/me/passkeys").cookie(&bob);
    let listed = call.send().await.expect(200).body;
    let passkey = listed["items"][0]["id"].as_str().unwrap();
    let path = format!("/v1/me/passkeys/{passkey}");
    let refused = two.product.api.delete(&path).cookie(&bob).send().await;
    let refused = refused.expect_problem(409, "last_second_factor");
    let detail = refused.body["detail"].as_str().unwrap();
    assert!(
        detail.starts_with("Analytical Engines requires"),
        "{detail}"
    );
    for answer in two.answers(&bob).await {
        answer.expect(200);
    }

    require(&two.product, &two.tenant, &ada, false)
        .await
        .expect(200);
    let removed = two.product.api.delete(&path).cookie(&bob).send().await;
    let bob = removed.expect(204).cookie();
    for answer in two.answers(&bob).await {
        answer.expect(200);
    }
    must_be_allowed(&two.product);
}

#[tokio::test(flavor = "multi_thread")]
async fn id_23_factor_that_is_not_the_last_can_be_removed_while_one_is_required() {
    let two = Two::new().await;
    let ada = two.guard(&two.ada, "ada").await;
    require(&two.product, &two.tenant, &ada, true)
        .await
        .expect(200);
    let bob = two.guard(&two.bob, "bob").await;
    let bob = two.guard(&bob, "bob's second").await;
    let remove = async |cookie: &str| {
        let call = two.product.api.get("/v1/me/passkeys").cookie(cookie);
        let listed = call.send().await.expect(200).body;
        let passkey = listed["items"][0]["id"].as_str().unwrap();
        let path = format!("/v1/me/passkeys/{passkey}");
        two.product.api.delete(path).cookie(cookie).send().await
    };

    let bob = remove(&bob).await.expect(204).cookie();

    remove(&bob).await.expect_problem(409, "last_second_factor");
    for answer in two.answers(&bob).await {
        answer.expect(200);
    }
}

/// By two programs: of two sessions of browsers the second is over once the first has removed its factor.
#[tokio::test(flavor = "multi_thread")]
async fn id_23_last_two_factors_that_are_removed_at_once_leave_one() {
    let two = Two::new().await;
    let ada = two.guard(&two.ada, "ada").await;
    let required = require(&two.product, &two.tenant, &ada, true).await;
    required.expect(200);
    let login = json!({
        "email": people::address("bob"), "password": people::PASSWORD, "mode": "token",
    });
    let call = two.product.api.post("/v1/auth/login").json(&login);
    let token = call.send().await.expect(200).body["access_token"].clone();
    let token = token.as_str().unwrap();
    for name in ["bob", "bob's second"] {
        people::add_passkey_by_token(&two.product, token, name).await;
    }
    let passkeys = async || {
        let call = two.product.api.get("/v1/me/passkeys").bearer(token);
        call.send().await.expect(200).body["items"].clone()
    };
    let both = passkeys().await;
    let remove = |place: usize| {
        let path = format!("/v1/me/passkeys/{}", both[place]["id"].as_str().unwrap());
        two.product.api.delete(path).bearer(token).send()
    };

    let (one, other) = tokio::join!(remove(0), remove(1));

    let statuses = [one.status, other.status];
    let refused = if one.status == StatusCode::CONFLICT {
        one
    } else {
        other
    };
    refused.expect_problem(409, "last_second_factor");
    assert!(statuses.contains(&StatusCode::NO_CONTENT), "{statuses:?}");
    assert_eq!(passkeys().await.as_array().unwrap().len(), 1);
}

/// The way back to an address takes second factors with it: nobody can tell the person's from a thief's.
#[tokio::test(flavor = "multi_thread")]
async fn id_23_member_who_lost_their_factors_with_the_way_back_to_their_address_needs_one_again() {
    const NEXT: &str = "seven looms weave flowers";
    let two = Two::new().await;
    let ada = two.guard(&two.ada, "ada").await;
    let required = require(&two.product, &two.tenant, &ada, true).await;
    required.expect(200);
    let bob = two.guard(&two.bob, "bob").await;
    let api = &two.product.api;
    let thiefs = json!({ "email": people::address("thief") });
    let call = api.post("/v1/me/email").cookie(&bob).json(&thiefs);
    call.send().await.expect(202);
    let follow = async |page: &str, body: Value| {
        let call = api.post(format!("/v1/auth/{page}")).json(&body);
        call.send().await.expect(204)
    };
    let token = |name: &str| people::newest_token(&two.product, name);
    follow("confirm-email", json!({ "token": token("thief") })).await;
    follow("revert-email", json!({ "token": token("bob") })).await;
    let reset = json!({ "token": token("bob"), "password": NEXT });
    follow("reset-password", reset).await;

    let login = json!({ "email": people::address("bob"), "password": NEXT });
    let signed_in = api.post("/v1/auth/login").json(&login).send().await;

    let bob = signed_in.expect(200).cookie();
    let me = two.me(&bob).await;
    assert_eq!(me["has_second_factor"], false);
    assert_eq!(me["tenants"][0]["requires_second_factor"], true);
    let [by_session, by_key] = two.answers(&bob).await;
    by_session.expect_problem(403, MISSING);
    by_key.expect_problem(401, "unauthenticated");
    // Their own account is open to them, and leads back in.
    let bob = two.guard(&bob, "bob's next").await;
    let [by_session, _] = two.answers(&bob).await;
    by_session.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn id_23_requirement_is_made_only_by_whoever_fulfils_it() {
    let two = Two::new().await;

    let refused = require(&two.product, &two.tenant, &two.ada, true).await;

    let refused = refused.expect_problem(422, "invalid_request");
    assert_eq!(refused.body["errors"][0]["code"], MISSING);
    for answer in two.answers(&two.bob).await {
        answer.expect(200);
    }
    two.product.clock.advance(SignedDuration::from_mins(10));
    let stale = require(&two.product, &two.tenant, &two.ada, true).await;
    stale.expect_problem(401, "insufficient_user_authentication");
}
