//! What becomes of a call whose owner did not record its end, and of a job of the network.

use jiff::{SignedDuration, Timestamp};

use super::{look_first_at, processing_changes, settled, wait_until};
use crate::delivery::Fence;
use crate::delivery::evidence::{Evidence, Fault, RemoteJob};
use crate::delivery::name::TransitionName;
use crate::delivery::state::State;
use crate::delivery::timing::{READ_BACK_PAUSES, RESEND, after};
use crate::delivery::transition::{Change, Guard, Transition};

/// A message for something other than a first try (a poll, a look) was sent: look again later if it is lost.
pub fn looking(state: State, seen: Timestamp, fence: Fence, now: Timestamp) -> Transition {
    Transition {
        name: TransitionName::Looking,
        guard: Guard::All(vec![
            Guard::StateIn(vec![state]),
            Guard::FenceIs(fence),
            Guard::AttentionIs(seen),
        ]),
        changes: vec![Change::Attention(Some(after(now, RESEND)))],
    }
}

/// A claim that called looks dead: its message to `reap` was sent, look again later.
pub fn reaping(seen: Timestamp, fence: Fence, now: Timestamp) -> Transition {
    Transition {
        name: TransitionName::Reaping,
        guard: Guard::All(vec![
            Guard::StateIn(vec![State::Calling]),
            Guard::FenceIs(fence),
            Guard::AttentionIs(seen),
        ]),
        changes: vec![Change::Attention(Some(after(now, RESEND)))],
    }
}

/// T8 by somebody else, a second lease after the first look at the dead claim: the outcome is uncertain.
pub fn reap(fence: Fence, now: Timestamp, fault: Fault) -> Transition {
    Transition {
        name: TransitionName::Reap,
        guard: Guard::All(vec![
            Guard::StateIn(vec![State::Calling]),
            Guard::FenceIs(fence),
            Guard::LeaseOverAt(now),
        ]),
        changes: look_first_at(now, fault),
    }
}

/// T9: the outcome is known after all: it is out.
pub fn found(fence: Fence, evidence: Evidence) -> Transition {
    settled(
        TransitionName::Found,
        while_unsettled(fence),
        State::Published,
        Some(evidence),
        None,
    )
}

/// T9: the outcome is known after all: a person must finish it at the network.
pub fn found_handed_over(fence: Fence, evidence: Evidence) -> Transition {
    settled(
        TransitionName::FoundHandedOver,
        while_unsettled(fence),
        State::HandedOver,
        Some(evidence),
        None,
    )
}

/// T9: the outcome is known after all: it will not go out.
pub fn found_failed(fence: Fence, fault: Fault) -> Transition {
    settled(
        TransitionName::FoundFailed,
        while_unsettled(fence),
        State::Failed,
        None,
        Some(fault),
    )
}

/// T6 on the evidence that a dead owner left: its try had no effect.
pub fn retry_found(fence: Fence, at: Timestamp, fault: Option<Fault>) -> Transition {
    Transition {
        name: TransitionName::RetryFound,
        guard: Guard::All(vec![
            Guard::StateIn(vec![State::Calling, State::Uncertain]),
            Guard::FenceIs(fence),
        ]),
        changes: wait_until(at, fault),
    }
}

/// T15 on the evidence that a dead owner left.
pub fn processing_found(fence: Fence, job: RemoteJob, poll_at: Timestamp) -> Transition {
    Transition {
        name: TransitionName::ProcessingFound,
        guard: Guard::All(vec![
            Guard::StateIn(vec![State::Calling, State::Uncertain]),
            Guard::FenceIs(fence),
        ]),
        changes: processing_changes(job, poll_at),
    }
}

/// T15: the network still works on it. Only the message of the next poll counts from now on.
pub fn poll_again(fence: Fence, poll_at: Timestamp) -> Transition {
    let at = after(poll_at, SignedDuration::ZERO);
    Transition {
        name: TransitionName::PollAgain,
        guard: Guard::All(vec![
            Guard::StateIn(vec![State::Processing]),
            Guard::FenceIs(fence),
        ]),
        changes: vec![Change::NotBefore(Some(at)), Change::Attention(Some(at))],
    }
}

/// T15: the network does not say how its work ended. The job stays known: what the owner recorded of it tells nothing
/// new, and the outcome must be looked for elsewhere.
pub fn processing_uncertain(fence: Fence, now: Timestamp, fault: Fault) -> Transition {
    let mut changes = look_first_at(now, fault);
    changes.retain(|change| *change != Change::Job(None));
    Transition {
        name: TransitionName::ProcessingUncertain,
        guard: Guard::All(vec![
            Guard::StateIn(vec![State::Processing]),
            Guard::FenceIs(fence),
        ]),
        changes,
    }
}

/// T9: nothing was found; look again after the next pause. `proves_absence` says whether the look counts, by the
/// network's rules.
pub fn look_again(fence: Fence, looks: u32, proves_absence: bool, now: Timestamp) -> Transition {
    let pause = usize::try_from(looks)
        .ok()
        .and_then(|looks| READ_BACK_PAUSES.get(looks.saturating_add(1)))
        .copied()
        .unwrap_or(SignedDuration::from_mins(60));
    let mut changes = vec![Change::NextLook, Change::Attention(Some(after(now, pause)))];
    if proves_absence {
        changes.push(Change::NextAbsence);
    }
    Transition {
        name: TransitionName::LookAgain,
        guard: while_looking(fence, looks),
        changes,
    }
}

/// T9: it was absent twice when that proves something: it is safe to try again.
pub fn absent(fence: Fence, looks: u32, at: Timestamp, fault: Fault) -> Transition {
    let mut changes = wait_until(at, Some(fault));
    changes.extend([
        Change::NoLooks,
        Change::UncertainSince(None),
        Change::Job(None),
    ]);
    Transition {
        name: TransitionName::Absent,
        guard: while_looking(fence, looks),
        changes,
    }
}

/// T9: we cannot find out: ask a person.
pub fn ask(fence: Fence, looks: u32, fault: Fault) -> Transition {
    settled(
        TransitionName::Ask,
        while_looking(fence, looks),
        State::Asking,
        None,
        Some(fault),
    )
}

fn while_unsettled(fence: Fence) -> Guard {
    Guard::All(vec![
        Guard::StateIn(vec![
            State::Calling,
            State::Processing,
            State::Uncertain,
            State::Asking,
        ]),
        Guard::FenceIs(fence),
    ])
}

fn while_looking(fence: Fence, looks: u32) -> Guard {
    Guard::All(vec![
        Guard::StateIn(vec![State::Uncertain]),
        Guard::FenceIs(fence),
        Guard::LooksAre(looks),
    ])
}
