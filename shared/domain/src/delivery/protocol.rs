//! The transitions that the product makes by itself. The numbers are those of `docs/publishing.md`.

use jiff::{SignedDuration, Timestamp};

use super::evidence::{Evidence, Fault, RemoteJob};
use super::state::{HoldReason, State};
use super::timing::{LEASE, READ_BACK_PAUSES, RESEND, after};
use super::transition::{Change, Guard, Transition};
use super::{Delivery, Fence, Revision};

/// States in which a delivery waits for its time, whether or not a message was sent.
pub(super) const WAITING: [State; 3] = [State::Scheduled, State::Queued, State::RetryWait];

/// The claim that a worker holds. The revision belongs to it: with the fence alone, a worker that fails while it
/// prepares could move a delivery that a person has meanwhile rescheduled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Claim {
    /// The fence that the claim got.
    pub fence: Fence,
    /// The plan that was claimed.
    pub revision: Revision,
}

impl Claim {
    /// The claim that a claimed delivery carries.
    pub fn of(delivery: &Delivery) -> Self {
        Self {
            fence: delivery.fence,
            revision: delivery.revision,
        }
    }

    fn while_in(self, states: &[State]) -> Guard {
        Guard::All(vec![
            Guard::StateIn(states.to_vec()),
            Guard::FenceIs(self.fence),
            Guard::RevisionIs(self.revision),
        ])
    }
}

/// T2: a message was sent. `seen` is the attention time that the sender saw. The message may be lost, so somebody looks
/// again [`RESEND`] after the time at which it should have woken a worker.
pub fn queued(
    seen: Timestamp,
    revision: Revision,
    not_before: Timestamp,
    now: Timestamp,
) -> Transition {
    Transition {
        name: "queued",
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
        name: "claim",
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
        name: "intent",
        guard: claim.while_in(&[State::Claimed]),
        changes: vec![
            Change::State(State::Calling),
            Change::CalledAt(Some(now)),
            Change::Fault(None),
        ],
    }
}

/// T5: it is out.
pub fn published(claim: Claim, evidence: Evidence) -> Transition {
    settled(
        "published",
        claim.while_in(&[State::Calling]),
        State::Published,
        Some(evidence),
        None,
    )
}

/// T5: the network took it to where a person must finish it.
pub fn handed_over(claim: Claim, evidence: Evidence) -> Transition {
    settled(
        "handed_over",
        claim.while_in(&[State::Calling]),
        State::HandedOver,
        Some(evidence),
        None,
    )
}

/// T6: this try certainly had no effect; the next may begin at `at`.
pub fn retry(claim: Claim, at: Timestamp, fault: Option<Fault>) -> Transition {
    Transition {
        name: "retry",
        guard: claim.while_in(&[State::Claimed, State::Calling]),
        changes: wait_until(at, fault),
    }
}

/// T6 when there was not even a try: another claim may do it from `at` on.
pub fn postponed(claim: Claim, at: Timestamp) -> Transition {
    let mut changes = wait_until(at, None);
    changes.push(Change::NoTries);
    Transition {
        name: "postponed",
        guard: claim.while_in(&[State::Claimed]),
        changes,
    }
}

/// T6 when the account's pace allows no post before `at`, which is this delivery's turn.
pub fn paced(claim: Claim, at: Timestamp) -> Transition {
    let mut changes = wait_until(at, Some(Fault::paced()));
    changes.push(Change::NoTries);
    Transition {
        name: "paced",
        guard: claim.while_in(&[State::Claimed]),
        changes,
    }
}

/// T6 on the evidence that a dead owner left: its try had no effect.
pub fn retry_found(fence: Fence, at: Timestamp, fault: Option<Fault>) -> Transition {
    Transition {
        name: "retry_found",
        guard: Guard::All(vec![
            Guard::StateIn(vec![State::Calling, State::Uncertain]),
            Guard::FenceIs(fence),
        ]),
        changes: wait_until(at, fault),
    }
}

/// T7: it will not go out, and nothing is visible.
pub fn failed(claim: Claim, fault: Fault) -> Transition {
    settled(
        "failed",
        claim.while_in(&[State::Claimed, State::Calling]),
        State::Failed,
        None,
        Some(fault),
    )
}

/// T8 by the owner: the call was made and no clear answer came.
pub fn uncertain(claim: Claim, now: Timestamp, fault: Fault) -> Transition {
    Transition {
        name: "uncertain",
        guard: claim.while_in(&[State::Calling]),
        changes: look_first_at(now, fault),
    }
}

/// A claim that called looks dead: its message to `reap` was sent, look again later.
pub fn reaping(seen: Timestamp, fence: Fence, now: Timestamp) -> Transition {
    Transition {
        name: "reaping",
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
        name: "reap",
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
        "found",
        while_unsettled(fence),
        State::Published,
        Some(evidence),
        None,
    )
}

/// T9: the outcome is known after all: a person must finish it at the network.
pub fn found_handed_over(fence: Fence, evidence: Evidence) -> Transition {
    settled(
        "found_handed_over",
        while_unsettled(fence),
        State::HandedOver,
        Some(evidence),
        None,
    )
}

/// T9: the outcome is known after all: it will not go out.
pub fn found_failed(fence: Fence, fault: Fault) -> Transition {
    settled(
        "found_failed",
        while_unsettled(fence),
        State::Failed,
        None,
        Some(fault),
    )
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
        name: "look_again",
        guard: while_looking(fence, looks),
        changes,
    }
}

/// T9: it was absent twice when that proves something: it is safe to try again.
pub fn absent(fence: Fence, looks: u32, at: Timestamp, fault: Fault) -> Transition {
    let mut changes = wait_until(at, Some(fault));
    changes.extend([Change::NoLooks, Change::UncertainSince(None)]);
    Transition {
        name: "absent",
        guard: while_looking(fence, looks),
        changes,
    }
}

/// T9: we cannot find out: ask a person.
pub fn ask(fence: Fence, looks: u32, fault: Fault) -> Transition {
    settled(
        "ask",
        while_looking(fence, looks),
        State::Asking,
        None,
        Some(fault),
    )
}

/// T13: its time passed. `seen` is the attention time that was seen.
pub fn missed(seen: Timestamp, fault: Fault) -> Transition {
    let mut states = WAITING.to_vec();
    states.push(State::Held);
    settled(
        "missed",
        Guard::All(vec![Guard::StateIn(states), Guard::AttentionIs(seen)]),
        State::Missed,
        None,
        Some(fault),
    )
}

/// T13 by a worker that claimed it too late.
pub fn missed_by_owner(claim: Claim, fault: Fault) -> Transition {
    settled(
        "missed_by_owner",
        claim.while_in(&[State::Claimed]),
        State::Missed,
        None,
        Some(fault),
    )
}

/// The deadline passed while nothing could be visible: it is missed. The last resort of the sweeper.
pub fn overdue_missed(now: Timestamp, fault: Fault) -> Transition {
    let mut states = WAITING.to_vec();
    states.push(State::Held);
    let guard = Guard::Any(vec![
        Guard::StateIn(states),
        Guard::All(vec![
            Guard::StateIn(vec![State::Claimed]),
            Guard::LeaseOverAt(now),
        ]),
    ]);
    settled("overdue_missed", guard, State::Missed, None, Some(fault))
}

/// The deadline passed while something may be visible: a person is asked. The last resort of the sweeper.
pub fn overdue_ask(now: Timestamp, fault: Fault) -> Transition {
    let guard = Guard::Any(vec![
        Guard::StateIn(vec![State::Processing, State::Uncertain]),
        Guard::All(vec![
            Guard::StateIn(vec![State::Calling]),
            Guard::LeaseOverAt(now),
        ]),
    ]);
    settled("overdue_ask", guard, State::Asking, None, Some(fault))
}

/// T12 by a worker whose account or tenant may not publish now.
pub fn held_by_owner(
    claim: Claim,
    reason: HoldReason,
    latest_start: Timestamp,
    fault: Fault,
) -> Transition {
    Transition {
        name: "held_by_owner",
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
        "cancelled_by_owner",
        claim.while_in(&[State::Claimed]),
        State::Cancelled,
        None,
        Some(fault),
    )
}

/// T15: the network took it and works on it.
pub fn processing(claim: Claim, job: RemoteJob, poll_at: Timestamp) -> Transition {
    Transition {
        name: "processing",
        guard: claim.while_in(&[State::Calling]),
        changes: processing_changes(job, poll_at),
    }
}

/// T15 on the evidence that a dead owner left.
pub fn processing_found(fence: Fence, job: RemoteJob, poll_at: Timestamp) -> Transition {
    Transition {
        name: "processing_found",
        guard: Guard::All(vec![
            Guard::StateIn(vec![State::Calling, State::Uncertain]),
            Guard::FenceIs(fence),
        ]),
        changes: processing_changes(job, poll_at),
    }
}

/// T15: the network still works on it.
pub fn poll_again(fence: Fence, poll_at: Timestamp) -> Transition {
    Transition {
        name: "poll_again",
        guard: Guard::All(vec![
            Guard::StateIn(vec![State::Processing]),
            Guard::FenceIs(fence),
        ]),
        changes: vec![Change::Attention(Some(after(
            poll_at,
            SignedDuration::ZERO,
        )))],
    }
}

/// T15: the network does not say how its work ended.
pub fn processing_uncertain(fence: Fence, now: Timestamp, fault: Fault) -> Transition {
    Transition {
        name: "processing_uncertain",
        guard: Guard::All(vec![
            Guard::StateIn(vec![State::Processing]),
            Guard::FenceIs(fence),
        ]),
        changes: look_first_at(now, fault),
    }
}

/// A message for something other than a first try (a poll, a look) was sent: look again later if it is lost.
pub fn looking(state: State, seen: Timestamp, fence: Fence, now: Timestamp) -> Transition {
    Transition {
        name: "looking",
        guard: Guard::All(vec![
            Guard::StateIn(vec![state]),
            Guard::FenceIs(fence),
            Guard::AttentionIs(seen),
        ]),
        changes: vec![Change::Attention(Some(after(now, RESEND)))],
    }
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

fn look_first_at(now: Timestamp, fault: Fault) -> Vec<Change> {
    let [first_pause, ..] = READ_BACK_PAUSES;
    vec![
        Change::State(State::Uncertain),
        Change::UncertainSince(Some(now)),
        Change::NoLooks,
        Change::Lease(None),
        Change::Job(None),
        Change::Attention(Some(after(now, first_pause))),
        Change::Fault(Some(fault)),
    ]
}

fn wait_until(at: Timestamp, fault: Option<Fault>) -> Vec<Change> {
    let at = after(at, SignedDuration::ZERO);
    vec![
        Change::State(State::RetryWait),
        Change::NotBefore(Some(at)),
        Change::Attention(Some(at)),
        Change::Lease(None),
        Change::Fault(fault),
    ]
}

fn processing_changes(job: RemoteJob, poll_at: Timestamp) -> Vec<Change> {
    vec![
        Change::State(State::Processing),
        Change::Job(Some(job)),
        Change::Lease(None),
        Change::Attention(Some(after(poll_at, SignedDuration::ZERO))),
    ]
}

pub(super) fn settled(
    name: &'static str,
    guard: Guard,
    state: State,
    evidence: Option<Evidence>,
    fault: Option<Fault>,
) -> Transition {
    Transition {
        name,
        guard,
        changes: vec![
            Change::State(state),
            Change::Evidence(evidence),
            Change::Fault(fault),
            Change::Lease(None),
            Change::Job(None),
            Change::Attention(None),
            Change::Deadline(None),
            Change::Hold(None),
        ],
    }
}
