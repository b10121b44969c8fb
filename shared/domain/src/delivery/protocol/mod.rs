//! The transitions that the product makes by itself. The numbers are those of `docs/publishing.md`.

mod begin;
mod find;
mod overdue;
mod restore;
mod settle;

use jiff::{SignedDuration, Timestamp};

use super::evidence::{Evidence, Fault, RemoteJob};
use super::name::TransitionName;
use super::state::State;
use super::timing::{READ_BACK_PAUSES, after};
use super::transition::{Change, Guard, Transition};
use super::{Delivery, Fence, Revision};

pub use begin::{claim, intent, missed, queued};
pub use find::{
    absent, ask, found, found_failed, found_handed_over, look_again, looking, poll_again,
    processing_found, processing_uncertain, reap, reaping, retry_found,
};
pub use overdue::{overdue_ask, overdue_missed};
pub use restore::{LostTime, lost, lost_call, lost_content};
pub use settle::{
    cancelled_by_owner, failed, handed_over, held_by_owner, missed_by_owner, paced, postponed,
    processing, published, retry, uncertain,
};

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
    let at = after(poll_at, SignedDuration::ZERO);
    vec![
        Change::State(State::Processing),
        Change::Job(Some(job)),
        Change::Lease(None),
        Change::NotBefore(Some(at)),
        Change::Attention(Some(at)),
    ]
}

pub(super) fn settled(
    name: TransitionName,
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
