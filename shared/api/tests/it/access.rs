use domain::UserId;
use domain::membership::Role;
use jiff::SignedDuration;
use testkit::http::session;
use testkit::member;

use crate::app::App;

#[tokio::test]
async fn route_whose_handler_wants_more_than_it_declares_never_answers() {
    let app = App::new().await;
    let owner = member(&app.table, &app.clock, Role::Owner).await;

    let answer = app.api.get("/v1/undeclared").by(&owner).send().await;

    answer.expect_problem(500, "internal");
}

#[tokio::test]
async fn route_in_a_tenant_without_one_is_forbidden() {
    let app = App::new().await;
    let user = UserId::generate(app.table.ids());
    let cookie = session(&app.table, &app.clock, user, None).await;

    let answer = app.api.get("/v1/posts").cookie(&cookie).send().await;

    answer.expect_problem(403, "tenant_required");
    let whoami = app.api.get("/v1/whoami").cookie(&cookie).send().await;
    assert_eq!(whoami.expect(200).body["user"], user.to_string());
}

#[tokio::test]
async fn route_needs_the_role_that_has_its_permission() {
    for (role, status) in [
        (Role::Viewer, 403),
        (Role::Author, 403),
        (Role::Editor, 200),
        (Role::Admin, 200),
        (Role::Owner, 200),
    ] {
        let app = App::new().await;
        let somebody = member(&app.table, &app.clock, role).await;

        let schedule = app.api.post("/v1/posts").by(&somebody).send().await;
        schedule.expect(status);
        let list = app.api.get("/v1/posts").by(&somebody).send().await;
        list.expect(200);
    }
}

#[tokio::test]
async fn tenant_that_is_suspended_can_be_read_only() {
    let app = App::new().await;
    let mut tenant = testkit::http::tenant(&app.table, &app.clock);
    tenant.state = domain::tenant::TenantState::Suspended;
    let user = UserId::generate(app.table.ids());
    let owner = testkit::http::member_of(&app.table, &app.clock, user, &tenant, Role::Owner).await;

    app.api.get("/v1/posts").by(&owner).send().await.expect(200);
    let schedule = app.api.post("/v1/posts").by(&owner).send().await;
    schedule.expect_problem(403, "tenant_suspended");
}

#[tokio::test]
async fn cookie_that_is_malformed_is_refused() {
    let app = App::new().await;
    let owner = member(&app.table, &app.clock, Role::Owner).await;
    let value = owner.cookie.trim_start_matches("sid=").to_owned();
    let parts: Vec<&str> = value.split('.').collect();
    for cookie in [
        "sid=".to_owned(),
        "sid=x".to_owned(),
        format!("sid={}", parts[0]),
        format!("sid={}.{}", parts[0], parts[1]),
        format!("sid={value}.x"),
        format!("sid={}.{}.", parts[0], parts[1]),
        format!("sid={}.{}.-", parts[0], parts[1]),
        format!("sid={}.{}.{}", "A".repeat(43), parts[1], parts[2]),
        format!("sid={}; sid={value}", "A".repeat(43)),
    ] {
        let answer = app.api.get("/v1/whoami").cookie(&cookie).send().await;
        assert!(
            matches!(answer.status.as_u16(), 400 | 401),
            "{cookie}: {}",
            answer.body
        );
    }
    let among_others = format!("a=b; {}; c=d", owner.cookie);
    let answer = app.api.get("/v1/whoami").cookie(&among_others).send().await;
    answer.expect(200);
}

#[tokio::test]
async fn id_18_sensitive_route_needs_a_proof_of_the_last_ten_minutes() {
    let app = App::new().await;
    let owner = member(&app.table, &app.clock, Role::Owner).await;
    let status = async || {
        let any = app.api.get("/v1/sensitive").by(&owner).send().await;
        let in_tenant = app.api.post("/v1/sensitive/posts").by(&owner).send().await;
        assert_eq!(any.status, in_tenant.status);
        any
    };

    app.clock.advance(SignedDuration::from_secs(599));
    status().await.expect(200);
    app.clock.advance(SignedDuration::from_secs(1));

    let refused = status().await;
    let refused = refused.expect_problem(401, "insufficient_user_authentication");
    assert_eq!(
        refused.headers["www-authenticate"],
        r#"Bearer error="insufficient_user_authentication", max_age=600"#
    );
    app.api
        .get("/v1/whoami")
        .by(&owner)
        .send()
        .await
        .expect(200);
}
