//! What a tenant asks beside rights: when its sign-ins are too old, and which addresses count.

use domain::UserId;
use domain::access_policy::{AccessPolicy, AllowedAddresses};
use domain::membership::Role;
use domain::tenant::Tenant;
use jiff::{SignedDuration, Timestamp};
use testkit::http::{member_of, reproved, tenant};
use testkit::{Answer, TestMember};

use crate::app::App;

/// The owner of a tenant that asks for this.
async fn owner(app: &App, access: AccessPolicy) -> TestMember {
    let tenant = Tenant {
        access,
        ..tenant(&app.table, &app.clock)
    };
    let user = UserId::generate(app.table.ids());
    member_of(&app.table, &app.clock, user, &tenant, Role::Owner).await
}

async fn posts(app: &App, by: &TestMember) -> Answer {
    app.api.get("/v1/posts").by(by).send().await
}

async fn pass(app: &App, by: &TestMember, seconds: i64) -> Answer {
    app.clock.advance(SignedDuration::from_secs(seconds));
    posts(app, by).await
}

fn must_prove(answer: Answer) {
    answer.expect_problem(401, "insufficient_user_authentication");
}

#[tokio::test]
async fn session_is_good_for_the_hours_of_the_tenant_and_for_a_proof_longer() {
    let app = App::new().await;
    let began: Timestamp = "2026-12-01T08:00:00Z".parse().unwrap();
    let hours = AccessPolicy {
        session_hours: Some(1),
        ..AccessPolicy::default()
    };
    let ada = owner(&app, hours).await;

    pass(&app, &ada, 1_800).await.expect(200);
    pass(&app, &ada, 1_799).await.expect(200);
    must_prove(pass(&app, &ada, 1).await);

    // Nothing else of hers is closed.
    let whoami = app.api.get("/v1/whoami").by(&ada).send().await;
    whoami.expect(200);
    let ada = reproved(&app.table, &app.clock, &ada, began).await;
    posts(&app, &ada).await.expect(200);
    pass(&app, &ada, 3_599).await.expect(200);
    must_prove(pass(&app, &ada, 1).await);
}

#[tokio::test]
async fn session_that_was_not_used_for_the_minutes_of_the_tenant_needs_a_proof_however_it_is_used_since()
 {
    let app = App::new().await;
    let began: Timestamp = "2026-12-01T08:00:00Z".parse().unwrap();
    let minutes = AccessPolicy {
        idle_minutes: Some(15),
        ..AccessPolicy::default()
    };
    let ada = owner(&app, minutes).await;

    pass(&app, &ada, 899).await.expect(200);
    pass(&app, &ada, 899).await.expect(200);
    app.clock.advance(SignedDuration::from_secs(900));
    // What is no tenant's notes that she is back, and does not make up for it.
    let whoami = app.api.get("/v1/whoami").by(&ada).send().await;
    whoami.expect(200);
    must_prove(posts(&app, &ada).await);
    must_prove(pass(&app, &ada, 60).await);

    let ada = reproved(&app.table, &app.clock, &ada, began).await;
    posts(&app, &ada).await.expect(200);
    pass(&app, &ada, 899).await.expect(200);
}

#[tokio::test]
async fn session_of_a_tenant_that_asks_for_nothing_is_as_long_as_the_products() {
    let app = App::new().await;
    let ada = owner(&app, AccessPolicy::default()).await;

    // Each just before the hour without use, until the day is over.
    for _ in 0..24 {
        pass(&app, &ada, 3_599).await.expect(200);
    }
    let over = pass(&app, &ada, 24).await;
    over.expect_problem(401, "session_expired");
}

#[tokio::test]
async fn address_of_a_request_is_the_one_that_the_host_saw() {
    let app = App::new().await;
    let office = AccessPolicy {
        addresses: vec![AllowedAddresses {
            range: "203.0.113.0/24".parse().unwrap(),
            note: String::new(),
        }],
        ..AccessPolicy::default()
    };
    let ada = owner(&app, office).await;
    let from = async |address: &str, claimed: &str| {
        let call = app.api.get("/v1/posts").by(&ada).from_address(address);
        call.header("x-forwarded-for", claimed).send().await
    };

    for inside in ["203.0.113.7", "::ffff:203.0.113.7"] {
        from(inside, "198.51.100.1").await.expect(200);
    }
    for outside in ["203.0.114.7", "::ffff:203.0.114.7", "2001:db8::1"] {
        let refused = from(outside, "203.0.113.7").await;
        let refused = refused.expect_problem(403, "address_not_allowed");
        let shown = outside.trim_start_matches("::ffff:");
        let detail = refused.body["detail"].as_str().unwrap();
        assert!(detail.contains(shown), "{detail}");
    }
    // Nobody knows where it comes from.
    let refused = posts(&app, &ada).await;
    refused.expect_problem(403, "address_not_allowed");
}
