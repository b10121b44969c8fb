//! What is known about a call whose owner did not record its end.

use jiff::Timestamp;

use super::{Decision, failed, outcome_unknown};
use crate::delivery::retry::next_try;
use crate::delivery::timing::{LATE_CALL, READ_BACK_PAUSES};
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
    /// Nothing that could be seen will ever tell: only a person can, once no late call can appear any more, which is for
    /// this rule to say.
    Ambiguous(RepeatRule, Fault),
}

/// What follows from what the owner of the present claim recorded; `None` where it learned nothing.
pub fn after_attempt(delivery: &Delivery, attempt: Attempt, now: Timestamp) -> Option<Decision> {
    let fence = delivery.fence;
    Some(match attempt {
        Attempt::Published { evidence } => Decision::silent(protocol::found(fence, evidence)),
        Attempt::HandedOver { evidence } => {
            Decision::silent(protocol::found_handed_over(fence, evidence))
        }
        // The job was asked about already, and did not tell.
        Attempt::Processing { .. } if delivery.job.is_some() => return None,
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

/// What follows from a look at the network, made because of a message that the queue held for `waited` seconds.
pub fn after_look(delivery: &Delivery, sight: Sight, waited: u32, now: Timestamp) -> Decision {
    let Delivery { fence, looks, .. } = *delivery;
    let is_last_look =
        usize::try_from(looks).is_ok_and(|looks| looks.saturating_add(1) >= READ_BACK_PAUSES.len());
    let is_proof = match sight {
        Sight::Seen(evidence) => return Decision::silent(protocol::found(fence, evidence)),
        Sight::Ambiguous(rule, fault) if is_last_look || is_over(rule, waited) => {
            return ask(delivery, fault);
        }
        Sight::Absent(rule) => is_over(rule, waited) && !may_look_different(delivery, rule),
        Sight::Ambiguous(_, _) | Sight::Nothing => false,
    };
    if is_proof && delivery.absences >= 1 {
        return never_arrived(delivery, now);
    }
    if is_last_look {
        return ask(delivery, faults::outcome_unknown());
    }
    Decision::silent(protocol::look_again(fence, looks, is_proof, now))
}

/// Whether a call can have no effect any more, by the network's rules. Their seconds are counted by the queue, from when
/// the call was given up or seen absent before: clocks of two workers may differ by more than that.
fn is_over(rule: RepeatRule, waited: u32) -> bool {
    let seconds = match rule {
        // A call that comes late writes the same record, unless the content was edited between.
        RepeatRule::ClientKey => u32::try_from(LATE_CALL.as_secs()).ok(),
        RepeatRule::ReadBack {
            absence_after_seconds,
        } => absence_after_seconds,
        RepeatRule::Nothing => None,
    };
    seconds.is_some_and(|seconds| waited >= seconds)
}

/// Whether a post could be out that a look by content does not recognise.
fn may_look_different(delivery: &Delivery, rule: RepeatRule) -> bool {
    match rule {
        RepeatRule::ReadBack { .. } => delivery.fault.as_ref().is_some_and(faults::is_content_lost),
        RepeatRule::ClientKey | RepeatRule::Nothing => false,
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
