//! A customer's own key in the place of the product's.

use serde_json::{Value, json};

use crate::deployment::Deployment;

#[tokio::test(flavor = "multi_thread")]
async fn own_key_of_a_customer_wraps_the_keys_of_their_tenant_under_the_roles() {
    let deployment = Deployment::of_this_run();
    let ada = deployment.member("own-key").await;
    let tenant = ada.get("/v1/me").await.expect(200).body["tenant_id"].clone();
    let path = format!("/v1/tenants/{}/encryption-key", tenant.as_str().unwrap());
    let own = json!({ "kms_key_arn": deployment.customer_key });
    let (key, id) = deployment.customer_key.rsplit_once('/').unwrap();
    let other = json!({ "kms_key_arn": format!("{key}/{}", id.replace(char::is_numeric, "a")) });

    let refused = ada.post(&path, &other).await.expect(422).body;
    let named = ada.post(&path, &own).await.expect(200).body;
    deployment.connect(&ada, "own-key").await;
    let back = ada.request("DELETE", &path);
    let back = ada.send(back).await.expect(200).body;

    assert_eq!(refused["errors"][0]["code"], "key_not_enabled");
    assert_eq!(named["kms_key_arn"], deployment.customer_key);
    assert_eq!(named["problem"], Value::Null);
    assert_eq!(back["kms_key_arn"], Value::Null);
    // The account's credential is sealed under what the customer's key wraps.
    assert_eq!(back["state"], "pending");
}
