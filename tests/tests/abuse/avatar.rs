//! Pictures of people: who sees them.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use tests::people;

use crate::fixture::PIXELS;
use crate::roles::must_be_allowed;
use crate::two::Two;

impl Two {
    async fn put_avatar(&self, cookie: &str) {
        let body = json!({ "image": STANDARD.encode(PIXELS) });
        let call = self.product.api.put("/v1/me/avatar").cookie(cookie);
        call.json(&body).send().await.expect(200);
    }

    /// How ada is listed to somebody.
    async fn ada_as_listed(&self, cookie: &str) -> Value {
        let list = self.product.api.get("/v1/members").cookie(cookie);
        let list = list.send().await.expect(200).body;
        let members = list["items"].as_array().unwrap();
        let mut adas = members.iter().filter(|member| member["name"] == "ada");
        adas.next().unwrap().clone()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn id_37_avatar_of_a_stranger_is_not_found_unless_a_tenant_is_shared() {
    let two = Two::new().await;
    let mallory = people::enter(&two.product, "mallory").await;
    let own = json!({ "name": "Looms", "time_zone": "UTC" });
    let own = two
        .product
        .api
        .post("/v1/tenants")
        .cookie(&mallory)
        .json(&own);
    let mallory = own.send().await.expect(201).cookie();
    let api = &two.product.api;
    let get = |path: &str, cookie: &str| api.get(path).cookie(cookie).send();
    assert!(two.ada_as_listed(&two.bob).await["avatar_url"].is_null());

    two.put_avatar(&two.ada).await;

    let listed = two.ada_as_listed(&two.bob).await;
    let address = listed["avatar_url"].as_str().unwrap();
    let own = two.me(&two.ada).await["user"]["avatar_url"].clone();
    let seen = get(address, &two.bob).await.expect(200);
    let own = get(own.as_str().unwrap(), &two.ada).await.expect(200);
    assert_eq!(seen.bytes, own.bytes);
    for cache in ["content-type", "cache-control", "content-security-policy"] {
        assert_eq!(seen.headers[cache], own.headers[cache]);
    }
    let refused = get(address, &mallory)
        .await
        .expect_problem(404, "not_found");
    let random = "/v1/members/usr_0123456789abcdefghjkmnpqrs/avatar";
    let random = get(random, &mallory).await.expect_problem(404, "not_found");
    assert_eq!(refused.body["detail"], random.body["detail"]);
    let nobody = api.get(address).send().await;
    nobody.expect_problem(401, "unauthenticated");
    must_be_allowed(&two.product);
}

#[tokio::test(flavor = "multi_thread")]
async fn avatar_that_was_removed_is_gone_for_everybody() {
    let two = Two::new().await;
    two.put_avatar(&two.ada).await;
    let listed = two.ada_as_listed(&two.bob).await;
    let address = listed["avatar_url"].as_str().unwrap();
    let api = &two.product.api;

    let remove = api.delete("/v1/me/avatar").cookie(&two.ada);
    remove.send().await.expect(204);

    let gone = api.get(address).cookie(&two.bob).send().await;
    gone.expect_problem(404, "not_found");
    assert!(two.ada_as_listed(&two.bob).await["avatar_url"].is_null());
    assert!(two.me(&two.ada).await["user"]["avatar_url"].is_null());
}

#[tokio::test(flavor = "multi_thread")]
async fn avatar_of_a_former_member_is_not_found() {
    let two = Two::new().await;
    two.put_avatar(&two.bob).await;
    let bob = two.me(&two.bob).await["user"]["id"].clone();
    let path = format!("/v1/members/{}", bob.as_str().unwrap());
    let address = format!("{path}/avatar");
    let api = &two.product.api;
    api.get(&address).cookie(&two.ada).send().await.expect(200);

    api.delete(path).cookie(&two.ada).send().await.expect(204);

    let gone = api.get(&address).cookie(&two.ada).send().await;
    gone.expect_problem(404, "not_found");
}
