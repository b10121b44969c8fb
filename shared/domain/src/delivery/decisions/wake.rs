//! Which message wakes a worker next.

use jiff::Timestamp;

use crate::delivery::timing::LOOK_AHEAD;
use crate::delivery::transition::Transition;
use crate::delivery::{Delivery, DeliveryKey, DeliveryMessage, Revision, State, protocol};

/// A delivery whose time is near.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wakeup {
    /// Which.
    pub key: DeliveryKey,
    /// Its plan.
    pub revision: Revision,
    /// When a try may begin.
    pub not_before: Timestamp,
    /// Its attention time as it was seen: the mark is refused when somebody changed it since.
    pub seen: Timestamp,
}

impl Wakeup {
    /// What a delivery needs now: `None` unless it waits for a time that is near. Deliveries whose time is further away
    /// stay in the table, where they can be edited without a trace in the queue.
    pub fn of(delivery: &Delivery, now: Timestamp) -> Option<Self> {
        let is_waiting = matches!(delivery.state, State::Scheduled | State::RetryWait);
        let seen = delivery
            .attention
            .filter(|at| *at <= now.saturating_add(LOOK_AHEAD).unwrap_or(Timestamp::MAX))?;
        let not_before = delivery.not_before?;
        is_waiting.then_some(Self {
            key: DeliveryKey::of(delivery),
            revision: delivery.revision,
            not_before,
            seen,
        })
    }

    /// The message that wakes a worker.
    pub fn message(&self) -> DeliveryMessage {
        DeliveryMessage::Work {
            key: self.key,
            rev: self.revision,
            nb: self.not_before,
        }
    }

    /// The mark that the message was sent.
    pub fn mark(&self, now: Timestamp) -> Transition {
        protocol::queued(self.seen, self.revision, self.not_before, now)
    }
}

/// The message that makes a worker look at a delivery at this time.
pub fn look_message(delivery: &Delivery, at: Timestamp) -> DeliveryMessage {
    DeliveryMessage::Work {
        key: DeliveryKey::of(delivery),
        rev: delivery.revision,
        nb: at,
    }
}

/// The message for what comes after a step, where that is a look or a poll. It needs no mark: if it is lost, the
/// delivery's attention time brings another.
pub fn next_message(delivery: &Delivery) -> Option<DeliveryMessage> {
    let looks = matches!(delivery.state, State::Processing | State::Uncertain);
    let at = delivery.attention.filter(|_| looks)?;
    Some(look_message(delivery, at))
}
