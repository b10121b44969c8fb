//! A transition as a value: the condition under which it may happen and what it changes.
//!
//! The same value is applied in memory ([`Delivery::apply`]) and compiled by the store into one conditional write, so
//! the domain and the table cannot disagree.

use jiff::Timestamp;

use super::evidence::{Evidence, Fault, RemoteJob};
use super::name::TransitionName;
use super::state::{HoldReason, State};
use super::{Delivery, Fence, Revision};

/// What must hold for a transition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Guard {
    /// All of them.
    All(Vec<Guard>),
    /// At least one of them.
    Any(Vec<Guard>),
    /// The state is one of these.
    StateIn(Vec<State>),
    /// The plan is the one that was seen.
    RevisionIs(Revision),
    /// Nobody claimed it since.
    FenceIs(Fence),
    /// Nobody looked since.
    LooksAre(u32),
    /// It may begin at this time: its not-before is at or before it.
    StartableAt(Timestamp),
    /// The claim has run out at this time: the lease ended before it.
    LeaseOverAt(Timestamp),
    /// It still waits for this attention time.
    AttentionIs(Timestamp),
}

/// One change of a delivery.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// The state becomes this.
    State(State),
    /// The plan gets the next revision: messages of the old plan are void.
    NextRevision,
    /// The next claim: every later write of the previous owner fails its condition.
    NextFence,
    /// One more try.
    NextTry,
    /// Tries begin anew.
    NoTries,
    /// One more look at an uncertain outcome.
    NextLook,
    /// One more look that found nothing.
    NextAbsence,
    /// Looks begin anew.
    NoLooks,
    /// The content is this revision of the body.
    Body(u32),
    /// When it is meant to be out.
    Due(Option<Timestamp>),
    /// When a try may begin.
    NotBefore(Option<Timestamp>),
    /// When the dispatcher should look at it; `None` = never.
    Attention(Option<Timestamp>),
    /// Until when it must be final; `None` = it is.
    Deadline(Option<Timestamp>),
    /// Until when the claim is good.
    Lease(Option<Timestamp>),
    /// When the publishing call began.
    CalledAt(Option<Timestamp>),
    /// Since when the outcome is uncertain.
    UncertainSince(Option<Timestamp>),
    /// Proof that it is out.
    Evidence(Option<Evidence>),
    /// Why it is not out.
    Fault(Option<Fault>),
    /// What the network works on.
    Job(Option<RemoteJob>),
    /// Why it is held.
    Hold(Option<HoldReason>),
}

/// A named change of state with its condition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transition {
    /// Which it is.
    pub name: TransitionName,
    /// What must hold.
    pub guard: Guard,
    /// What it changes.
    pub changes: Vec<Change>,
}

impl Transition {
    /// The same, only while the plan is the one of this revision.
    #[must_use]
    pub fn only_of(self, revision: Revision) -> Self {
        let guard = Guard::All(vec![self.guard, Guard::RevisionIs(revision)]);
        Self { guard, ..self }
    }

    /// Why it happens, where it says.
    pub fn fault(&self) -> Option<&Fault> {
        self.changes.iter().find_map(|change| match change {
            Change::Fault(fault) => fault.as_ref(),
            _ => None,
        })
    }
}

/// The delivery is not in a state that allows the transition.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a delivery that is {} does not allow {transition}", .state.name())]
pub struct Refusal {
    /// What was refused.
    pub transition: TransitionName,
    /// The state that it met.
    pub state: State,
}

impl Delivery {
    /// The delivery after `transition`, or why it is refused.
    pub fn apply(&self, transition: &Transition) -> Result<Self, Refusal> {
        if !self.satisfies(&transition.guard) {
            return Err(Refusal {
                transition: transition.name,
                state: self.state,
            });
        }
        let mut next = self.clone();
        for change in &transition.changes {
            next.change(change);
        }
        Ok(next)
    }

    fn satisfies(&self, guard: &Guard) -> bool {
        match guard {
            Guard::All(guards) => guards.iter().all(|guard| self.satisfies(guard)),
            Guard::Any(guards) => guards.iter().any(|guard| self.satisfies(guard)),
            Guard::StateIn(states) => states.contains(&self.state),
            Guard::RevisionIs(revision) => self.revision == *revision,
            Guard::FenceIs(fence) => self.fence == *fence,
            Guard::LooksAre(looks) => self.looks == *looks,
            Guard::StartableAt(now) => self.not_before.is_some_and(|start| start <= *now),
            Guard::LeaseOverAt(now) => self.lease.is_some_and(|lease| lease < *now),
            Guard::AttentionIs(at) => self.attention == Some(*at),
        }
    }

    fn change(&mut self, change: &Change) {
        match change {
            Change::State(state) => self.state = *state,
            Change::NextRevision => self.revision = self.revision.saturating_add(1),
            Change::NextFence => self.fence = self.fence.saturating_add(1),
            Change::NextTry => self.tries = self.tries.saturating_add(1),
            Change::NoTries => self.tries = 0,
            Change::NextLook => self.looks = self.looks.saturating_add(1),
            Change::NextAbsence => self.absences = self.absences.saturating_add(1),
            Change::NoLooks => (self.looks, self.absences) = (0, 0),
            Change::Body(body) => self.body = *body,
            Change::Due(due) => self.due = *due,
            Change::NotBefore(start) => self.not_before = *start,
            Change::Attention(at) => self.attention = *at,
            Change::Deadline(deadline) => self.deadline = *deadline,
            Change::Lease(lease) => self.lease = *lease,
            Change::CalledAt(instant) => self.called_at = *instant,
            Change::UncertainSince(instant) => self.uncertain_since = *instant,
            Change::Evidence(evidence) => self.evidence.clone_from(evidence),
            Change::Fault(fault) => self.fault.clone_from(fault),
            Change::Job(job) => self.job.clone_from(job),
            Change::Hold(reason) => self.hold = *reason,
        }
    }
}
