//! The transitions that people make. Each raises the revision, so that messages and claims of the old plan are void.
//! All of them happen only while nothing can be visible, but for [`resolve_published`] and [`resolve_not_published`].

use jiff::{SignedDuration, Timestamp};

use crate::clock::whole_second_at_or_after;
use crate::preflight::Validated;

use super::evidence::{Evidence, Fault};
use super::name::TransitionName;
use super::protocol::{WAITING, settled};
use super::state::{HoldReason, State};
use super::timing::{deadline, latest_start};
use super::transition::{Change, Guard, Transition};

/// When valid content is meant to be out, and how late it may still go out. Only content that passed the rules of its
/// network can have one, so that no way into `scheduled` leads around the checks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Plan {
    due: Timestamp,
    max_lateness: SignedDuration,
}

impl Plan {
    /// A plan for content that was checked. `due` is moved to the next whole second.
    pub fn new(_checked: &Validated, due: Timestamp, max_lateness: SignedDuration) -> Self {
        Self {
            due: whole_second_at_or_after(due),
            max_lateness,
        }
    }

    /// When it is meant to be out; on a whole second.
    pub fn due(self) -> Timestamp {
        self.due
    }

    /// Until when it must be final, or a person asked.
    pub fn deadline(self) -> Timestamp {
        deadline(self.due, self.max_lateness)
    }
}

/// T14: a draft gets its time. Also a failed or missed delivery gets a new one.
pub fn schedule(plan: Plan, body: u32) -> Transition {
    Transition {
        name: TransitionName::Schedule,
        guard: Guard::StateIn(vec![State::Draft, State::Failed, State::Missed]),
        changes: planned(plan, body),
    }
}

/// T14 back: it becomes a draft with this content.
pub fn unschedule(body: u32) -> Transition {
    Transition {
        name: TransitionName::Unschedule,
        guard: before_intent(),
        changes: vec![
            Change::State(State::Draft),
            Change::NextRevision,
            Change::Body(body),
            Change::Due(None),
            Change::NotBefore(None),
            Change::Attention(None),
            Change::Deadline(None),
            Change::Lease(None),
            Change::Hold(None),
            Change::Fault(None),
        ],
    }
}

/// T10: the content changed, the time perhaps too. A held delivery stays held.
pub fn edit(plan: Plan, body: u32) -> Transition {
    let mut states = WAITING.to_vec();
    states.push(State::Claimed);
    Transition {
        name: TransitionName::Edit,
        guard: Guard::StateIn(states),
        changes: planned(plan, body),
    }
}

/// T10 of a held delivery: it stays held.
pub fn edit_held(plan: Plan, body: u32) -> Transition {
    Transition {
        name: TransitionName::EditHeld,
        guard: Guard::StateIn(vec![State::Held]),
        changes: vec![
            Change::NextRevision,
            Change::Body(body),
            Change::Due(Some(plan.due)),
            Change::NotBefore(Some(plan.due)),
            Change::Attention(Some(latest_start(plan.due, plan.max_lateness))),
            Change::Deadline(Some(plan.deadline())),
        ],
    }
}

/// The content of something that waits for nothing changed: a draft, or what failed or was missed.
pub fn rewrite(body: u32) -> Transition {
    Transition {
        name: TransitionName::Rewrite,
        guard: Guard::StateIn(vec![State::Draft, State::Failed, State::Missed]),
        changes: vec![Change::NextRevision, Change::Body(body)],
    }
}

/// T11: it will not go out.
pub fn cancel() -> Transition {
    let mut transition = settled(
        TransitionName::Cancel,
        before_intent(),
        State::Cancelled,
        None,
        None,
    );
    transition.changes.push(Change::NextRevision);
    transition
}

/// T12: it waits for a person. It is missed when that takes too long.
pub fn hold(reason: HoldReason, latest_start: Timestamp) -> Transition {
    let mut states = WAITING.to_vec();
    states.push(State::Claimed);
    Transition {
        name: TransitionName::Hold,
        guard: Guard::StateIn(states),
        changes: vec![
            Change::State(State::Held),
            Change::Hold(Some(reason)),
            Change::NextRevision,
            Change::Lease(None),
            Change::Attention(Some(latest_start)),
        ],
    }
}

/// A held delivery waits for its time again, or goes out now when that has passed.
pub fn resume(due: Timestamp, now: Timestamp) -> Transition {
    let start = super::timing::after(due.max(now), SignedDuration::ZERO);
    Transition {
        name: TransitionName::Resume,
        guard: Guard::StateIn(vec![State::Held]),
        changes: vec![
            Change::State(State::Scheduled),
            Change::NextRevision,
            Change::NoTries,
            Change::Hold(None),
            Change::Fault(None),
            Change::NotBefore(Some(start)),
            Change::Attention(Some(start)),
        ],
    }
}

/// T16: another try of what failed or was missed, due at once.
pub fn try_again(plan: Plan, body: u32) -> Transition {
    Transition {
        name: TransitionName::TryAgain,
        guard: Guard::StateIn(vec![State::Failed, State::Missed]),
        changes: planned(plan, body),
    }
}

/// T18: a person looked, and it is out.
pub fn resolve_published(evidence: Evidence) -> Transition {
    let guard = Guard::StateIn(vec![State::Asking]);
    let mut transition = settled(
        TransitionName::ResolvePublished,
        guard,
        State::Published,
        Some(evidence),
        None,
    );
    transition.changes.push(Change::NextRevision);
    transition
}

/// T18: a person looked, and it is not out: it may be tried again. The fence rises, so that a late answer of the old
/// call changes nothing.
pub fn resolve_not_published(fault: Fault) -> Transition {
    let guard = Guard::StateIn(vec![State::Asking]);
    let mut transition = settled(
        TransitionName::ResolveNotPublished,
        guard,
        State::Failed,
        None,
        Some(fault),
    );
    transition
        .changes
        .extend([Change::NextRevision, Change::NextFence]);
    transition
}

/// States in which nothing can be visible and something would still happen.
fn before_intent() -> Guard {
    let mut states = WAITING.to_vec();
    states.extend([State::Claimed, State::Held]);
    Guard::StateIn(states)
}

fn planned(plan: Plan, body: u32) -> Vec<Change> {
    vec![
        Change::State(State::Scheduled),
        Change::NextRevision,
        Change::Body(body),
        Change::Due(Some(plan.due)),
        Change::NotBefore(Some(plan.due)),
        Change::Attention(Some(plan.due)),
        Change::Deadline(Some(plan.deadline())),
        Change::NoTries,
        Change::NoLooks,
        Change::Lease(None),
        Change::CalledAt(None),
        Change::UncertainSince(None),
        Change::Evidence(None),
        Change::Fault(None),
        Change::Job(None),
        Change::Hold(None),
    ]
}
