//! Tenants that take requests from certain addresses only, or want newer sign-ins than the product.

use http::{Method, StatusCode};
use jiff::SignedDuration;
use serde_json::{Value, json};
use testkit::Answer;
use testkit::http::{Call, session};
use tests::people;
use tests::product::Product;

use crate::roles::must_be_allowed;
use crate::second_factor::{TENANT, is_of_tenant};
use crate::two::{Two, join};
use crate::world::{Observed, Request, World, listed};

const REFUSED: &str = "address_not_allowed";
const OFFICE: &str = "203.0.113.7";
const ELSEWHERE: &str = "198.51.100.7";

/// The list of the tests: a range of each kind.
fn office() -> Value {
    json!({ "allowed_addresses": [
        { "range": "203.0.113.0/24", "note": "Office" },
        { "range": "2001:db8:1::/48" },
    ] })
}

/// Changes the security of a tenant from an address.
async fn secure(product: &Product, tenant: &str, cookie: &str, from: &str, body: &Value) -> Answer {
    let path = format!("/v1/tenants/{tenant}/security");
    let call = product.api.call(Method::PATCH, path).from_address(from);
    call.cookie(cookie).json(body).send().await
}

async fn seen(product: &Product, tenant: &str, cookie: &str, from: &str) -> Answer {
    let path = format!("/v1/tenants/{tenant}/security");
    let call = product.api.get(path).from_address(from);
    call.cookie(cookie).send().await
}

/// The access token of somebody who is in one tenant.
async fn token(product: &Product, name: &str) -> String {
    let login = json!({
        "email": people::address(name), "password": people::PASSWORD, "mode": "token",
    });
    let call = product.api.post("/v1/auth/login").json(&login);
    let token = call.send().await.expect(200).body["access_token"].clone();
    token.as_str().unwrap().to_owned()
}

/// What is wrong with it as a refusal of where it comes from: one line in the audit log, and nothing else.
fn fault(seen: &Observed, tenant: &str) -> Option<String> {
    let is_line = matches!(seen.changes.as_slice(), [one] if one.is_denial_in(tenant));
    let is_refused = seen.status == StatusCode::FORBIDDEN && seen.body["code"] == REFUSED;
    let changes = listed(&seen.changes);
    (!is_refused || !is_line).then(|| format!("{} {} [{changes}]", seen.status, seen.body))
}

/// Nobody knows where these calls come from, so they come from elsewhere.
#[tokio::test(flavor = "multi_thread")]
async fn request_from_elsewhere_is_refused_by_every_route_of_the_tenant_to_every_credential() {
    let mut world = World::new().await;
    let tenant = world.ada.tenant.clone();
    join(&world.product, &world.ada.cookie, "carol", "admin", &tenant).await;
    let token = token(&world.product, "carol").await;
    let ada = world.ada.cookie.clone();
    secure(&world.product, &tenant, &ada, OFFICE, &office())
        .await
        .expect(200);
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
        let by_session = world.call(Some(&world.ada.cookie), &request).await;
        let by_token = world.call_with_key(&token, &request).await;
        let by_key = world.call_with_key(&world.ada.api_key, &request).await;

        let mut found = |kind: &str, fault: Option<String>| {
            let name = operation.name();
            findings.extend(fault.map(|fault| format!("{name} by {kind}: {fault}")));
        };
        if is_of_tenant(&operation) {
            found("session", fault(&by_session, &tenant));
            found("token", fault(&by_token, &tenant));
            refusals += 1;
        } else {
            for seen in [by_session, by_token] {
                let is_refused = seen.body["code"] == REFUSED;
                found("person", is_refused.then(|| "is their own".to_owned()));
            }
        }
        if operation.takes_api_keys {
            found("key", fault(&by_key, &tenant));
        }
    }

    assert!(findings.is_empty(), "{}", findings.join("\n"));
    assert!(refusals > 50, "only {refusals} routes are of tenants");
}

#[tokio::test(flavor = "multi_thread")]
async fn list_of_addresses_acts_at_once_and_leaves_people_their_own() {
    let two = Two::new().await;
    let product = &two.product;
    let token = token(product, "bob").await;
    let answers = async |from: &str| {
        let posts = || product.api.get("/v1/posts").from_address(from);
        let calls: [Call<'_>; 3] = [
            posts().cookie(&two.bob),
            posts().bearer(&token),
            posts().bearer(two.key()),
        ];
        futures::future::join_all(calls.map(Call::send)).await
    };
    for answer in answers(ELSEWHERE).await {
        answer.expect(200);
    }

    let set = secure(product, &two.tenant, &two.ada, OFFICE, &office()).await;
    set.expect(200);

    for from in [OFFICE, "::ffff:203.0.113.200", "2001:db8:1:2::3"] {
        for answer in answers(from).await {
            answer.expect(200);
        }
    }
    for from in [
        ELSEWHERE,
        "203.0.114.1",
        "::ffff:198.51.100.7",
        "2001:db8:2::1",
    ] {
        for answer in answers(from).await {
            answer.expect_problem(403, REFUSED);
        }
    }
    // From there bob signs in, sees himself, and works in a tenant of his own.
    let login = json!({ "email": people::address("bob"), "password": people::PASSWORD });
    let call = product.api.post("/v1/auth/login").json(&login);
    let signed_in = call.from_address(ELSEWHERE).send().await.expect(200);
    let bob = signed_in.cookie();
    let own = |path: &str| product.api.get(path).from_address(ELSEWHERE).cookie(&bob);
    for path in ["/v1/me", "/v1/me/sessions", "/v1/tenants"] {
        own(path).send().await.expect(200);
    }
    let new = json!({ "name": "Looms", "time_zone": "UTC" });
    let call = product.api.post("/v1/tenants").from_address(ELSEWHERE);
    let made = call.cookie(&bob).json(&new).send().await.expect(201);
    let call = product.api.get("/v1/posts").from_address(ELSEWHERE);
    call.cookie(&made.cookie()).send().await.expect(200);

    let everywhere = json!({ "allowed_addresses": [] });
    secure(product, &two.tenant, &two.ada, OFFICE, &everywhere)
        .await
        .expect(200);
    for answer in answers(ELSEWHERE).await {
        answer.expect(200);
    }
    must_be_allowed(product);
}

#[tokio::test(flavor = "multi_thread")]
async fn list_without_the_address_of_whoever_makes_it_is_refused() {
    let two = Two::new().await;

    let outside = secure(&two.product, &two.tenant, &two.ada, ELSEWHERE, &office()).await;
    let outside = outside.expect_problem(422, "invalid_request");
    assert_eq!(outside.body["errors"][0]["code"], "own_address_missing");
    assert_eq!(outside.body["errors"][0]["pointer"], "/allowed_addresses");
    let path = format!("/v1/tenants/{}/security", two.tenant);
    let call = two.product.api.call(Method::PATCH, path);
    let unknown = call.cookie(&two.ada).json(&office()).send().await;
    let unknown = unknown.expect_problem(422, "invalid_request");
    assert_eq!(unknown.body["errors"][0]["code"], "own_address_missing");
    for answer in two.answers(&two.bob).await {
        answer.expect(200);
    }
}

/// When the addresses of an office change, its owners let themselves in.
#[tokio::test(flavor = "multi_thread")]
async fn owner_from_elsewhere_changes_the_list_by_a_second_factor_that_is_not_new() {
    let two = Two::new().await;
    let product = &two.product;
    let ada = two.guard(&two.ada, "ada").await;
    let bob = two.guard(&two.bob, "bob").await;
    let user = |cookie: &str| cookie.split('.').nth(1).unwrap().parse().unwrap();
    let (owner, admin) = (user(&ada), user(&bob));
    secure(product, &two.tenant, &ada, OFFICE, &office())
        .await
        .expect(200);
    let moved = json!({ "allowed_addresses": [{ "range": ELSEWHERE, "note": "New office" }] });
    // Whoever stole a password could have added the factor just now.
    let early = secure(product, &two.tenant, &ada, ELSEWHERE, &moved).await;
    early.expect_problem(403, REFUSED);
    product.clock.advance(SignedDuration::from_hours(3 * 24));
    let tenant = two.tenant.parse().unwrap();
    let ada = session(&product.table, &product.clock, owner, Some(tenant)).await;
    let bob = session(&product.table, &product.clock, admin, Some(tenant)).await;

    // No admin, nothing else than the list, and no list without her.
    let by_admin = secure(product, &two.tenant, &bob, ELSEWHERE, &moved).await;
    by_admin.expect_problem(403, REFUSED);
    let other = json!({ "session_hours": 720 });
    let other = secure(product, &two.tenant, &ada, ELSEWHERE, &other).await;
    other.expect_problem(403, REFUSED);
    let missing = json!({ "allowed_addresses": [{ "range": OFFICE }] });
    let missing = secure(product, &two.tenant, &ada, ELSEWHERE, &missing).await;
    missing.expect_problem(422, "invalid_request");
    let seen_now = seen(product, &two.tenant, &ada, ELSEWHERE)
        .await
        .expect(200);
    assert_eq!(seen_now.body["your_address"], ELSEWHERE);
    assert_eq!(seen_now.body["is_your_address_allowed"], false);
    product.clock.advance(SignedDuration::from_mins(10));
    for stale in [
        seen(product, &two.tenant, &ada, ELSEWHERE).await,
        secure(product, &two.tenant, &ada, ELSEWHERE, &moved).await,
    ] {
        stale.expect_problem(401, "insufficient_user_authentication");
    }

    let ada = session(&product.table, &product.clock, owner, Some(tenant)).await;
    secure(product, &two.tenant, &ada, ELSEWHERE, &moved)
        .await
        .expect(200);

    let posts = async |from: &str| {
        let call = product.api.get("/v1/posts").from_address(from);
        call.cookie(&ada).send().await
    };
    posts(ELSEWHERE).await.expect(200);
    posts(OFFICE).await.expect_problem(403, REFUSED);
    must_be_allowed(product);
}

#[tokio::test(flavor = "multi_thread")]
async fn deleted_tenant_is_taken_back_from_its_own_addresses_only() {
    let two = Two::new().await;
    let product = &two.product;
    secure(product, &two.tenant, &two.ada, OFFICE, &office())
        .await
        .expect(200);
    let path = format!("/v1/tenants/{}", two.tenant);
    let deletion = product.api.call(Method::DELETE, &path).cookie(&two.ada);
    let deleted = deletion
        .from_address(OFFICE)
        .json(&Value::Null)
        .send()
        .await;
    deleted.expect(204);
    let owner = two.ada.split('.').nth(1).unwrap().parse().unwrap();
    let ada = session(&product.table, &product.clock, owner, None).await;
    let restore = async |from: &str| {
        let call = product.api.post(format!("{path}/restore"));
        let call = call.from_address(from).cookie(&ada);
        call.json(&json!({})).send().await
    };

    let elsewhere = restore(ELSEWHERE).await;
    let back = restore(OFFICE).await;

    elsewhere.expect_problem(403, REFUSED);
    assert_eq!(back.expect(200).body["state"], "active");
    must_be_allowed(product);
}

/// By the routes that change the session, none of which is a proof but the proof itself.
#[tokio::test(flavor = "multi_thread")]
async fn session_that_was_left_alone_is_no_newer_by_a_switch() {
    let two = Two::new().await;
    let product = &two.product;
    let minutes = json!({ "idle_minutes": 15 });
    secure(product, &two.tenant, &two.ada, OFFICE, &minutes)
        .await
        .expect(200);
    let posts = async |cookie: &str| {
        let call = product.api.get("/v1/posts").cookie(cookie);
        call.send().await
    };
    let switch = async |cookie: &str| {
        let call = product.api.post("/v1/auth/switch").cookie(cookie);
        let tenant = json!({ "tenant_id": two.tenant });
        call.json(&tenant).send().await.expect(200).cookie()
    };
    posts(&two.bob).await.expect(200);
    product.clock.advance(SignedDuration::from_mins(15));
    let needed = "insufficient_user_authentication";
    posts(&two.bob).await.expect_problem(401, needed);

    let bob = switch(&two.bob).await;
    posts(&bob).await.expect_problem(401, needed);
    product.clock.advance(SignedDuration::from_mins(1));
    let bob = switch(&bob).await;
    posts(&bob).await.expect_problem(401, needed);
    // A program with a key has nobody to prove anything, and an end of its own.
    let [_, by_key] = two.answers(&bob).await;
    by_key.expect(200);

    let call = product.api.post("/v1/auth/reauthenticate").cookie(&bob);
    let proof = json!({ "password": people::PASSWORD });
    let bob = call.json(&proof).send().await.expect(200).cookie();
    posts(&bob).await.expect(200);
}
