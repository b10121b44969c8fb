//! The consent of a tenant: who gives it, and what is told without it.

use domain::tenant::ROOT_TENANT;
use jiff::SignedDuration;
use serde_json::json;
use tests::people;

use super::{Desk, allow, begin};
use crate::ids;

#[tokio::test(flavor = "multi_thread")]
async fn id_42_tenant_without_a_consent_is_answered_like_one_that_does_not_exist() {
    let desk = Desk::new().await;
    let random = ids::random("ten");

    let unknown = begin(&desk.product, &random, &desk.mary).await;
    let unknown = unknown.expect_problem(404, "not_found");
    let mut closed = vec![begin(&desk.product, &desk.tenant, &desk.mary).await];
    closed.push(begin(&desk.product, &ROOT_TENANT.to_string(), &desk.mary).await);
    allow(&desk.product, &desk.tenant, &desk.ada).await;
    let consent = format!("/v1/tenants/{}/support-consent", desk.tenant);
    let shown = desk.product.api.get(&consent).cookie(&desk.ada);
    let shown = shown.send().await.expect(200).body;
    let withdraw = desk.product.api.delete(&consent).cookie(&desk.ada);
    withdraw.send().await.expect(204);
    closed.push(begin(&desk.product, &desk.tenant, &desk.mary).await);
    // Or it is over by itself.
    allow(&desk.product, &desk.tenant, &desk.ada).await;
    desk.product
        .clock
        .advance(SignedDuration::from_hours(3 * 24));
    let joan = people::supporter(&desk.product, "joan").await;
    closed.push(begin(&desk.product, &desk.tenant, &joan).await);

    for answer in closed {
        let answer = answer.expect_problem(404, "not_found");
        assert_eq!(answer.body["detail"], unknown.body["detail"]);
    }
    assert_eq!(shown["until"], "2026-12-04T08:58:10Z");
}

#[tokio::test(flavor = "multi_thread")]
async fn id_42_only_owners_allow_support_by_a_recent_proof() {
    let two = crate::two::Two::new().await;
    let path = format!("/v1/tenants/{}/support-consent", two.tenant);
    let call = |cookie: &str, days: u16| {
        let call = two.product.api.post(&path).cookie(cookie);
        call.json(&json!({ "days": days })).send()
    };

    call(&two.bob, 1).await.expect_problem(403, "forbidden");
    let refused = call(&two.ada, 30).await.expect(422);
    assert_eq!(refused.body["errors"][0]["pointer"], "/days");
    call(&two.ada, 7).await.expect(200);
    let shown = two.product.api.get(&path).cookie(&two.bob).send().await;
    assert!(shown.expect(200).body["until"].is_string());
    let withdraw = two.product.api.delete(&path).cookie(&two.bob);
    withdraw.send().await.expect_problem(403, "forbidden");
    two.product.clock.advance(SignedDuration::from_mins(10));
    let stale = call(&two.ada, 1).await;
    stale.expect_problem(401, "insufficient_user_authentication");
    // The way out is always open.
    let withdraw = two.product.api.delete(&path).cookie(&two.ada);
    withdraw.send().await.expect(204);
    let shown = two.product.api.get(&path).cookie(&two.bob).send().await;
    assert!(shown.expect(200).body["until"].is_null());
}
