//! What a caller learns of a conditional write: whether it happened, also when its answer was lost.

use cloud::faults::{Effects, Fault, FaultPlan, FaultyHttpClient};
use domain::Clock;
use domain::delivery::{DeliveryKey, State, protocol};
use store::{Step, Table};
use testkit::TestClock;

use crate::posts::{owner, scheduled, stored};

/// A table, and the same one where the answer to a request, counted from 0, is lost.
pub(crate) async fn with_a_lost_answer(clock: &TestClock, request: u32) -> (Table, Table) {
    let config = testkit::table::config().await;
    let plain = aws_sdk_dynamodb::Client::from_conf(config.clone().build());
    let table = testkit::table_with(plain, testkit::clock::ids(clock)).await;
    let http = aws_smithy_http_client::Builder::new().build_http();
    let lossy = config.http_client(FaultyHttpClient::new(
        http,
        Effects::new(FaultPlan::at(request, Fault::FailAfter)),
    ));
    let lossy = Table::new(
        aws_sdk_dynamodb::Client::from_conf(lossy.build()),
        table.settings().clone(),
        table.ids().clone(),
    );
    (table, lossy)
}

#[tokio::test]
async fn write_whose_answer_was_lost_counts_as_done() {
    let clock = TestClock::at("2026-12-01T09:00:00Z");
    let (table, lossy) = with_a_lost_answer(&clock, 0).await;
    let owner = owner(&table, &clock).await;
    let delivery = scheduled(&table, &clock, &owner, clock.now()).await;

    let claim = protocol::claim(delivery.revision, clock.now(), clock.now());
    let step = lossy
        .system()
        .step(&DeliveryKey::of(&delivery), &claim)
        .await
        .unwrap();

    // The SDK repeated the request; the repeat met its own success.
    let Step::Done(claimed) = step else {
        panic!("{step:?}")
    };
    assert_eq!(
        (claimed.state, claimed.fence, claimed.tries),
        (State::Claimed, 1, 1)
    );
    assert_eq!(stored(&table, &delivery).await, *claimed);
}

#[tokio::test]
async fn write_to_a_delivery_that_does_not_exist_is_absent() {
    let clock = TestClock::at("2026-12-01T09:00:00Z");
    let table = testkit::table(&clock).await;
    let owner = owner(&table, &clock).await;
    let delivery = scheduled(&table, &clock, &owner, clock.now()).await;
    let mut key = DeliveryKey::of(&delivery);
    key.post = domain::PostId::generate(table.ids());

    let claim = protocol::claim(1, clock.now(), clock.now());

    assert!(matches!(
        table.system().step(&key, &claim).await.unwrap(),
        Step::Absent
    ));
}

#[tokio::test]
async fn claims_of_two_workers_at_once_have_one_winner() {
    let clock = TestClock::at("2026-12-01T09:00:00Z");
    let table = testkit::table(&clock).await;
    let owner = owner(&table, &clock).await;
    let delivery = scheduled(&table, &clock, &owner, clock.now()).await;
    let (key, claim) = (
        DeliveryKey::of(&delivery),
        protocol::claim(1, clock.now(), clock.now()),
    );

    let claims = (0..16).map(|_| async { table.system().step(&key, &claim).await.unwrap() });
    let steps = futures::future::join_all(claims).await;

    let winners = steps
        .iter()
        .filter(|step| matches!(step, Step::Done(_)))
        .count();
    assert_eq!(winners, 1);
    assert_eq!(stored(&table, &delivery).await.fence, 1);
}
