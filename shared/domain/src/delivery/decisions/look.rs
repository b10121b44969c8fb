//! What is known about a call whose owner did not record its end.

use jiff::{SignedDuration, Timestamp};

use super::{Decision, failed, outcome_unknown};
use crate::delivery::retry::next_try;
use crate::delivery::timing::READ_BACK_PAUSES;
use crate::delivery::{Attempt, Delivery, Evidence, Fault, faults, protocol};
use crate::network::RepeatRule;

/// What a look at the network showed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sight {
    /// It is out.
    Seen(Evidence),
    /// It is not there; what that proves is for this rule to say.
    Absent(RepeatRule),
    /// Nothing could be seen.
    Nothing,
    /// Nothing that could be seen will ever tell: only a person can.
    Ambiguous(Fault),
}

/// What follows from what the owner of the present claim recorded; `None` where it learned nothing.
pub fn after_attempt(delivery: &Delivery, attempt: Attempt, now: Timestamp) -> Option<Decision> {
    let fence = delivery.fence;
    Some(match attempt {
        Attempt::Published { evidence } => Decision::silent(protocol::found(fence, evidence)),
        Attempt::HandedOver { evidence } => {
            Decision::silent(protocol::found_handed_over(fence, evidence))
        }
        Attempt::Processing { job } => {
            let poll_at = job.poll_at.max(now);
            Decision::silent(protocol::processing_found(fence, job, poll_at))
        }
        Attempt::NoEffect { fault } => {
            match next_try(delivery.tries, now, None, delivery.latest_start()) {
                Some(at) => Decision::silent(protocol::retry_found(fence, at, Some(fault))),
                None => Decision::telling(protocol::found_failed(fence, fault.given_up()), failed),
            }
        }
        Attempt::Refused { fault } => {
            Decision::telling(protocol::found_failed(fence, fault), failed)
        }
        Attempt::Unknown { .. } => return None,
    })
}

/// What follows from a look at the network.
pub fn after_look(delivery: &Delivery, sight: Sight, now: Timestamp) -> Decision {
    let Delivery { fence, looks, .. } = *delivery;
    let is_last_look =
        usize::try_from(looks).is_ok_and(|looks| looks.saturating_add(1) >= READ_BACK_PAUSES.len());
    let is_proof = match sight {
        Sight::Seen(evidence) => return Decision::silent(protocol::found(fence, evidence)),
        Sight::Ambiguous(fault) => return ask(delivery, fault),
        Sight::Absent(rule) => proves_absence(rule, delivery, now),
        Sight::Nothing => false,
    };
    if is_proof && delivery.absences >= 1 {
        return never_arrived(delivery, now);
    }
    if is_last_look {
        return ask(delivery, faults::outcome_unknown());
    }
    Decision::silent(protocol::look_again(fence, looks, is_proof, now))
}

/// Whether not seeing the post proves that the call never came, by the network's rules.
fn proves_absence(rule: RepeatRule, delivery: &Delivery, now: Timestamp) -> bool {
    match rule {
        // Even a call that comes late writes the same record, so another one is harmless.
        RepeatRule::ClientKey => true,
        RepeatRule::ReadBack {
            absence_after_seconds: Some(seconds),
        } => delivery.uncertain_since.is_some_and(|since| {
            now.duration_since(since) >= SignedDuration::from_secs(i64::from(seconds))
        }),
        RepeatRule::ReadBack {
            absence_after_seconds: None,
        }
        | RepeatRule::Nothing => false,
    }
}

/// It was absent twice when that proves something: it is tried again, unless it is too late for that.
fn never_arrived(delivery: &Delivery, now: Timestamp) -> Decision {
    let Delivery { fence, looks, .. } = *delivery;
    let fault = faults::never_arrived();
    if now > delivery.latest_start() {
        Decision::telling(protocol::found_failed(fence, fault.given_up()), failed)
    } else {
        Decision::silent(protocol::absent(fence, looks, now, fault))
    }
}

fn ask(delivery: &Delivery, fault: Fault) -> Decision {
    let transition = protocol::ask(delivery.fence, delivery.looks, fault);
    Decision::telling(transition, outcome_unknown)
}
