//! The last resort of the sweeper: the deadline passed.

use jiff::Timestamp;

use super::{WAITING, settled};
use crate::delivery::evidence::Fault;
use crate::delivery::name::TransitionName;
use crate::delivery::state::State;
use crate::delivery::transition::{Guard, Transition};

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
    settled(
        TransitionName::OverdueMissed,
        guard,
        State::Missed,
        None,
        Some(fault),
    )
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
    settled(
        TransitionName::OverdueAsk,
        guard,
        State::Asking,
        None,
        Some(fault),
    )
}
