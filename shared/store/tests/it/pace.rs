//! The pace of an account: what a turn costs, and that nobody takes two.

use std::sync::Arc;

use domain::Clock;
use jiff::SignedDuration;
use store::{Meter, Slot};
use testkit::{Price, TestClock, pace};

use crate::posts::owner;
use crate::writes::with_a_lost_answer;

#[tokio::test]
async fn turn_of_a_day_whose_answer_was_lost_is_counted_once() {
    let clock = TestClock::at("2026-12-01T09:00:00Z");
    let (table, lossy) = with_a_lost_answer(&clock, 0).await;
    let owner = owner(&table, &clock).await;
    let (rules, now) = (pace(0, 3), clock.now());
    let (tenant, behind) = (table.tenant(&owner.scope), lossy.tenant(&owner.scope));
    let slots = [
        tenant.reserve_slot(owner.account, &rules, None, now).await,
        behind.reserve_slot(owner.account, &rules, None, now).await,
        tenant.reserve_slot(owner.account, &rules, None, now).await,
        tenant.reserve_slot(owner.account, &rules, None, now).await,
    ]
    .map(Result::unwrap);

    let midnight = "2026-12-02T00:00:00Z".parse().unwrap();
    assert_eq!(
        slots,
        [
            Slot::Granted,
            Slot::Granted,
            Slot::Granted,
            Slot::DayIsFull(midnight)
        ]
    );
}

#[tokio::test]
async fn turn_after_a_gap_whose_answer_was_lost_is_reserved_once() {
    let clock = TestClock::at("2026-12-01T09:00:00Z");
    // The first request asks for a turn at once, the second reserves one.
    let (table, lossy) = with_a_lost_answer(&clock, 1).await;
    let owner = owner(&table, &clock).await;
    let (rules, now) = (pace(60, 0), clock.now());
    let (tenant, behind) = (table.tenant(&owner.scope), lossy.tenant(&owner.scope));
    let slots = [
        tenant.reserve_slot(owner.account, &rules, None, now).await,
        behind.reserve_slot(owner.account, &rules, None, now).await,
        tenant.reserve_slot(owner.account, &rules, None, now).await,
    ]
    .map(Result::unwrap);

    let minutes = |minutes| now + SignedDuration::from_mins(minutes);
    assert_eq!(
        slots,
        [
            Slot::Granted,
            Slot::Reserved(minutes(1)),
            Slot::Reserved(minutes(2))
        ]
    );
}

#[tokio::test]
async fn turn_costs_one_write_unit_once_the_day_has_begun() {
    let clock = TestClock::at("2026-12-01T09:00:00Z");
    let meter = Arc::new(Meter::default());
    let table = testkit::table(&clock).await.metered(Arc::clone(&meter));
    let owner = owner(&table, &clock).await;
    let (rules, now) = (pace(0, 10_000), clock.now());
    let tenant = table.tenant(&owner.scope);
    tenant
        .reserve_slot(owner.account, &rules, None, now)
        .await
        .unwrap();
    meter.take();

    let slot = tenant.reserve_slot(owner.account, &rules, None, now).await;

    assert_eq!(slot.unwrap(), Slot::Granted);
    assert_eq!(
        [("turn", meter.take().writes)],
        [(Price::TURN.step, Price::TURN.total())]
    );
}
