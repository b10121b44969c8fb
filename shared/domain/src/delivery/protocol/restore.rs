//! The table was set back to an earlier time: it has forgotten what was done since, and the networks have not.

use jiff::Timestamp;

use super::{WAITING, look_first_at};
use crate::delivery::evidence::Fault;
use crate::delivery::name::TransitionName;
use crate::delivery::state::State;
use crate::delivery::timing::{SETTLE, after};
use crate::delivery::transition::{Change, Guard, Transition};

/// The time that a restored table has lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LostTime {
    /// The time whose state the table has.
    pub from: Timestamp,
    /// When the last worker had stopped.
    pub until: Timestamp,
}

/// What may have been called in the lost time by its plan is uncertain. The fence rises, so that no evidence and no
/// worker of a claim that was forgotten counts for the next one.
pub fn lost(time: LostTime, now: Timestamp, fault: Fault) -> Transition {
    Transition {
        name: TransitionName::Lost,
        guard: Guard::Any(vec![
            Guard::All(vec![
                Guard::StateIn(WAITING.to_vec()),
                Guard::StartableAt(time.until),
            ]),
            Guard::StateIn(vec![
                State::Claimed,
                State::Calling,
                State::Processing,
                State::Uncertain,
            ]),
        ]),
        changes: forgotten(time, now, fault),
    }
}

/// What was called in the lost time by a plan that is lost too, as the log of the workers tells; after [`lost`], which
/// covers the plans that are known. Its deadline is not known: it is looked for, and not called again without a person.
pub fn lost_call(time: LostTime, now: Timestamp, fault: Fault) -> Transition {
    let mut changes = forgotten(time, now, fault);
    changes.extend([
        Change::Deadline(Some(after(now, SETTLE))),
        Change::Hold(None),
    ]);
    Transition {
        name: TransitionName::LostCall,
        guard: Guard::StateIn(vec![
            State::Draft,
            State::Held,
            State::Scheduled,
            State::Queued,
            State::RetryWait,
            State::Asking,
            State::Failed,
            State::Cancelled,
            State::Missed,
        ]),
        changes,
    }
}

/// What was called in the lost time, as the log of the workers tells, may have had another content than the table now
/// knows; after [`lost`] and [`lost_call`]. Where posts are told apart by their content, not seeing it proves nothing.
pub fn lost_content(fault: Fault) -> Transition {
    Transition {
        name: TransitionName::LostContent,
        guard: Guard::StateIn(vec![State::Uncertain]),
        changes: vec![Change::Fault(Some(fault))],
    }
}

fn forgotten(time: LostTime, now: Timestamp, fault: Fault) -> Vec<Change> {
    let mut changes = look_first_at(now, fault);
    changes.extend([Change::NextFence, Change::CalledAt(Some(time.from))]);
    changes
}
