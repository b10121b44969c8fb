//! What the tenant's log says of it.

use domain::tenant::ROOT_TENANT;
use http::Method;
use serde_json::{Value, json};

use super::{CURRENT, Desk, READS_ONLY, REASON};
use crate::canary::watch::Log;

#[tokio::test(flavor = "multi_thread")]
async fn id_42_audit_log_and_the_log_of_requests_say_who_acted_for_whom() {
    let log = Log::of_this_process();
    let (desk, cookie) = Desk::looking().await;
    let mary = desk.me(&cookie).await["user"]["id"]
        .as_str()
        .unwrap()
        .to_owned();
    desk.posts(&cookie).await.expect(200);
    let draft = json!({ "base": { "text": "Walk" } });
    let refused = desk.call(Method::POST, "/v1/posts", &cookie, &draft).await;
    refused.expect_problem(403, READS_ONLY);
    let left = desk
        .product
        .api
        .delete(CURRENT)
        .cookie(&cookie)
        .send()
        .await;
    left.expect(204);

    let entries = desk.log("support").await;
    let kinds: Vec<&str> = entries
        .iter()
        .map(|entry| entry["kind"].as_str().unwrap())
        .collect();
    assert_eq!(kinds, ["support.ended", "support.begun", "support.allowed"]);
    assert_eq!(entries[1]["detail"]["reason"], REASON);
    assert_eq!(entries[2]["act"], Value::Null);
    let denied = desk.log("access").await;
    assert_eq!(denied.len(), 1, "{denied:?}");
    assert_eq!(denied[0]["detail"]["code"], READS_ONLY);
    for entry in entries[..2].iter().chain(&denied) {
        assert_eq!(entry["actor"], format!("support:{mary}"));
        let act = json!({ "user_id": mary, "tenant_id": ROOT_TENANT });
        assert_eq!(entry["act"], act);
        assert_eq!(
            entry["subject"],
            json!({ "kind": "tenant", "id": desk.tenant })
        );
    }
    let export = desk.product.api.get("/v1/audit/export").cookie(&desk.ada);
    let export = export.send().await.expect(200).body;
    assert!(
        export.as_str().unwrap().contains(r#""kind":"support""#),
        "{export}"
    );
    let answered: Vec<Value> = log
        .lines()
        .iter()
        .filter_map(|line| serde_json::from_str(line).ok())
        .filter(|line: &Value| line["message"] == "answered")
        .filter(|line| line["span"]["act"] == format!("support:{mary}"))
        .collect();
    let routes: Vec<&Value> = answered.iter().map(|line| &line["span"]["route"]).collect();
    assert_eq!(routes, ["/v1/me", "/v1/posts", "/v1/posts", CURRENT]);
}
