//! The table says of every transition what the domain says, in every state that transitions can reach.

use domain::Clock;
use domain::delivery::acts::{self, Plan};
use domain::delivery::protocol::{self, Claim, LostTime};
use domain::delivery::{
    Delivery, DeliveryKey, Evidence, Fault, FaultActor, FaultCategory, HoldReason, ProofKind,
    RemoteJob, State, Transition,
};
use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use store::Step;
use testkit::TestClock;

use crate::posts::{MAX_LATENESS, checked, owner, scheduled, stored};

/// A transition that somebody tries, who may have seen an older delivery.
#[derive(Clone, Copy, Debug)]
struct Attempt {
    which: usize,
    saw_older_fence: bool,
    saw_older_revision: bool,
    saw_another_time: bool,
    seconds_later: i64,
}

const TRANSITIONS: usize = 36;
const ATTEMPTS_PER_HISTORY: usize = 40;
const HISTORIES: u32 = 24;

fn attempt() -> impl Strategy<Value = Attempt> {
    let rarely = || prop::bool::weighted(0.1);
    (0..TRANSITIONS, rarely(), rarely(), rarely(), 0_i64..200).prop_map(
        |(which, saw_older_fence, saw_older_revision, saw_another_time, seconds_later)| Attempt {
            which,
            saw_older_fence,
            saw_older_revision,
            saw_another_time,
            seconds_later,
        },
    )
}

#[test]
fn table_accepts_and_makes_of_every_transition_what_the_domain_does() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let mut runner = TestRunner::new(Config {
        cases: HISTORIES,
        ..Config::default()
    });
    let history = prop::collection::vec(attempt(), ATTEMPTS_PER_HISTORY);
    runner
        .run(&history, |history| {
            runtime.block_on(compare(history));
            Ok(())
        })
        .unwrap();
}

async fn compare(history: Vec<Attempt>) {
    let clock = TestClock::at("2026-12-01T08:00:00Z");
    let table = testkit::table(&clock).await;
    let owner = owner(&table, &clock).await;
    let mut model = scheduled(
        &table,
        &clock,
        &owner,
        "2026-12-01T08:01:00Z".parse().unwrap(),
    )
    .await;
    assert_eq!(stored(&table, &model).await, model);
    for attempt in history {
        clock.advance(SignedDuration::from_secs(attempt.seconds_later));
        let transition = transition(&model, attempt, clock.now());
        let expected = model.apply(&transition);
        let step = table
            .system()
            .step(&DeliveryKey::of(&model), &transition)
            .await
            .unwrap();
        match (expected, step) {
            (Ok(next), Step::Done(stored)) => {
                assert_eq!(*stored, next, "{}", transition.name);
                model = next;
            }
            (Err(_), Step::Refused(stored)) => assert_eq!(*stored, model, "{}", transition.name),
            (expected, step) => panic!(
                "{}: the domain says {expected:?}, the table {step:?}",
                transition.name
            ),
        }
    }
}

fn transition(delivery: &Delivery, attempt: Attempt, now: Timestamp) -> Transition {
    let fence = delivery
        .fence
        .saturating_sub(u64::from(attempt.saw_older_fence));
    let revision = delivery
        .revision
        .saturating_sub(u32::from(attempt.saw_older_revision));
    let claim = Claim { fence, revision };
    let off = SignedDuration::from_secs(i64::from(attempt.saw_another_time));
    let seen = delivery
        .attention
        .unwrap_or(now)
        .saturating_add(off)
        .unwrap();
    let soon = now.saturating_add(SignedDuration::from_secs(30)).unwrap();
    let due = delivery.due.unwrap_or(now);
    let plan = Plan::new(&checked(), soon, MAX_LATENESS);
    let looks = delivery.looks;
    let job = RemoteJob {
        id: "job".to_owned(),
        poll_at: soon,
    };
    match attempt.which {
        0 => protocol::queued(seen, revision, due, now),
        // A claim, an intent and a look open the way to most states: they are tried more often.
        1..=3 => protocol::claim(revision, now, now),
        4 | 5 => protocol::intent(claim, now),
        6 => protocol::published(claim, evidence(now)),
        7 => protocol::handed_over(claim, evidence(now)),
        8 => protocol::retry(claim, soon, Some(fault())),
        9 => protocol::retry_found(fence, soon, None),
        10 => protocol::failed(claim, fault()),
        11 => protocol::uncertain(claim, now, fault()),
        12 => protocol::reaping(seen, fence, now),
        13 => protocol::reap(fence, now, fault()),
        14 => protocol::found(fence, evidence(now)),
        15 => protocol::found_failed(fence, fault()),
        16 => protocol::look_again(fence, looks, true, now),
        17 => protocol::absent(fence, looks, soon, fault()),
        18 => protocol::ask(fence, looks, fault()),
        19 => protocol::missed(seen, fault()),
        20 => protocol::held_by_owner(claim, HoldReason::Account, soon, fault()),
        21 => protocol::processing(claim, job, soon),
        22 => protocol::poll_again(fence, soon),
        23 => protocol::processing_uncertain(fence, now, fault()),
        24 => protocol::looking(State::Uncertain, seen, fence, now),
        25 => acts::schedule(plan, 2),
        26 => acts::unschedule(2),
        27 => acts::edit(plan, 2),
        28 => acts::edit_held(plan, 3),
        29 => acts::cancel(),
        30 => acts::hold(HoldReason::User, soon),
        31 => acts::resume(due, now),
        32 => acts::try_again(plan, 2),
        33 => protocol::lost(lost_time(now), now, fault()),
        34 => protocol::lost_call(lost_time(now), now, fault()),
        _ => acts::resolve_not_published(fault()),
    }
}

fn lost_time(until: Timestamp) -> LostTime {
    LostTime { from: until, until }
}

fn evidence(now: Timestamp) -> Evidence {
    Evidence {
        remote_id: Some("remote".to_owned()),
        permalink: Some("https://network.test/remote".to_owned()),
        proof: ProofKind::Response,
        published_at: now,
    }
}

fn fault() -> Fault {
    Fault::new(
        "code",
        FaultCategory::NetworkUnavailable,
        FaultActor::Network,
        "message",
        "remedy",
    )
}
