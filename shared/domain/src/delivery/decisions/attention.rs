//! What a delivery that wants attention asks for. One path for the normal case and for recovery.

use jiff::{SignedDuration, Timestamp};

use super::look::after_attempt;
use super::wake::{look_message, poll_message, work_message};
use super::{Decision, missed, outcome_unknown};
use crate::delivery::timing::{EARLY, LATE_CALL, LOOK_AHEAD};
use crate::delivery::transition::Transition;
use crate::delivery::{
    Attempt, Delivery, DeliveryKey, DeliveryMessage, State, faults, latest_start, protocol,
};

/// Whether a delivery that waits for its time and is seen in the index with this attention time is to be looked at: ahead
/// of its time for its message, but one whose message was sent only when nobody came for it.
pub fn is_start_near(seen: Timestamp, not_before: Timestamp, now: Timestamp) -> bool {
    let is_sent = seen > not_before;
    let ahead = if is_sent {
        SignedDuration::ZERO
    } else {
        LOOK_AHEAD
    };
    seen <= now.saturating_add(ahead).unwrap_or(Timestamp::MAX)
}

/// A delivery waits for its time and is seen in the index with this attention time and deadline: `None` when its
/// message should be sent, else what to do because it is too late.
pub fn on_start(seen: Timestamp, deadline: Option<Timestamp>, now: Timestamp) -> Option<Decision> {
    let is_too_late = deadline.is_some_and(|deadline| now > latest_start(deadline));
    is_too_late.then(|| {
        let transition = protocol::missed(seen, faults::missed());
        Decision::telling(transition, missed)
    })
}

/// A held delivery was seen in the index with this attention time: nobody acted in time.
pub fn on_held_too_long(seen: Timestamp) -> Decision {
    let transition = protocol::missed(seen, faults::missed_while_held());
    Decision::telling(transition, missed)
}

/// Something other than a first try: whoever worked on it is dead, or a look at the network is due. The message to
/// send, and the mark to make once it was sent; `None` where somebody was faster.
pub fn to_follow(
    delivery: &Delivery,
    seen: Timestamp,
    now: Timestamp,
) -> Option<(DeliveryMessage, Transition)> {
    if delivery.attention != Some(seen) {
        return None;
    }
    match delivery.state {
        // A worker whose clock is behind ours would still find the claim good, and acknowledge its message.
        State::Claimed if now.duration_since(seen) <= EARLY => None,
        State::Claimed => Some((
            work_message(delivery, seen),
            protocol::looking(delivery.state, seen, delivery.fence, now),
        )),
        State::Processing => Some((
            poll_message(delivery)?,
            protocol::looking(delivery.state, seen, delivery.fence, now),
        )),
        // Held in the queue, so that what it does not see proves something even if our clock is fast.
        State::Uncertain => Some((
            look_message(
                delivery,
                seen,
                u32::try_from(LATE_CALL.as_secs()).unwrap_or(0),
            ),
            protocol::looking(delivery.state, seen, delivery.fence, now),
        )),
        // Only the owner may declare its call dead in one look: it may just be slow to record its outcome.
        State::Calling => Some((
            DeliveryMessage::Reap {
                key: DeliveryKey::of(delivery),
                fence: delivery.fence,
            },
            protocol::reaping(seen, delivery.fence, now),
        )),
        State::Draft
        | State::Held
        | State::Scheduled
        | State::Queued
        | State::RetryWait
        | State::Asking
        | State::Published
        | State::HandedOver
        | State::Failed
        | State::Cancelled
        | State::Missed => None,
    }
}

/// A delivery that had to be final by now: as far as anybody can settle it. `attempt` is what the owner of its present
/// claim recorded, which is better than a question to a person. `None` where it is final.
pub fn on_overdue(
    delivery: &Delivery,
    attempt: Option<Attempt>,
    now: Timestamp,
) -> Option<Decision> {
    match delivery.state {
        State::Scheduled | State::Queued | State::RetryWait | State::Held | State::Claimed => {
            let transition = protocol::overdue_missed(now, faults::missed());
            Some(Decision::telling(transition, missed))
        }
        State::Calling | State::Uncertain => {
            let known = attempt.and_then(|attempt| after_attempt(delivery, attempt, now));
            Some(known.unwrap_or_else(|| ask_at_last(now)))
        }
        State::Processing => Some(ask_at_last(now)),
        State::Draft
        | State::Asking
        | State::Published
        | State::HandedOver
        | State::Failed
        | State::Cancelled
        | State::Missed => None,
    }
}

fn ask_at_last(now: Timestamp) -> Decision {
    let transition = protocol::overdue_ask(now, faults::outcome_unknown());
    Decision::telling(transition, outcome_unknown)
}
