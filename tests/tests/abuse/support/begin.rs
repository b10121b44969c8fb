//! Who begins, and how often.

use domain::tenant::ROOT_TENANT;
use http::Method;
use jiff::SignedDuration;
use serde_json::{Value, json};
use tests::people;

use super::{CURRENT, Desk, READS_ONLY, REASON, SESSIONS, allow, begin};
use crate::ids;
use crate::roles::must_be_allowed;

#[tokio::test(flavor = "multi_thread")]
async fn id_42_only_guarded_people_of_the_platform_begin_and_say_why() {
    let desk = Desk::new().await;
    let product = &desk.product;
    allow(product, &desk.tenant, &desk.ada).await;
    let to_ada = json!({ "tenant_id": desk.tenant, "reason": REASON });

    // Not an owner elsewhere, whatever they own.
    let refused = begin(product, &desk.tenant, &desk.ada).await;
    refused.expect_problem(403, "forbidden");
    // Not a program, whoever made its key.
    let scopes = json!({ "name": "Newsroom", "scopes": ["read_posts"] });
    let key = desk
        .call(Method::POST, "/v1/api-keys", &desk.ada, &scopes)
        .await;
    let key = key.expect(201).body["secret"].as_str().unwrap().to_owned();
    let call = product.api.post(SESSIONS).bearer(&key).json(&to_ada);
    call.send().await.expect_problem(403, "person_required");
    let support = json!({ "name": "Desk", "scopes": ["support_tenants"] });
    let refused = desk
        .call(Method::POST, "/v1/api-keys", &desk.mary, &support)
        .await;
    assert_eq!(
        refused.expect(422).body["errors"][0]["code"],
        "not_for_keys"
    );
    // Not in a few words.
    let why = json!({ "tenant_id": desk.tenant, "reason": "  because  " });
    let refused = desk.call(Method::POST, SESSIONS, &desk.mary, &why).await;
    assert_eq!(
        refused.expect(422).body["errors"][0]["code"],
        "invalid_reason"
    );
    // Not from within.
    let cookie = begin(product, &desk.tenant, &desk.mary)
        .await
        .expect(201)
        .cookie();
    let nested = begin(product, &desk.tenant, &cookie).await;
    nested.expect_problem(403, READS_ONLY);
    let switch = json!({ "tenant_id": ROOT_TENANT });
    let nested = desk
        .call(Method::POST, "/v1/auth/switch", &cookie, &switch)
        .await;
    nested.expect_problem(403, READS_ONLY);
    // The session of before is dead.
    desk.posts(&desk.mary).await.expect(401);
    let left = product.api.delete(CURRENT).cookie(&cookie).send().await;
    let mary = left.expect(204).cookie();
    // Not without a recent proof.
    product.clock.advance(SignedDuration::from_mins(10));
    let stale = begin(product, &desk.tenant, &mary).await;
    stale.expect_problem(401, "insufficient_user_authentication");
}

#[tokio::test(flavor = "multi_thread")]
async fn id_42_supporter_without_a_second_factor_is_refused() {
    let desk = Desk::new().await;
    allow(&desk.product, &desk.tenant, &desk.ada).await;
    let cookie = people::enter(&desk.product, "joan").await;
    let me = desk.me(&cookie).await;
    let joan = me["user"]["id"].as_str().unwrap().parse().unwrap();
    let appointed = upkeep::appoint_supporter(&desk.product.upkeep, joan).await;
    assert!(appointed.unwrap().is_new);
    let again = upkeep::appoint_supporter(&desk.product.upkeep, joan).await;
    assert!(!again.unwrap().is_new);
    let switch = json!({ "tenant_id": ROOT_TENANT });
    let switched = desk
        .call(Method::POST, "/v1/auth/switch", &cookie, &switch)
        .await;

    let refused = begin(&desk.product, &desk.tenant, &switched.expect(200).cookie()).await;

    refused.expect_problem(403, "second_factor_missing");
    // A program of theirs cannot at all.
    let login =
        json!({ "email": people::address("joan"), "password": people::PASSWORD, "mode": "token" });
    let login = desk.product.api.post("/v1/auth/login").json(&login);
    let token = login.send().await.expect(200).body["access_token"].clone();
    let into = json!({ "tenant_id": desk.tenant, "reason": REASON });
    let call = desk.product.api.post(SESSIONS).json(&into);
    let refused = call.bearer(token.as_str().unwrap()).send().await;
    refused.expect_problem(403, "person_required");
}

#[tokio::test(flavor = "multi_thread")]
async fn id_42_supporter_who_tries_many_tenants_is_stopped_and_reported() {
    let desk = Desk::new().await;
    let (product, tenant) = (&desk.product, &desk.tenant);
    allow(product, tenant, &desk.ada).await;
    for _ in 0..20 {
        let guessed = begin(product, &ids::random("ten"), &desk.mary).await;
        guessed.expect_problem(404, "not_found");
    }

    for _ in 0..2 {
        let stopped = begin(product, tenant, &desk.mary).await;
        let stopped = stopped.expect_problem(429, "rate_limited");
        assert_eq!(stopped.headers["retry-after"], "181");
    }

    // Nobody else is.
    let joan = people::supporter(product, "joan").await;
    begin(product, tenant, &joan).await.expect(201);
    // The platform's own people read it, once.
    desk.tick().await;
    let read = product.api.get("/v1/audit?kind=access").cookie(&desk.mary);
    let entries = read.send().await.expect(200).body["items"].clone();
    let entries = entries.as_array().unwrap().iter();
    let is_report = |entry: &&Value| entry["detail"]["code"] == "rate_limited";
    assert_eq!(entries.filter(is_report).count(), 1);
    product.clock.advance(SignedDuration::from_mins(3));
    begin(product, tenant, &desk.mary).await.expect(201);
    must_be_allowed(product);
}
