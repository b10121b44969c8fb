//! How the owner of a claim records the end of its try.

use jiff::Timestamp;

use super::{Claim, look_first_at, processing_changes, settled, wait_until};
use crate::delivery::evidence::{Evidence, Fault, RemoteJob};
use crate::delivery::name::TransitionName;
use crate::delivery::state::{HoldReason, State};
use crate::delivery::transition::{Change, Transition};

/// T5: it is out.
pub fn published(claim: Claim, evidence: Evidence) -> Transition {
    settled(
        TransitionName::Published,
        claim.while_in(&[State::Calling]),
        State::Published,
        Some(evidence),
        None,
    )
}

/// T5: the network took it to where a person must finish it.
pub fn handed_over(claim: Claim, evidence: Evidence) -> Transition {
    settled(
        TransitionName::HandedOver,
        claim.while_in(&[State::Calling]),
        State::HandedOver,
        Some(evidence),
        None,
    )
}

/// T15: the network took it and works on it.
pub fn processing(claim: Claim, job: RemoteJob, poll_at: Timestamp) -> Transition {
    Transition {
        name: TransitionName::Processing,
        guard: claim.while_in(&[State::Calling]),
        changes: processing_changes(job, poll_at),
    }
}

/// T6: this try certainly had no effect; the next may begin at `at`.
pub fn retry(claim: Claim, at: Timestamp, fault: Option<Fault>) -> Transition {
    Transition {
        name: TransitionName::Retry,
        guard: claim.while_in(&[State::Claimed, State::Calling]),
        changes: wait_until(at, fault),
    }
}

/// T6 when there was not even a try, perhaps for a fault of ours: another claim may do it from `at` on. Also after an
/// intent, by an owner that did not call because its claim had become too short.
pub fn postponed(claim: Claim, at: Timestamp, fault: Option<Fault>) -> Transition {
    let mut changes = wait_until(at, fault);
    changes.push(Change::NoTries);
    Transition {
        name: TransitionName::Postponed,
        guard: claim.while_in(&[State::Claimed, State::Calling]),
        changes,
    }
}

/// T6 when the account's pace allows no post before `at`, which is this delivery's turn.
pub fn paced(claim: Claim, at: Timestamp) -> Transition {
    let mut changes = wait_until(at, Some(Fault::paced()));
    changes.push(Change::NoTries);
    Transition {
        name: TransitionName::Paced,
        guard: claim.while_in(&[State::Claimed]),
        changes,
    }
}

/// T7: it will not go out, and nothing is visible.
pub fn failed(claim: Claim, fault: Fault) -> Transition {
    settled(
        TransitionName::Failed,
        claim.while_in(&[State::Claimed, State::Calling]),
        State::Failed,
        None,
        Some(fault),
    )
}

/// T8 by the owner: the call was made and no clear answer came.
pub fn uncertain(claim: Claim, now: Timestamp, fault: Fault) -> Transition {
    Transition {
        name: TransitionName::Uncertain,
        guard: claim.while_in(&[State::Calling]),
        changes: look_first_at(now, fault),
    }
}

/// T12 by a worker whose account or tenant may not publish now.
pub fn held_by_owner(
    claim: Claim,
    reason: HoldReason,
    latest_start: Timestamp,
    fault: Fault,
) -> Transition {
    Transition {
        name: TransitionName::HeldByOwner,
        guard: claim.while_in(&[State::Claimed, State::Calling]),
        changes: vec![
            Change::State(State::Held),
            Change::Hold(Some(reason)),
            Change::Lease(None),
            Change::Attention(Some(latest_start)),
            Change::Fault(Some(fault)),
        ],
    }
}

/// T11 by a worker whose account is gone.
pub fn cancelled_by_owner(claim: Claim, fault: Fault) -> Transition {
    settled(
        TransitionName::CancelledByOwner,
        claim.while_in(&[State::Claimed]),
        State::Cancelled,
        None,
        Some(fault),
    )
}

/// T13 by a worker that claimed it too late.
pub fn missed_by_owner(claim: Claim, fault: Fault) -> Transition {
    settled(
        TransitionName::MissedByOwner,
        claim.while_in(&[State::Claimed]),
        State::Missed,
        None,
        Some(fault),
    )
}
