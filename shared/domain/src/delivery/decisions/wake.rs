//! Which message wakes a worker next.

use jiff::Timestamp;

use crate::clock::whole_second_at_or_after;
use crate::delivery::timing::{LOOK_AHEAD, QUEUE_DELAY_MAX};
use crate::delivery::transition::Transition;
use crate::delivery::{Delivery, DeliveryKey, DeliveryMessage, Look, Revision, State, protocol};

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
            look: None,
        }
    }

    /// The mark that the message was sent.
    pub fn mark(&self, now: Timestamp) -> Transition {
        protocol::queued(self.seen, self.revision, self.not_before, now)
    }
}

/// The message for what comes after a step, where that is a poll or a look. It needs no mark: if it is lost, or what it
/// is for is too far away for the queue, the delivery's attention time brings another.
pub fn next_message(delivery: &Delivery, now: Timestamp) -> Option<DeliveryMessage> {
    let at = delivery.attention?;
    match delivery.state {
        State::Processing => poll_message(delivery),
        State::Uncertain => {
            let waits = whole_second_at_or_after(at).duration_since(now);
            let waits = u32::try_from(waits.as_millis().max(0)).ok()?.div_ceil(1000);
            (i64::from(waits) <= QUEUE_DELAY_MAX.as_secs())
                .then(|| look_message(delivery, at, waits))
        }
        State::Draft
        | State::Held
        | State::Scheduled
        | State::Queued
        | State::Claimed
        | State::Calling
        | State::RetryWait
        | State::Asking
        | State::Published
        | State::HandedOver
        | State::Failed
        | State::Cancelled
        | State::Missed => None,
    }
}

/// The message that makes a worker poll a job.
pub(super) fn poll_message(delivery: &Delivery) -> Option<DeliveryMessage> {
    Some(work_message(delivery, delivery.not_before?))
}

/// The message that makes a worker do what the delivery asks for at this time.
pub(super) fn work_message(delivery: &Delivery, at: Timestamp) -> DeliveryMessage {
    DeliveryMessage::Work {
        key: DeliveryKey::of(delivery),
        rev: delivery.revision,
        nb: at,
        look: None,
    }
}

/// The message that makes a worker look for the outcome, after `waits` seconds.
pub(super) fn look_message(delivery: &Delivery, at: Timestamp, waits: u32) -> DeliveryMessage {
    DeliveryMessage::Work {
        key: DeliveryKey::of(delivery),
        rev: delivery.revision,
        nb: at,
        look: Some(Look {
            fence: delivery.fence,
            looks: delivery.looks,
            waits,
        }),
    }
}
