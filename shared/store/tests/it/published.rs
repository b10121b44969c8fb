//! How many targets of a month are out.

use domain::Clock;
use domain::delivery::protocol::{self, Claim};
use domain::delivery::{Delivery, DeliveryKey, Evidence, ProofKind, Transition, acts};
use jiff::{SignedDuration, Timestamp};
use store::{CountEffort, Meter, Published, Step, Table};
use testkit::TestClock;

use crate::posts::{Owner, owner, scheduled};

struct World {
    clock: TestClock,
    table: Table,
    meter: std::sync::Arc<Meter>,
    owner: Owner,
}

impl World {
    async fn new() -> Self {
        let clock = TestClock::at("2026-12-01T08:00:00Z");
        let meter = std::sync::Arc::new(Meter::default());
        let table = testkit::table(&clock).await;
        let table = table.metered(std::sync::Arc::clone(&meter));
        let owner = owner(&table, &clock).await;
        Self {
            clock,
            table,
            meter,
            owner,
        }
    }

    async fn scheduled(&self, due: &str) -> Delivery {
        let due = due.parse().unwrap();
        scheduled(&self.table, &self.clock, &self.owner, due).await
    }

    async fn step(&self, delivery: &Delivery, transition: Transition) -> Delivery {
        let key = DeliveryKey::of(delivery);
        match self.table.system().step(&key, &transition).await.unwrap() {
            Step::Done(next) => *next,
            other => panic!("{}: {other:?}", transition.name),
        }
    }

    /// It goes out, whatever its time.
    async fn publish(&self, delivery: &Delivery) {
        let due = delivery.due.unwrap();
        let claimed = self.step(delivery, protocol::claim(1, due, due)).await;
        let claim = Claim::of(&claimed);
        self.step(&claimed, protocol::intent(claim, due)).await;
        let evidence = Evidence {
            remote_id: None,
            permalink: None,
            proof: ProofKind::Response,
            published_at: due,
        };
        self.step(&claimed, protocol::published(claim, evidence))
            .await;
    }

    async fn count_by(&self, effort: CountEffort) -> Published {
        let tenant = self.table.tenant(&self.owner.scope);
        tenant.published(self.clock.now(), effort).await.unwrap()
    }

    async fn count(&self) -> u64 {
        let published = self.count_by(CountEffort::DEFAULT).await;
        assert_eq!(published.counted_until, self.clock.now());
        published.targets
    }

    fn later(&self, by: SignedDuration) {
        self.clock.set(self.clock.now() + by);
    }
}

const HOUR: SignedDuration = SignedDuration::from_hours(1);

#[tokio::test]
async fn published_targets_of_the_month_are_counted_once_each() {
    let world = World::new().await;
    assert_eq!(world.count().await, 0);
    let first = world.scheduled("2026-12-01T09:00:00Z").await;
    let second = world.scheduled("2026-12-01T09:00:01Z").await;
    let third = world.scheduled("2026-12-01T09:00:02Z").await;
    world.clock.set("2026-12-01T09:05:00Z".parse().unwrap());

    world.publish(&first).await;
    assert_eq!(world.count().await, 1);
    world.later(HOUR);
    assert_eq!(world.count().await, 1);
    // What waits does not hide what comes after it, nor is it forgotten.
    world.publish(&third).await;
    assert_eq!(world.count().await, 2);
    world.later(HOUR);
    world.publish(&second).await;
    assert_eq!(world.count().await, 3);
    world.later(HOUR);
    for _ in 0..3 {
        assert_eq!(world.count().await, 3);
    }
    world.clock.set("2027-01-01T00:00:00Z".parse().unwrap());
    assert_eq!(world.count().await, 0);
}

#[tokio::test]
async fn target_that_did_not_go_out_is_not_counted() {
    let world = World::new().await;
    let cancelled = world.scheduled("2026-12-01T09:00:00Z").await;
    let published = world.scheduled("2026-12-01T09:01:00Z").await;
    world.step(&cancelled, acts::cancel()).await;
    world.publish(&published).await;
    world.clock.set("2026-12-01T10:00:00Z".parse().unwrap());

    assert_eq!(world.count().await, 1);
    assert_eq!(world.count().await, 1);
}

#[tokio::test]
async fn entry_that_the_index_may_still_lack_is_waited_for() {
    let world = World::new().await;
    let late = world.scheduled("2026-12-01T09:00:00Z").await;
    let seen = world.scheduled("2026-12-01T09:00:01Z").await;
    world.publish(&seen).await;
    world.publish(&late).await;
    world.clock.set("2026-12-01T09:00:05Z".parse().unwrap());

    let before: Timestamp = world.count_by(CountEffort::DEFAULT).await.counted_until;
    world.meter.take();
    assert_eq!(world.count().await, 2);

    assert_eq!(before, world.clock.now());
    let spent = world.meter.take();
    assert!(spent.writes < 0.5, "{spent:?}");
}

#[tokio::test]
async fn count_of_more_than_one_question_may_read_goes_on_with_the_next() {
    let world = World::new().await;
    let effort = CountEffort {
        queries: 1,
        entries: 4,
    };
    for _ in 0..5 {
        let delivery = world.scheduled("2026-12-01T09:00:00Z").await;
        world.publish(&delivery).await;
    }
    world.clock.set("2026-12-01T10:00:00Z".parse().unwrap());

    let mut counts = Vec::new();
    for _ in 0..4 {
        let published = world.count_by(effort).await;
        let is_all = published.counted_until == world.clock.now();
        counts.push((published.targets, is_all));
    }

    assert_eq!(counts, [(2, false), (4, false), (5, true), (5, true)]);
    // Everything is final: nothing is read again.
    world.meter.take();
    world.count().await;
    let again = world.meter.take();
    assert!(again.writes < 0.5 && again.reads <= 1.5, "{again:?}");
}
