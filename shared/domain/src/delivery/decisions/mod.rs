//! What to do next, decided from a delivery, a time and what was learned: pure, so that every history of them can be
//! tried. Workers, dispatcher and sweeper only fetch what a decision needs and carry it out.

mod attention;
mod look;
mod poll;
mod receive;
mod settlement;
mod wake;

pub use attention::{is_start_near, on_held_too_long, on_overdue, on_start, to_follow};
pub use look::{Sight, after_attempt, after_look};
pub use poll::after_poll;
pub use receive::{Work, on_message};
pub use settlement::{Settlement, is_long_enough_for_a_call};
pub use wake::{Wakeup, next_message};

use super::transition::Transition;
use super::{Delivery, State};
use crate::notice::NoticeCause;

/// A transition, and the mail that it owes.
#[derive(Clone, Debug)]
pub struct Decision {
    /// What is to happen.
    pub transition: Transition,
    /// Why somebody gets a mail, if anybody does.
    pub owes: Option<Cause>,
}

/// Tells from a delivery why its author gets a mail.
pub type Cause = fn(&Delivery) -> NoticeCause;

impl Decision {
    fn silent(transition: Transition) -> Self {
        Self {
            transition,
            owes: None,
        }
    }

    fn telling(transition: Transition, cause: Cause) -> Self {
        Self {
            transition,
            owes: Some(cause),
        }
    }
}

/// The states in which a delivery waits for its time.
const fn waits(state: State) -> bool {
    matches!(state, State::Scheduled | State::Queued | State::RetryWait)
}

fn failed(delivery: &Delivery) -> NoticeCause {
    NoticeCause::Failed {
        post: delivery.post,
        delivery: delivery.id,
        revision: delivery.revision,
    }
}

fn outcome_unknown(delivery: &Delivery) -> NoticeCause {
    NoticeCause::OutcomeUnknown {
        post: delivery.post,
        delivery: delivery.id,
        revision: delivery.revision,
    }
}

fn held(delivery: &Delivery) -> NoticeCause {
    NoticeCause::Held {
        post: delivery.post,
        delivery: delivery.id,
        revision: delivery.revision,
    }
}

fn missed(delivery: &Delivery) -> NoticeCause {
    NoticeCause::Missed {
        post: delivery.post,
        delivery: delivery.id,
        revision: delivery.revision,
    }
}
