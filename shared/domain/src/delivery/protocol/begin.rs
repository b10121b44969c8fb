//! From waiting to the begin of the call: the message, the claim, the intent, and the end of waiting.

use jiff::Timestamp;

use super::{Claim, WAITING, settled};
use crate::delivery::Revision;
use crate::delivery::evidence::Fault;
use crate::delivery::name::TransitionName;
use crate::delivery::state::State;
use crate::delivery::timing::{LEASE, RESEND, after};
use crate::delivery::transition::{Change, Guard, Transition};

/// T2: a message was sent. `seen` is the attention time that the sender saw. The message may be lost, so somebody looks
/// again [`RESEND`] after the time at which it should have woken a worker.
pub fn queued(
    seen: Timestamp,
    revision: Revision,
    not_before: Timestamp,
    now: Timestamp,
) -> Transition {
    Transition {
        name: TransitionName::Queued,
        guard: Guard::All(vec![
            Guard::StateIn(WAITING.to_vec()),
            Guard::AttentionIs(seen),
            Guard::RevisionIs(revision),
        ]),
        changes: vec![
            Change::State(State::Queued),
            Change::Attention(Some(after(not_before.max(now), RESEND))),
        ],
    }
}

/// T3, the claim: from now on one worker owns the plan `revision`. A claim that has run out can be taken over, for
/// nothing can be visible before the intent.
pub fn claim(revision: Revision, now: Timestamp, latest_not_before: Timestamp) -> Transition {
    let lease = after(now, LEASE);
    Transition {
        name: TransitionName::Claim,
        guard: Guard::All(vec![
            Guard::RevisionIs(revision),
            Guard::Any(vec![
                Guard::All(vec![
                    Guard::StateIn(WAITING.to_vec()),
                    Guard::StartableAt(latest_not_before),
                ]),
                Guard::All(vec![
                    Guard::StateIn(vec![State::Claimed]),
                    Guard::LeaseOverAt(now),
                ]),
            ]),
        ]),
        changes: vec![
            Change::State(State::Claimed),
            Change::NextFence,
            Change::NextTry,
            Change::Lease(Some(lease)),
            Change::Attention(Some(lease)),
        ],
    }
}

/// T4, the intent: the publishing call begins. After this, nobody repeats it blindly.
pub fn intent(claim: Claim, now: Timestamp) -> Transition {
    Transition {
        name: TransitionName::Intent,
        guard: claim.while_in(&[State::Claimed]),
        changes: vec![
            Change::State(State::Calling),
            Change::CalledAt(Some(now)),
            Change::Fault(None),
        ],
    }
}

/// T13: its time passed. `seen` is the attention time that was seen.
pub fn missed(seen: Timestamp, fault: Fault) -> Transition {
    let mut states = WAITING.to_vec();
    states.push(State::Held);
    settled(
        TransitionName::Missed,
        Guard::All(vec![Guard::StateIn(states), Guard::AttentionIs(seen)]),
        State::Missed,
        None,
        Some(fault),
    )
}
