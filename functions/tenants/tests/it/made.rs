//! How many tenants one person makes.

use domain::{Clock, UserId};
use futures::future::join_all;
use jiff::SignedDuration;
use store::{Erasure, RateLimit};
use tenants::TenantLimits;
use testkit::Answer;
use testkit::http::{session, sessions};

use crate::App;

/// So many altogether, as fast as they like.
fn altogether(made: u32) -> TenantLimits {
    TenantLimits {
        made,
        ..TenantLimits::local()
    }
}

/// The person of a cookie.
fn user(cookie: &str) -> UserId {
    cookie.split('.').nth(1).unwrap().parse().unwrap()
}

impl App {
    /// Makes another one; with the cookie of the session that is bound to it.
    async fn another(&self, cookie: &mut String) -> Answer {
        let answer = self.create(cookie, None, "One more").await;
        if answer.status == 201 {
            *cookie = answer.cookie();
        }
        answer
    }

    async fn made(&self, user: UserId) -> u64 {
        self.table.system().tenants_made(user).await.unwrap()
    }

    /// 64 at once, each in a browser of its own; how many were made, and what was refused.
    async fn at_once(&self, user: UserId) -> (usize, Vec<Answer>) {
        let cookies = sessions(&self.table, &self.clock, user, 64).await;
        let tries = cookies
            .iter()
            .map(|cookie| self.create(cookie, None, "One of many"));
        let answers = join_all(tries).await.into_iter();
        let (made, refused): (Vec<_>, Vec<_>) = answers.partition(|answer| answer.status == 201);
        (made.len(), refused)
    }
}

#[tokio::test]
async fn id_08_eleventh_tenant_at_once_has_to_wait_and_what_is_refused_counts_not() {
    let app = App::with_limits(TenantLimits::strict()).await;
    let mut cookie = app.newcomer().await;
    app.create(&cookie, None, "").await.expect(422);
    for _ in 0..10 {
        app.another(&mut cookie).await.expect(201);
    }

    let eleventh = app.another(&mut cookie).await;

    let eleventh = eleventh.expect_problem(429, "tenants_held_back");
    // A tenth of a day.
    assert_eq!(eleventh.headers["retry-after"], "8641");
    let detail = eleventh.body["detail"].as_str().unwrap();
    assert!(detail.contains("in 3 hours"), "{detail}");
    // Somebody else is not held up.
    let mut other = app.newcomer().await;
    app.another(&mut other).await.expect(201);
    app.clock.advance(SignedDuration::from_secs(8640));
    let mut later = session(&app.table, &app.clock, user(&cookie), None).await;
    app.another(&mut later).await.expect(201);
    app.another(&mut later)
        .await
        .expect_problem(429, "tenants_held_back");
}

#[tokio::test]
async fn id_08_repeat_of_the_last_under_its_key_is_answered_and_counts_not() {
    let one = TenantLimits {
        pace: RateLimit::per(1, SignedDuration::from_hours(24)),
        made: 1,
    };
    let app = App::with_limits(one).await;
    let cookie = app.newcomer().await;
    let first = app.create(&cookie, Some("k"), "One").await.expect(201);

    let again = app.create(&first.cookie(), Some("k"), "One").await;

    assert_eq!(again.expect(201).body, first.body);
    assert_eq!(app.made(user(&cookie)).await, 1);
}

#[tokio::test]
async fn id_08_tenant_that_is_one_too_many_uses_up_nothing_of_the_pace() {
    let limits = TenantLimits {
        pace: RateLimit::per(2, SignedDuration::from_hours(24)),
        made: 1,
    };
    let app = App::with_limits(limits).await;
    let mut cookie = app.newcomer().await;
    app.another(&mut cookie).await.expect(201);
    for _ in 0..3 {
        let refused = app.another(&mut cookie).await;
        refused.expect_problem(409, "too_many_tenants");
    }
}

#[tokio::test]
async fn id_08_tenants_of_one_person_are_exactly_ten_when_64_are_made_at_once() {
    let app = App::with_limits(TenantLimits::strict()).await;
    let user = UserId::generate(app.table.ids());

    let (made, refused) = app.at_once(user).await;

    assert_eq!(made, 10);
    for refused in refused {
        refused.expect_problem(429, "tenants_held_back");
    }
    assert_eq!(app.made(user).await, 10);
}

#[tokio::test]
async fn id_08_tenants_of_one_person_are_exactly_as_many_as_they_may_when_64_are_made_at_once() {
    let app = App::with_limits(altogether(10)).await;
    let user = UserId::generate(app.table.ids());

    let (made, refused) = app.at_once(user).await;

    assert_eq!(made, 10);
    for refused in refused {
        refused.expect_problem(409, "too_many_tenants");
    }
    assert_eq!(app.made(user).await, 10);
    let listed = app.table.system().memberships(user).await.unwrap();
    assert_eq!(listed.len(), 10);
}

#[tokio::test]
async fn id_08_tenant_counts_for_its_maker_until_it_is_erased() {
    let app = App::with_limits(altogether(1)).await;
    let cookie = app.newcomer().await;
    let user = user(&cookie);
    let first = app.create(&cookie, None, "One").await.expect(201);
    let id = first.body["id"].as_str().unwrap();
    let mut bound = first.cookie();
    let system = app.table.system();
    let member = system.member(user, id.parse().unwrap()).await.unwrap();
    let scope = member.unwrap().scope;
    let path = format!("/v1/tenants/{id}");
    let deleted = app.api.delete(&path).cookie(&bound).send().await;
    deleted.expect(204);

    let early = app.another(&mut bound).await;

    early.expect_problem(409, "too_many_tenants");
    app.clock.advance(domain::tenant::GRACE);
    let tenant = app.table.tenant(&scope);
    let erased = tenant.begin_erasure(app.clock.now()).await.unwrap();
    erased.unwrap();
    while tenant.erase_some().await.unwrap() == Erasure::Goes {}
    // Whoever died before the end does it again.
    tenant.erase_some().await.unwrap();
    assert_eq!(app.made(user).await, 0);
    let mut later = session(&app.table, &app.clock, user, None).await;
    app.another(&mut later).await.expect(201);
    assert_eq!(app.made(user).await, 1);
}
