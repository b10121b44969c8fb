//! What ends the access, for whoever looks.

use domain::tenant::ROOT_TENANT;
use http::Method;
use jiff::SignedDuration;
use serde_json::{Value, json};
use tests::people;

use super::{CURRENT, Desk, allow};

#[tokio::test(flavor = "multi_thread")]
async fn id_42_withdrawn_consent_ends_the_access_at_the_next_request_and_for_good() {
    let (desk, cookie) = Desk::looking().await;
    desk.posts(&cookie).await.expect(200);
    let consent = format!("/v1/tenants/{}/support-consent", desk.tenant);

    let withdraw = desk.product.api.delete(&consent).cookie(&desk.ada);
    withdraw.send().await.expect(204);

    desk.posts(&cookie)
        .await
        .expect_problem(403, "support_ended");
    let tenant = format!("/v1/tenants/{}", desk.tenant);
    let hidden = desk.product.api.get(&tenant).cookie(&cookie).send().await;
    hidden.expect_problem(404, "not_found");
    let me = desk.me(&cookie).await;
    assert_eq!(
        (&me["tenant_id"], &me["support"]),
        (&Value::Null, &Value::Null)
    );
    // Another consent is another one.
    allow(&desk.product, &desk.tenant, &desk.ada).await;
    desk.posts(&cookie)
        .await
        .expect_problem(403, "support_ended");
    let left = desk
        .product
        .api
        .delete(CURRENT)
        .cookie(&cookie)
        .send()
        .await;
    let me = desk.me(&left.expect(204).cookie()).await;
    assert_eq!(me["tenant_id"], ROOT_TENANT.to_string());
}

#[tokio::test(flavor = "multi_thread")]
async fn id_42_access_ends_after_an_hour_however_long_the_consent_is() {
    let (desk, cookie) = Desk::looking().await;
    let me = desk.me(&cookie).await;
    assert_eq!(me["tenant_id"], desk.tenant);
    assert_eq!(me["support"]["until"], "2026-12-01T09:58:10Z");
    // A longer consent makes no longer access.
    allow(&desk.product, &desk.tenant, &desk.ada).await;

    desk.product.clock.advance(SignedDuration::from_mins(30));
    desk.posts(&cookie).await.expect(200);
    desk.product
        .clock
        .advance(SignedDuration::from_secs(29 * 60 + 59));
    desk.posts(&cookie).await.expect(200);
    desk.product.clock.advance(SignedDuration::from_secs(1));

    desk.posts(&cookie)
        .await
        .expect_problem(403, "support_ended");
}

#[tokio::test(flavor = "multi_thread")]
async fn id_42_access_ends_with_the_right_to_support_and_with_the_tenant() {
    let (desk, cookie) = Desk::looking().await;
    let joan = people::supporter(&desk.product, "joan").await;
    let mary = desk.me(&cookie).await["user"]["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let member = format!("/v1/members/{mary}");

    let demoted = desk
        .call(Method::PATCH, &member, &joan, &json!({ "role": "editor" }))
        .await;
    demoted.expect(200);
    desk.posts(&cookie)
        .await
        .expect_problem(403, "support_ended");
    let admin = json!({ "role": "admin" });
    desk.call(Method::PATCH, &member, &joan, &admin)
        .await
        .expect(200);
    desk.posts(&cookie).await.expect(200);
    let tenant = format!("/v1/tenants/{}", desk.tenant);
    let deleted = desk
        .product
        .api
        .delete(&tenant)
        .cookie(&desk.ada)
        .send()
        .await;
    deleted.expect(204);

    desk.posts(&cookie)
        .await
        .expect_problem(403, "support_ended");
}
