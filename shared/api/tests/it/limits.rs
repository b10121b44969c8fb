//! How many requests get through.

use std::sync::Arc;

use api::{ApiLimits, Gate};
use domain::membership::{Permission, Role};
use jiff::SignedDuration;
use store::{Meter, RequestRate};
use testkit::http::api_key;
use testkit::{Answer, GENEROUS, TestApi, TestClock, TestMember, gate, member, public_url};
use tokio::task::JoinSet;

use crate::app::router;

const TENANT: RequestRate = RequestRate {
    per_second: 100,
    burst: 200,
};

/// Several instances on one table, and the units that they write.
struct World {
    clock: TestClock,
    instances: Vec<TestApi>,
    owner: TestMember,
    meter: Arc<Meter>,
    table: store::Table,
}

impl World {
    async fn new(instances: usize, limits: ApiLimits) -> Self {
        let clock = TestClock::at("2026-12-01T08:00:00Z");
        let meter = Arc::new(Meter::default());
        let table = testkit::table(&clock).await.metered(Arc::clone(&meter));
        // Makes the keys.
        gate(&table, &clock).await;
        let instance = |_| {
            let shared = Arc::new(clock.clone());
            let gate = Gate::with_limits(table.clone(), shared, &public_url(), limits);
            TestApi::new(router(gate), &clock)
        };
        Self {
            instances: (0..instances).map(instance).collect(),
            owner: member(&table, &clock, Role::Owner).await,
            meter,
            table,
            clock,
        }
    }

    async fn ask(&self, instance: usize, who: &TestMember) -> Answer {
        let answer = self.instances[instance].get("/v1/whoami").by(who).send();
        answer.await
    }

    /// How many of 64 calls with a key get through that are sent at once, spread over all instances.
    async fn at_once(self: &Arc<Self>, key: &str) -> usize {
        let mut calls = JoinSet::new();
        for call in 0..64 {
            let (world, key) = (Arc::clone(self), key.to_owned());
            calls.spawn(async move {
                let instance = &world.instances[call % world.instances.len()];
                instance.get("/v1/posts").bearer(&key).send().await
            });
        }
        let mut through = 0;
        for answer in calls.join_all().await {
            if answer.status == 200 {
                through += 1;
            } else {
                let refused = answer.expect_problem(429, "rate_limited");
                assert!(refused.headers.contains_key("retry-after"), "{refused:?}");
            }
        }
        through
    }

    /// How many of so many calls get through, spread over all instances.
    async fn through(&self, calls: usize) -> usize {
        let mut through = 0;
        for call in 0..calls {
            let instance = call % self.instances.len();
            let answer = self.ask(instance, &self.owner).await;
            through += usize::from(answer.status == 200);
        }
        through
    }
}

fn tenants_only() -> ApiLimits {
    ApiLimits {
        tenant: TENANT,
        ..GENEROUS
    }
}

#[tokio::test]
async fn id_08_two_instances_on_one_table_let_through_one_limit_together() {
    let world = World::new(2, tenants_only()).await;

    let at_once = world.through(600).await;
    world.clock.advance(SignedDuration::from_secs(1));
    let after_a_second = world.through(300).await;

    assert_eq!(at_once, 200);
    assert_eq!(after_a_second, 100);
}

#[tokio::test(flavor = "multi_thread")]
async fn quota_of_requests_is_not_exceeded_by_64_at_once_on_two_instances() {
    let limits = ApiLimits {
        tenant: RequestRate {
            per_second: 20,
            burst: 40,
        },
        ..GENEROUS
    };
    let world = Arc::new(World::new(2, limits).await);

    let mut calls = JoinSet::new();
    for call in 0..64 {
        let world = Arc::clone(&world);
        calls.spawn(async move { world.ask(call % 2, &world.owner).await });
    }

    let mut through = 0;
    for answer in calls.join_all().await {
        assert!(answer.headers.contains_key("ratelimit"), "{answer:?}");
        if answer.status == 200 {
            through += 1;
        } else {
            answer.expect_problem(429, "rate_limited");
        }
    }
    assert!(through <= 40, "{through}");
    // Whoever was refused because somebody else took their tokens in the same moment finds the rest.
    assert_eq!(through + world.through(64).await, 40);
    world.clock.advance(SignedDuration::from_secs(1));
    assert_eq!(world.through(64).await, 20, "time gives it back");
}

#[tokio::test]
async fn id_08_client_has_one_limit_on_all_instances_with_a_credential_or_without() {
    let limits = ApiLimits {
        address: TENANT,
        ..GENEROUS
    };
    let world = World::new(2, limits).await;
    let public = async |call: usize, address: &str| {
        let search = world.instances[call % 2].get("/v1/search");
        search.from_address(address).send().await
    };
    let through = async |calls: usize| {
        let mut through = 0;
        for call in 0..calls {
            through += usize::from(public(call, "203.0.113.7").await.status == 200);
        }
        through
    };

    let at_once = through(300).await;
    let refused = public(0, "203.0.113.7").await;
    let signed_in = world.instances[1].get("/v1/whoami").by(&world.owner);
    let signed_in = signed_in.from_address("203.0.113.7").send().await;
    let other = public(0, "203.0.113.8").await;
    world.clock.advance(SignedDuration::from_secs(1));
    let after_a_second = through(300).await;

    assert_eq!(at_once, 200);
    let refused = refused.expect_problem(429, "rate_limited");
    assert_eq!(refused.headers["ratelimit-policy"], "\"address\";q=200;w=2");
    assert_eq!(refused.headers["retry-after"], "1");
    signed_in.expect_problem(429, "rate_limited");
    other.expect(200);
    assert_eq!(after_a_second, 100);
}

#[tokio::test]
async fn request_with_a_credential_is_counted_once_against_its_client() {
    let world = World::new(1, GENEROUS).await;
    let whoami = world.instances[0].get("/v1/whoami").by(&world.owner);

    let answer = whoami.from_address("203.0.113.7").send().await.expect(200);

    let policies = answer.headers.get_all("ratelimit-policy").into_iter();
    let names: Vec<_> = policies
        .map(|policy| policy.to_str().unwrap().split(';').next().unwrap())
        .collect();
    assert_eq!(names, ["\"address\"", "\"tenant\""]);
}

#[tokio::test]
async fn request_too_many_is_told_when_to_come_again() {
    let world = World::new(1, tenants_only()).await;
    let first = world.ask(0, &world.owner).await.expect(200);
    world.through(300).await;

    let refused = world.ask(0, &world.owner).await;

    assert_eq!(first.headers["ratelimit-policy"], "\"tenant\";q=200;w=2");
    assert_eq!(first.headers["ratelimit"], "\"tenant\";r=199;t=1");
    let refused = refused.expect_problem(429, "rate_limited");
    assert_eq!(refused.headers["ratelimit"], "\"tenant\";r=0;t=2");
    assert_eq!(refused.headers["retry-after"], "1");
    world.clock.advance(SignedDuration::from_secs(1));
    world.ask(0, &world.owner).await.expect(200);
}

#[tokio::test]
async fn id_43_key_that_runs_wild_leaves_requests_to_its_tenant() {
    let limits = ApiLimits {
        key: TENANT,
        ..GENEROUS
    };
    let world = World::new(2, limits).await;
    let gate = gate(&world.table, &world.clock).await;
    let scopes = [Permission::ReadPosts];
    let key = api_key(&world.table, &world.clock, &gate, &world.owner, scopes).await;
    let mut through = 0;
    for call in 0..300 {
        let list = world.instances[call % 2].get("/v1/posts").bearer(&key);
        through += usize::from(list.send().await.status == 200);
    }

    assert_eq!(through, 200);
    let list = world.instances[0].get("/v1/posts");
    list.by(&world.owner).send().await.expect(200);
    let list = world.instances[0].get("/v1/posts").bearer(&key);
    let refused = list.send().await.expect_problem(429, "rate_limited");
    assert_eq!(refused.headers["ratelimit-policy"], "\"key\";q=200;w=2");
}

/// Leased, as all limits of requests are: an instance may keep some that it took, so fewer can get through at first, but
/// never more.
#[tokio::test(flavor = "multi_thread")]
async fn id_43_rate_of_a_key_is_not_exceeded_by_64_at_once_on_four_instances() {
    let limits = ApiLimits {
        key: RequestRate {
            per_second: 20,
            burst: 40,
        },
        ..GENEROUS
    };
    let world = Arc::new(World::new(4, limits).await);
    let gate = gate(&world.table, &world.clock).await;
    let scopes = [Permission::ReadPosts];
    let key = api_key(&world.table, &world.clock, &gate, &world.owner, scopes).await;
    let other = api_key(&world.table, &world.clock, &gate, &world.owner, scopes).await;

    let at_once = world.at_once(&key).await;
    assert!((1..=40).contains(&at_once), "{at_once}");
    // Whoever was refused because somebody else took their tokens in the same moment finds the rest.
    assert_eq!(at_once + world.at_once(&key).await, 40);

    // Neither its tenant's people nor their other keys wait for it.
    world.ask(0, &world.owner).await.expect(200);
    let list = world.instances[1].get("/v1/posts").bearer(&other);
    list.send().await.expect(200);
    world.clock.advance(SignedDuration::from_secs(1));
    let after_a_second = world.at_once(&key).await;
    assert!((1..=20).contains(&after_a_second), "{after_a_second}");
    assert_eq!(after_a_second + world.at_once(&key).await, 20);
}

#[tokio::test]
async fn f_28_noisy_tenant_is_told_to_wait_and_a_quiet_one_is_answered_throughout() {
    let limits = ApiLimits {
        tenant: RequestRate {
            per_second: 20,
            burst: 40,
        },
        ..GENEROUS
    };
    let world = World::new(2, limits).await;
    let quiet = member(&world.table, &world.clock, Role::Owner).await;
    let mut through = 0;
    let mut waits = Vec::new();
    for call in 0..80 {
        let answer = world.ask(call % 2, &world.owner).await;
        if answer.status == 200 {
            through += 1;
        } else {
            let refused = answer.expect_problem(429, "rate_limited");
            let wait = refused.headers["retry-after"].to_str().unwrap();
            waits.push(wait.parse::<i64>().unwrap());
        }
        if call % 4 == 0 {
            world.ask(call / 4 % 2, &quiet).await.expect(200);
        }
    }

    assert_eq!(through, 40);
    assert_eq!(waits, [1; 40]);
    world.clock.advance(SignedDuration::from_secs(1));
    world.ask(0, &world.owner).await.expect(200);
}

#[tokio::test]
async fn busy_instance_writes_at_most_once_a_second() {
    let world = World::new(1, tenants_only()).await;
    let pause = SignedDuration::from_millis(20);
    let ask = async |calls: usize| {
        for _ in 0..calls {
            world.ask(0, &world.owner).await.expect(200);
            world.clock.advance(pause);
        }
    };
    // Until it knows how much a second takes.
    ask(100).await;
    world.meter.take();

    ask(500).await;

    // Ten seconds.
    let written = world.meter.take().writes;
    assert!((1.0..=10.0).contains(&written), "{written} units");
}

#[tokio::test]
async fn client_without_a_credential_is_not_counted_against_a_tenant() {
    let world = World::new(1, tenants_only()).await;

    for _ in 0..300 {
        let answer = world.instances[0].get("/v1/whoami").send().await;
        answer.expect_problem(401, "unauthenticated");
    }

    world.ask(0, &world.owner).await.expect(200);
}
