//! What opens doors, and no longer does: ID-16, ID-40.

use http::{Method, StatusCode};
use jiff::SignedDuration;
use serde_json::{Value, json};
use testkit::Answer;
use tests::people;
use tests::product::Product;

use crate::roles::must_be_allowed;
use crate::two::Two;

/// Bob's credentials of every kind.
struct Bob {
    two: Two,
    access_token: String,
    refresh_token: String,
}

impl Bob {
    async fn new() -> Self {
        let two = Two::new().await;
        let login = json!({
            "email": people::address("bob"), "password": people::PASSWORD, "mode": "token",
        });
        let call = two.product.api.post("/v1/auth/login").json(&login);
        let pair = call.send().await.expect(200).body;
        let part = |name: &str| pair[name].as_str().unwrap().to_owned();
        Self {
            access_token: part("access_token"),
            refresh_token: part("refresh_token"),
            two,
        }
    }

    fn product(&self) -> &Product {
        &self.two.product
    }

    async fn refreshed(&self) -> Answer {
        let call = self.product().api.post("/v1/auth/refresh");
        let token = json!({ "refresh_token": self.refresh_token });
        call.json(&token).send().await
    }

    /// How the tenant's posts are shown to his session, his key and his program.
    async fn answers(&self) -> Vec<Answer> {
        let call = self.product().api.get("/v1/posts");
        let by_token = call.bearer(&self.access_token).send().await;
        let [by_session, by_key] = self.two.answers(&self.two.bob).await;
        vec![by_session, by_key, by_token]
    }

    /// Nothing of the tenant is his any more, nor by what he renews.
    async fn is_out(&self) {
        for answer in self.answers().await {
            let is_refused = [StatusCode::UNAUTHORIZED, StatusCode::FORBIDDEN];
            assert!(is_refused.contains(&answer.status), "{}", answer.body);
        }
        let renewed = self.refreshed().await;
        if renewed.status.is_success() {
            let token = renewed.body["access_token"].as_str().unwrap();
            let call = self.product().api.get("/v1/posts").bearer(token);
            let answer = call.send().await;
            assert!(answer.status.is_client_error(), "{}", answer.body);
        }
    }
}

async fn act(two: &Two, method: Method, path: &str) {
    let call = two.product.api.call(method, path).cookie(&two.ada);
    let call = call.header("if-match", "*");
    call.send().await.expect(204);
}

#[tokio::test(flavor = "multi_thread")]
async fn id_16_removed_member_is_out_at_once_with_every_kind_of_credential() {
    let bob = Bob::new().await;
    for answer in bob.answers().await {
        answer.expect(200);
    }
    let user = bob.two.bob.split('.').nth(1).unwrap();

    act(&bob.two, Method::DELETE, &format!("/v1/members/{user}")).await;

    bob.is_out().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn id_16_deleted_person_is_out_at_once_with_every_kind_of_credential() {
    let bob = Bob::new().await;
    for answer in bob.answers().await {
        answer.expect(200);
    }
    let elsewhere = people::sign_in(bob.product(), "bob").await;

    let call = bob.product().api.delete("/v1/me").cookie(&bob.two.bob);
    call.send().await.expect(204);

    // Session, key and program.
    for answer in bob.answers().await {
        answer.expect(401);
    }
    bob.refreshed().await.expect(401);
    let call = bob.product().api.get("/v1/me").cookie(&elsewhere);
    call.send().await.expect(401);
    let members = bob.product().api.get("/v1/members").cookie(&bob.two.ada);
    let members = members.send().await.expect(200).body;
    assert_eq!(members["items"].as_array().unwrap().len(), 1);

    // What is left is removed a while later; nobody asks for more than their roles allow.
    let product = bob.product();
    product.clock.advance(SignedDuration::from_mins(2));
    let finished = upkeep::finish_departures(&product.upkeep).await;
    assert_eq!(finished.unwrap(), 1);
    must_be_allowed(product);
}

#[tokio::test(flavor = "multi_thread")]
async fn key_is_not_enough_to_delete_whoever_made_it() {
    let bob = Bob::new().await;

    let call = bob.product().api.delete("/v1/me").bearer(bob.two.key());

    call.send().await.expect_problem(403, "person_required");
    bob.two.me(&bob.two.bob).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn id_16_deleted_tenant_is_closed_at_once_to_every_kind_of_credential() {
    let bob = Bob::new().await;

    let path = format!("/v1/tenants/{}", bob.two.tenant);
    act(&bob.two, Method::DELETE, &path).await;

    bob.is_out().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn id_40_ids_of_the_tenant_before_are_unknown_after_a_switch() {
    let two = Two::new().await;
    let api = &two.product.api;
    let role = json!({ "name": "Client", "permissions": ["read_posts"] });
    let call = api.post("/v1/roles").cookie(&two.ada).json(&role);
    let role = call.send().await.expect(201).body;
    let path = format!("/v1/roles/{}", role["id"].as_str().unwrap());
    let seen = async |cookie: &str| api.get(&path).cookie(cookie).send().await;
    seen(&two.ada).await.expect(200);

    let other = json!({ "name": "Looms", "time_zone": "UTC" });
    let call = api.post("/v1/tenants").cookie(&two.ada).json(&other);
    let there = call.send().await.expect(201).cookie();

    seen(&there).await.expect_problem(404, "not_found");
    seen(&two.ada).await.expect(401);
    let back = json!({ "tenant_id": two.tenant });
    let call = api.post("/v1/auth/switch").cookie(&there).json(&back);
    let here = call.send().await.expect(200).cookie();
    assert_ne!(seen(&here).await.expect(200).body, Value::Null);
    seen(&there).await.expect(401);
}
