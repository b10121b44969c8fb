//! Settings and usage.

use domain::membership::Role;
use serde_json::{Value, json};
use testkit::member;

use crate::App;

#[tokio::test]
async fn settings_are_changed_one_by_one_and_kept() {
    let app = App::new().await;
    let admin = member(&app.table, &app.clock, Role::Admin).await;
    let path = format!("/v1/tenants/{}", admin.tenant);
    let patch = async |body: Value| {
        let call = app.api.patch(&path).by(&admin).json(&body);
        call.send().await.expect(200).body
    };

    let before = app.api.get(&path).by(&admin).send().await.expect(200).body;
    patch(json!({ "week_start": "sunday" })).await;
    patch(json!({ "locale": "de-AT", "max_lateness_hours": 12 })).await;
    let after = app.api.get(&path).by(&admin).send().await.expect(200).body;

    assert_eq!(before["week_start"], "monday");
    assert_eq!(before["locale"], "en");
    assert_eq!(before["max_lateness_hours"], 6);
    assert_eq!(after["week_start"], "sunday");
    assert_eq!(after["locale"], "de-AT");
    assert_eq!(after["max_lateness_hours"], 12);
    assert_eq!(after["time_zone"], before["time_zone"]);
}

#[tokio::test]
async fn settings_that_are_wrong_are_each_named() {
    let app = App::new().await;
    let admin = member(&app.table, &app.clock, Role::Admin).await;
    let path = format!("/v1/tenants/{}", admin.tenant);
    for (body, pointer) in [
        (json!({ "locale": "german" }), "/locale"),
        (json!({ "week_start": "friday" }), "/week_start"),
        (json!({ "max_lateness_hours": 0 }), "/max_lateness_hours"),
        (json!({ "max_lateness_hours": 169 }), "/max_lateness_hours"),
        (json!({ "locale": null }), "/locale"),
    ] {
        let call = app.api.patch(&path).by(&admin).json(&body);
        let answer = call.send().await.expect_problem(422, "invalid_request");
        assert_eq!(
            answer.body["errors"][0]["pointer"], pointer,
            "{}",
            answer.body
        );
    }
}

#[tokio::test]
async fn usage_tells_what_is_left_of_each_limit() {
    let app = App::new().await;
    let viewer = member(&app.table, &app.clock, Role::Viewer).await;
    let path = format!("/v1/tenants/{}/usage", viewer.tenant);

    let usage = app.api.get(&path).by(&viewer).send().await.expect(200).body;

    assert_eq!(
        usage["members"],
        json!({ "used": 1, "limit": 1_000, "remaining": 999 })
    );
    assert_eq!(
        usage["accounts"],
        json!({ "used": 0, "limit": 100, "remaining": 100 })
    );
    assert_eq!(usage["posts_this_month"]["remaining"], 100_000);
    assert_eq!(
        usage["targets_this_month"],
        json!({ "used": 0, "limit": 1_000_000, "remaining": 1_000_000 })
    );
    assert_eq!(
        usage["published_this_month"],
        json!({ "targets": 0, "counted_until": "2026-12-01T08:00:00Z" })
    );
    assert_eq!(usage["media_bytes"]["used"], 0);
    assert_eq!(usage["month_ends_at"], "2027-01-01T00:00:00Z");
}

#[tokio::test]
async fn id_37_usage_of_another_tenant_is_not_found() {
    let app = App::new().await;
    let owner = member(&app.table, &app.clock, Role::Owner).await;
    let foreign = member(&app.table, &app.clock, Role::Owner).await;
    for tenant in [
        foreign.tenant.to_string(),
        "ten_00000000000000000000000007".to_owned(),
    ] {
        let path = format!("/v1/tenants/{tenant}/usage");
        let answer = app.api.get(&path).by(&owner).send().await;
        answer.expect_problem(404, "not_found");
    }
}
