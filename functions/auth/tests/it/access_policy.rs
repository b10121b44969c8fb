//! Programs in tenants that ask for a newer sign-in than the product.

use domain::access_policy::AccessPolicy;
use domain::membership::Role;
use domain::tenant::Tenant;
use jiff::SignedDuration;
use serde_json::Value;
use testkit::http::{member_of, tenant};

use crate::app::{App, PASSWORD, text};

/// The tokens of the owner of a tenant that asks for this.
async fn program(app: &App, access: AccessPolicy) -> Value {
    let first = app.program().await;
    let user = text(&first["user"], "id").parse().unwrap();
    let tenant = Tenant {
        access,
        ..tenant(&app.table, &app.clock)
    };
    member_of(&app.table, &app.clock, user, &tenant, Role::Owner).await;
    let tokens = app.login(PASSWORD, "token").await.expect(200).body;
    assert_eq!(text(&tokens, "tenant_id"), tenant.id.to_string());
    tokens
}

#[tokio::test]
async fn refresh_token_is_not_taken_once_the_hours_of_its_tenant_are_over() {
    let app = App::new().await;
    let hours = AccessPolicy {
        session_hours: Some(1),
        ..AccessPolicy::default()
    };
    let tokens = program(&app, hours).await;

    app.clock.advance(SignedDuration::from_secs(3_599));
    let next = app.refresh(text(&tokens, "refresh_token")).await;
    let next = next.expect(200).body;
    app.clock.advance(SignedDuration::from_secs(1));

    // It is not used up, so its repeat is no copy.
    for _ in 0..2 {
        let refused = app.refresh(text(&next, "refresh_token")).await;
        refused.expect_problem(401, "session_expired");
    }
    // One that was used up is, whatever the tenant asks for.
    let copied = app.refresh(text(&tokens, "refresh_token")).await;
    copied.expect_problem(401, "invalid_refresh_token");
    let ended = app.refresh(text(&next, "refresh_token")).await;
    ended.expect_problem(401, "invalid_refresh_token");
}

#[tokio::test]
async fn refresh_token_is_not_taken_once_it_lay_for_the_minutes_of_its_tenant() {
    let app = App::new().await;
    let minutes = AccessPolicy {
        idle_minutes: Some(15),
        ..AccessPolicy::default()
    };
    let mut tokens = program(&app, minutes).await;

    for _ in 0..3 {
        app.clock.advance(SignedDuration::from_secs(899));
        let next = app.refresh(text(&tokens, "refresh_token")).await;
        tokens = next.expect(200).body;
    }
    app.clock.advance(SignedDuration::from_secs(900));

    let refused = app.refresh(text(&tokens, "refresh_token")).await;
    refused.expect_problem(401, "session_expired");
    app.login(PASSWORD, "token").await.expect(200);
}
