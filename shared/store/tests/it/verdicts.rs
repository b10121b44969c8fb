//! The table says of every transition what the domain says, in every state that transitions can reach.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use domain::Clock;
use domain::delivery::acts::{self, Plan};
use domain::delivery::protocol::{self, Claim, LostTime};
use domain::delivery::{
    Delivery, DeliveryKey, Evidence, Fault, FaultActor, FaultCategory, HoldReason, ProofKind,
    RemoteJob, State, Transition, TransitionName,
};
use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use store::{Step, Table};
use testkit::TestClock;

use crate::posts::{MAX_LATENESS, checked, owner, scheduled, stored};

/// A transition that somebody tries, who may have seen an older delivery.
#[derive(Clone, Copy, Debug)]
struct Attempt {
    name: TransitionName,
    saw_older_fence: bool,
    saw_older_revision: bool,
    saw_another_time: bool,
    seconds_later: i64,
}

const ATTEMPTS_PER_HISTORY: usize = 40;
const HISTORIES: u32 = 24;

fn attempt() -> impl Strategy<Value = Attempt> {
    let rarely = || prop::bool::weighted(0.1);
    // A claim and an intent open the way to most states: they are tried more often.
    let mut names = TransitionName::ALL.to_vec();
    names.extend([
        TransitionName::Claim,
        TransitionName::Claim,
        TransitionName::Intent,
    ]);
    (
        prop::sample::select(names),
        rarely(),
        rarely(),
        rarely(),
        0_i64..200,
    )
        .prop_map(
            |(name, saw_older_fence, saw_older_revision, saw_another_time, seconds_later)| {
                Attempt {
                    name,
                    saw_older_fence,
                    saw_older_revision,
                    saw_another_time,
                    seconds_later,
                }
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
        if let Some(next) = verdict(&table, &model, &transition).await {
            model = next;
        }
    }
}

/// What both make of the transition; `None` where both refuse it.
async fn verdict(table: &Table, model: &Delivery, transition: &Transition) -> Option<Delivery> {
    let expected = model.apply(transition);
    let step = table
        .system()
        .step(&DeliveryKey::of(model), transition)
        .await
        .unwrap();
    match (expected, step) {
        (Ok(next), Step::Done(stored)) => {
            assert_eq!(*stored, next, "{}", transition.name);
            Some(next)
        }
        (Err(_), Step::Refused(stored)) => {
            assert_eq!(*stored, *model, "{}", transition.name);
            None
        }
        (expected, step) => panic!(
            "{}: the domain says {expected:?}, the table {step:?}",
            transition.name
        ),
    }
}

/// Between two steps of a walk every claim runs out.
const PAUSE: SignedDuration = SignedDuration::from_secs(100);

/// An attempt of somebody who has seen everything.
fn knowing(name: TransitionName) -> Attempt {
    Attempt {
        name,
        saw_older_fence: false,
        saw_older_revision: false,
        saw_another_time: false,
        seconds_later: PAUSE.as_secs(),
    }
}

/// The shortest way from a scheduled delivery to each transition that the domain accepts, that transition included.
fn walks(first: &Delivery, begin: Timestamp) -> BTreeMap<TransitionName, Vec<TransitionName>> {
    let mut walks = BTreeMap::new();
    let mut states = BTreeSet::from([first.state.name()]);
    let mut reached = VecDeque::from([(first.clone(), begin, vec![])]);
    while let Some((delivery, at, walk)) = reached.pop_front() {
        let now = at + PAUSE;
        for name in TransitionName::ALL {
            let Ok(next) = delivery.apply(&transition(&delivery, knowing(*name), now)) else {
                continue;
            };
            let walk: Vec<_> = walk.iter().copied().chain([*name]).collect();
            walks.entry(*name).or_insert_with(|| walk.clone());
            if states.insert(next.state.name()) {
                reached.push_back((next, now, walk));
            }
        }
    }
    walks
}

#[tokio::test]
async fn table_accepts_every_transition_that_exists() {
    let clock = TestClock::at("2026-12-01T08:00:00Z");
    let table = testkit::table(&clock).await;
    let owner = owner(&table, &clock).await;
    let begin = clock.now();
    let due = begin + PAUSE;
    let first = scheduled(&table, &clock, &owner, due).await;
    let walks = walks(&first, begin);
    for name in TransitionName::ALL {
        let Some(walk) = walks.get(name) else {
            panic!("the domain accepts {name} in no state that can be reached");
        };
        clock.set(begin);
        let mut model = scheduled(&table, &clock, &owner, due).await;
        for step in walk {
            clock.advance(PAUSE);
            let transition = transition(&model, knowing(*step), clock.now());
            model = verdict(&table, &model, &transition).await.unwrap();
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
    match attempt.name {
        TransitionName::Schedule => acts::schedule(plan, 2),
        TransitionName::Unschedule => acts::unschedule(2),
        TransitionName::Edit => acts::edit(plan, 2),
        TransitionName::EditHeld => acts::edit_held(plan, 3),
        TransitionName::Rewrite => acts::rewrite(4),
        TransitionName::Cancel => acts::cancel(),
        TransitionName::Hold => acts::hold(HoldReason::User, soon),
        TransitionName::Resume => acts::resume(due, now),
        TransitionName::TryAgain => acts::try_again(plan, 2),
        TransitionName::ResolvePublished => acts::resolve_published(evidence(now)),
        TransitionName::ResolveNotPublished => acts::resolve_not_published(fault()),
        TransitionName::Queued => protocol::queued(seen, revision, due, now),
        TransitionName::Claim => protocol::claim(revision, now, now),
        TransitionName::Intent => protocol::intent(claim, now),
        TransitionName::Published => protocol::published(claim, evidence(now)),
        TransitionName::HandedOver => protocol::handed_over(claim, evidence(now)),
        TransitionName::Retry => protocol::retry(claim, soon, Some(fault())),
        TransitionName::Postponed => protocol::postponed(claim, soon, Some(fault())),
        TransitionName::Paced => protocol::paced(claim, soon),
        TransitionName::RetryFound => protocol::retry_found(fence, soon, None),
        TransitionName::Failed => protocol::failed(claim, fault()),
        TransitionName::Uncertain => protocol::uncertain(claim, now, fault()),
        TransitionName::Reaping => protocol::reaping(seen, fence, now),
        TransitionName::Reap => protocol::reap(fence, now, fault()),
        TransitionName::Looking => protocol::looking(State::Uncertain, seen, fence, now),
        TransitionName::LookAgain => protocol::look_again(fence, looks, true, now),
        TransitionName::Found => protocol::found(fence, evidence(now)),
        TransitionName::FoundHandedOver => protocol::found_handed_over(fence, evidence(now)),
        TransitionName::FoundFailed => protocol::found_failed(fence, fault()),
        TransitionName::Absent => protocol::absent(fence, looks, soon, fault()),
        TransitionName::Ask => protocol::ask(fence, looks, fault()),
        TransitionName::CancelledByOwner => protocol::cancelled_by_owner(claim, fault()),
        TransitionName::HeldByOwner => {
            protocol::held_by_owner(claim, HoldReason::Account, soon, fault())
        }
        TransitionName::Missed => protocol::missed(seen, fault()),
        TransitionName::MissedByOwner => protocol::missed_by_owner(claim, fault()),
        TransitionName::OverdueMissed => protocol::overdue_missed(now, fault()),
        TransitionName::OverdueAsk => protocol::overdue_ask(now, fault()),
        TransitionName::Processing => protocol::processing(claim, job, soon),
        TransitionName::ProcessingFound => protocol::processing_found(fence, job, soon),
        TransitionName::PollAgain => protocol::poll_again(fence, soon),
        TransitionName::ProcessingUncertain => protocol::processing_uncertain(fence, now, fault()),
        TransitionName::Lost => protocol::lost(lost_time(now), now, fault()),
        TransitionName::LostCall => protocol::lost_call(lost_time(now), now, fault()),
        TransitionName::LostContent => protocol::lost_content(fault()),
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
