//! What holds in every state that transitions can reach, and the cases that decide whether a post can appear twice.

use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;
use uuid::Uuid;

use super::acts::{self, Plan};
use super::decisions::{self, Sight, Work};
use super::protocol::{self, Claim, LostTime};
use super::timing::LOOK_AHEAD;
use super::*;
use crate::network::RepeatRule;
use crate::preflight::{Validated, validate};

const MAX_LATENESS: SignedDuration = SignedDuration::from_hours(6);

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn due() -> Timestamp {
    at("2026-12-01T09:00:00Z")
}

fn checked() -> Validated {
    validate(&[]).unwrap()
}

fn plan(due: Timestamp) -> Plan {
    Plan::new(&checked(), due, MAX_LATENESS)
}

fn scheduled() -> Delivery {
    let uuid = Uuid::from_u128(1);
    let target = Target {
        id: DeliveryId::from_uuid(uuid),
        tenant: TenantId::from_uuid(uuid),
        post: PostId::from_uuid(uuid),
        account: AccountId::from_uuid(uuid),
        network: NetworkId::PLAYGROUND,
    };
    Delivery::scheduled(target, plan(due()))
}

fn claimed() -> (Delivery, Claim) {
    let claimed = scheduled()
        .apply(&protocol::claim(1, due(), due()))
        .unwrap();
    let claim = Claim::of(&claimed);
    (claimed, claim)
}

fn calling() -> (Delivery, Claim) {
    let (claimed, claim) = claimed();
    (
        claimed.apply(&protocol::intent(claim, due())).unwrap(),
        claim,
    )
}

fn evidence() -> Evidence {
    Evidence {
        remote_id: Some("1".to_owned()),
        permalink: None,
        proof: ProofKind::Response,
        published_at: due(),
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

#[test]
fn claim_of_an_older_plan_is_refused() {
    let edited = scheduled().apply(&acts::edit(plan(due()), 2)).unwrap();

    assert!(edited.apply(&protocol::claim(1, due(), due())).is_err());
    assert!(edited.apply(&protocol::claim(2, due(), due())).is_ok());
}

#[test]
fn claim_before_its_time_is_refused() {
    let early = at("2026-12-01T08:59:57Z");

    assert!(
        scheduled()
            .apply(&protocol::claim(1, early, early))
            .is_err()
    );
}

#[test]
fn claim_of_another_worker_is_taken_over_only_after_its_lease() {
    let (claimed, _) = claimed();
    let lease = claimed.lease.unwrap();
    let after = lease
        .saturating_add(SignedDuration::from_millis(1))
        .unwrap();

    assert!(claimed.apply(&protocol::claim(1, lease, lease)).is_err());
    assert_eq!(
        claimed
            .apply(&protocol::claim(1, after, after))
            .unwrap()
            .fence,
        2
    );
}

#[test]
fn begun_call_is_never_claimed_again() {
    let (calling, _) = calling();
    let much_later = at("2026-12-02T09:00:00Z");

    assert!(
        calling
            .apply(&protocol::claim(1, much_later, much_later))
            .is_err()
    );
}

#[test]
fn worker_that_failed_while_preparing_cannot_move_a_rescheduled_delivery() {
    let (claimed, claim) = claimed();
    let tomorrow = at("2026-12-02T09:00:00Z");
    let rescheduled = claimed.apply(&acts::edit(plan(tomorrow), 2)).unwrap();

    let late = protocol::retry(claim, at("2026-12-01T09:00:10Z"), None);

    assert!(rescheduled.apply(&late).is_err());
    assert_eq!(rescheduled.not_before, Some(tomorrow));
}

#[test]
fn cancelled_delivery_refuses_the_intent_of_its_worker() {
    let (claimed, claim) = claimed();
    let cancelled = claimed.apply(&acts::cancel()).unwrap();

    assert!(cancelled.apply(&protocol::intent(claim, due())).is_err());
}

#[test]
fn begun_call_refuses_every_act_of_a_person() {
    let (calling, _) = calling();

    for act in [
        acts::edit(plan(due()), 2),
        acts::edit_held(plan(due()), 2),
        acts::cancel(),
        acts::hold(HoldReason::User, due()),
        acts::unschedule(2),
        acts::schedule(plan(due()), 2),
        acts::try_again(plan(due()), 2),
    ] {
        assert!(calling.apply(&act).is_err(), "{}", act.name);
    }
}

#[test]
fn settlement_of_an_owner_that_was_reaped_is_refused_after_the_next_claim() {
    let (calling, claim) = calling();
    let later = at("2026-12-01T09:05:00Z");
    let uncertain = calling
        .apply(&protocol::reap(claim.fence, later, fault()))
        .unwrap();
    let waiting = uncertain
        .apply(&protocol::absent(claim.fence, 0, later, fault()))
        .unwrap();
    let claimed_again = waiting.apply(&protocol::claim(1, later, later)).unwrap();

    assert!(
        claimed_again
            .apply(&protocol::published(claim, evidence()))
            .is_err()
    );
}

#[test]
fn call_with_a_live_lease_is_not_reaped() {
    let (calling, claim) = calling();

    assert!(
        calling
            .apply(&protocol::reap(
                claim.fence,
                calling.lease.unwrap(),
                fault()
            ))
            .is_err()
    );
}

#[test]
fn message_that_was_sent_for_another_time_does_not_mark() {
    let moved = scheduled()
        .apply(&acts::edit(plan(at("2026-12-01T10:00:00Z")), 2))
        .unwrap();

    assert!(
        moved
            .apply(&protocol::queued(due(), 2, due(), due()))
            .is_err()
    );
}

#[test]
fn resumed_delivery_whose_time_has_passed_starts_now() {
    let held = scheduled()
        .apply(&acts::hold(HoldReason::Account, at("2026-12-01T15:00:00Z")))
        .unwrap();
    let now = at("2026-12-01T11:30:00Z");

    let resumed = held.apply(&acts::resume(due(), now)).unwrap();

    assert_eq!(
        (resumed.state, resumed.due, resumed.not_before),
        (State::Scheduled, Some(due()), Some(now))
    );
}

#[test]
fn lateness_is_never_negative() {
    let (calling, _) = calling();
    let early = Delivery {
        called_at: Some(at("2026-12-01T08:59:59Z")),
        ..calling.clone()
    };
    let late = Delivery {
        called_at: Some(at("2026-12-01T09:00:01.250Z")),
        ..calling
    };

    assert_eq!(early.lateness_ms(), Some(0));
    assert_eq!(late.lateness_ms(), Some(1250));
}

#[test]
fn evidence_of_a_job_that_did_not_tell_leads_to_a_look_at_the_network() {
    let (calling, claim) = calling();
    let job = RemoteJob {
        id: "job".to_owned(),
        poll_at: due(),
    };
    let evidence = Attempt::Processing { job: job.clone() };
    let uncertain = calling
        .apply(&protocol::processing(claim, job, due()))
        .and_then(|processing| {
            processing.apply(&protocol::processing_uncertain(claim.fence, due(), fault()))
        })
        .unwrap();

    assert!(decisions::after_attempt(&calling, evidence.clone(), due()).is_some());
    assert!(decisions::after_attempt(&uncertain, evidence, due()).is_none());
}

#[test]
fn poll_is_made_for_its_own_message_only() {
    let (calling, claim) = calling();
    let job = RemoteJob {
        id: "job".to_owned(),
        poll_at: due(),
    };
    let processing = calling
        .apply(&protocol::processing(claim, job, due()))
        .unwrap();
    let message = decisions::next_message(&processing, due()).unwrap();
    let later = at("2026-12-01T09:00:30Z");
    let polled = processing
        .apply(&protocol::poll_again(claim.fence, later))
        .unwrap();

    assert_eq!(
        decisions::on_message(&message, &processing, due()),
        Work::Poll
    );
    assert_eq!(
        decisions::on_message(&message, &polled, later),
        Work::Nothing
    );
    let next = decisions::next_message(&polled, later).unwrap();
    assert_eq!(decisions::on_message(&next, &polled, later), Work::Poll);
}

#[test]
fn delivery_whose_message_was_sent_is_not_looked_at_ahead_of_time() {
    let now = due() - LOOK_AHEAD;
    let sent = scheduled()
        .apply(&protocol::queued(due(), 1, due(), now))
        .unwrap()
        .attention
        .unwrap();

    assert!(decisions::is_start_near(due(), due(), now));
    assert!(!decisions::is_start_near(sent, due(), sent - LOOK_AHEAD));
    assert!(decisions::is_start_near(sent, due(), sent));
}

#[test]
fn claim_is_taken_over_once_it_is_dead_by_a_slower_clock_too() {
    let (calling, _) = calling();
    let lease = calling.lease.unwrap();
    let claimed = Delivery {
        state: State::Claimed,
        attention: Some(lease),
        ..calling
    };
    let follow = |seconds| {
        let now = lease + SignedDuration::from_secs(seconds);
        decisions::to_follow(&claimed, lease, now).is_some()
    };

    assert_eq!((follow(2), follow(3)), (false, true));
}

#[test]
fn overdue_call_is_settled_by_its_evidence_before_anybody_is_asked() {
    let (calling, _) = calling();
    let evidence = Attempt::Published {
        evidence: evidence(),
    };
    let hours_later = at("2026-12-01T20:00:00Z");
    let settled = |attempt| {
        let decision = decisions::on_overdue(&calling, attempt, hours_later).unwrap();
        calling.apply(&decision.transition).unwrap().state
    };

    assert_eq!(settled(Some(evidence)), State::Published);
    assert_eq!(settled(None), State::Asking);
}

#[test]
fn look_is_made_for_its_own_message_only() {
    let (calling, claim) = calling();
    let uncertain = calling
        .apply(&protocol::uncertain(claim, due(), fault()))
        .unwrap();
    let message = decisions::next_message(&uncertain, due()).unwrap();
    let looked = uncertain
        .apply(&protocol::look_again(claim.fence, 0, true, due()))
        .unwrap();

    assert!(matches!(
        decisions::on_message(&message, &uncertain, due()),
        Work::Look(Look { waits: 30, .. })
    ));
    assert_eq!(
        decisions::on_message(&message, &looked, due()),
        Work::Nothing
    );
}

#[test]
fn absence_proves_nothing_before_the_queue_held_the_look_for_long_enough() {
    let (calling, claim) = calling();
    let uncertain = calling
        .apply(&protocol::uncertain(claim, due(), fault()))
        .unwrap();
    let rule = RepeatRule::ReadBack {
        absence_after_seconds: Some(30),
    };
    let hours_later = at("2026-12-01T11:00:00Z");
    let absences = |waited| {
        let decision = decisions::after_look(&uncertain, Sight::Absent(rule), waited, hours_later);
        uncertain.apply(&decision.transition).unwrap().absences
    };

    assert_eq!((absences(29), absences(30)), (0, 1));
}

#[test]
fn person_is_asked_which_post_it_is_only_when_no_late_call_can_appear() {
    let (calling, claim) = calling();
    let uncertain = calling
        .apply(&protocol::uncertain(claim, due(), fault()))
        .unwrap();
    let state_after = |absence_after_seconds| {
        let rule = RepeatRule::ReadBack {
            absence_after_seconds,
        };
        let sight = Sight::Ambiguous(rule, fault());
        let decision = decisions::after_look(&uncertain, sight, 30, due());
        uncertain.apply(&decision.transition).unwrap().state
    };

    assert_eq!(state_after(Some(30)), State::Asking);
    assert_eq!(state_after(None), State::Uncertain);
}

#[test]
fn owner_that_did_not_call_gives_the_delivery_back_after_its_intent() {
    let (calling, claim) = calling();

    let waiting = calling
        .apply(&protocol::postponed(claim, due(), None))
        .unwrap();

    assert_eq!((waiting.state, waiting.tries), (State::RetryWait, 0));
}

fn lost_time(until: Timestamp) -> LostTime {
    LostTime {
        from: until.saturating_sub(SignedDuration::from_mins(5)).unwrap(),
        until,
    }
}

#[test]
fn delivery_that_was_due_in_the_lost_time_is_looked_for_before_anybody_calls() {
    let later = at("2026-12-01T09:02:00Z");
    let lost = protocol::lost(lost_time(later), later, fault());
    let uncertain = scheduled().apply(&lost).unwrap();

    assert_eq!((uncertain.state, uncertain.fence), (State::Uncertain, 1));
    assert!(uncertain.apply(&protocol::claim(1, later, later)).is_err());
}

#[test]
fn delivery_that_was_due_after_the_lost_time_keeps_its_plan() {
    let before = at("2026-12-01T08:59:00Z");

    assert!(
        scheduled()
            .apply(&protocol::lost(lost_time(before), before, fault()))
            .is_err()
    );
}

#[test]
fn call_by_a_plan_that_is_lost_is_looked_for_whatever_the_plan_is_now() {
    let later = at("2026-12-01T09:02:00Z");
    let lost = protocol::lost_call(lost_time(later), later, fault());
    let cancelled = scheduled().apply(&acts::cancel()).unwrap();

    let uncertain = cancelled.apply(&lost).unwrap();

    assert_eq!(uncertain.state, State::Uncertain);
    assert!(uncertain.deadline.is_some() && uncertain.attention.is_some());
}

#[test]
fn absence_proves_nothing_where_the_content_may_be_lost_that_posts_are_told_apart_by() {
    let (calling, _) = calling();
    let until = at("2026-12-01T09:02:00Z");
    let lost = protocol::lost(lost_time(until), until, fault());
    let named = protocol::lost_content(faults::content_lost());
    let uncertain = calling.apply(&lost).unwrap().apply(&named).unwrap();
    let absences = |rule| {
        let decision = decisions::after_look(&uncertain, Sight::Absent(rule), 30, until);
        uncertain.apply(&decision.transition).unwrap().absences
    };

    let by_content = RepeatRule::ReadBack {
        absence_after_seconds: Some(30),
    };
    assert_eq!(
        (absences(by_content), absences(RepeatRule::ClientKey)),
        (0, 1)
    );
}

fn any_transition(which: u32, delivery: &Delivery, now: Timestamp) -> Transition {
    let claim = Claim::of(delivery);
    let seen = delivery.attention.unwrap_or(now);
    let soon = now.saturating_add(SignedDuration::from_secs(30)).unwrap();
    let job = RemoteJob {
        id: "job".to_owned(),
        poll_at: soon,
    };
    match which {
        0 => protocol::queued(seen, delivery.revision, due(), now),
        1..=4 => protocol::claim(delivery.revision, now, now),
        5..=7 => protocol::intent(claim, now),
        8 => protocol::published(claim, evidence()),
        9 => protocol::retry(claim, soon, Some(fault())),
        10 => protocol::failed(claim, fault()),
        11 => protocol::uncertain(claim, now, fault()),
        12 => protocol::reap(claim.fence, now, fault()),
        13 => protocol::found(claim.fence, evidence()),
        14 => protocol::look_again(claim.fence, delivery.looks, true, now),
        15 => protocol::absent(claim.fence, delivery.looks, soon, fault()),
        16 => protocol::ask(claim.fence, delivery.looks, fault()),
        17 => protocol::missed(seen, fault()),
        18 => protocol::held_by_owner(claim, HoldReason::Tenant, soon, fault()),
        19 => protocol::processing(claim, job, soon),
        20 => protocol::processing_uncertain(claim.fence, now, fault()),
        21 => acts::schedule(plan(soon), 2),
        22 => acts::unschedule(2),
        23 => acts::edit(plan(soon), 3),
        24 => acts::cancel(),
        25 => acts::hold(HoldReason::User, soon),
        26 => acts::resume(delivery.due.unwrap_or(now), now),
        27 => acts::try_again(plan(soon), 4),
        28 => acts::resolve_published(evidence()),
        29 => acts::resolve_not_published(fault()),
        30 => protocol::overdue_missed(now, fault()),
        31 => protocol::lost(lost_time(now), now, fault()),
        32 => protocol::lost_call(lost_time(now), now, fault()),
        33 => protocol::lost_content(faults::content_lost()),
        _ => protocol::overdue_ask(now, fault()),
    }
}

proptest! {
    #[test]
    fn delivery_is_never_stuck_and_never_published_without_evidence(
        steps in prop::collection::vec((0_u32..35, 0_i64..400), 1..60),
    ) {
        let mut delivery = scheduled();
        let mut now = due();
        for (which, seconds) in steps {
            now = now.saturating_add(SignedDuration::from_secs(seconds)).unwrap();
            let Ok(next) = delivery.apply(&any_transition(which, &delivery, now)) else { continue };
            prop_assert!(next.revision >= delivery.revision && next.fence >= delivery.fence);
            prop_assert_eq!(next.attention.is_none(), next.state.is_settled(), "{:?}", next.state);
            prop_assert_eq!(next.deadline.is_none(), next.state.is_settled(), "{:?}", next.state);
            let is_out = matches!(next.state, State::Published | State::HandedOver);
            prop_assert_eq!(is_out, next.evidence.is_some());
            let is_owned = matches!(next.state, State::Claimed | State::Calling);
            prop_assert_eq!(is_owned, next.lease.is_some(), "{:?}", next.state);
            delivery = next;
        }
    }
}
