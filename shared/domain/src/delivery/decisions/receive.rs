//! What a message asks for, by the delivery's state: the message itself is only a hint.

use jiff::Timestamp;

use super::waits;
use crate::delivery::timing::EARLY;
use crate::delivery::{Delivery, DeliveryMessage, Fence, Look, State};

/// What to do because of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Work {
    /// It is void or too late: acknowledge it.
    Nothing,
    /// It is early: send it once more with the rest of its delay. Held back it would cost a worker, and simply
    /// acknowledged the delivery would wait for its mark to run out.
    SendAgain,
    /// Claim the delivery and publish it.
    Publish,
    /// Ask the network how far its job is.
    Poll,
    /// Look for an uncertain outcome.
    Look(Look),
    /// The owner of this claim seemed dead a lease ago and still owns the delivery: its outcome is uncertain.
    Reap(Fence),
}

/// What a message asks for.
pub fn on_message(message: &DeliveryMessage, delivery: &Delivery, now: Timestamp) -> Work {
    match *message {
        DeliveryMessage::Work { rev, nb, look, .. } if delivery.revision == rev => {
            on_work(delivery, nb, look, now)
        }
        DeliveryMessage::Reap { fence, .. }
            if delivery.state == State::Calling && delivery.fence == fence =>
        {
            Work::Reap(fence)
        }
        DeliveryMessage::Work { .. } | DeliveryMessage::Reap { .. } => Work::Nothing,
    }
}

fn on_work(delivery: &Delivery, not_before: Timestamp, look: Option<Look>, now: Timestamp) -> Work {
    let is_early = not_before.duration_since(now) > EARLY;
    match delivery.state {
        // It waits for another time than the message: that time has a message or a tick of its own. Without this, every
        // doubled message for a poll would begin a chain of its own.
        state
            if (waits(state) || state == State::Processing)
                && delivery.not_before != Some(not_before) =>
        {
            Work::Nothing
        }
        State::Scheduled | State::Queued | State::RetryWait | State::Processing if is_early => {
            Work::SendAgain
        }
        State::Scheduled | State::Queued | State::RetryWait | State::Claimed => Work::Publish,
        State::Processing => Work::Poll,
        // Only the message of the look that is next: each look counts, and each may make a person be asked.
        State::Uncertain => look
            .filter(|look| look.fence == delivery.fence && look.looks == delivery.looks)
            .map_or(Work::Nothing, Work::Look),
        // A call is only declared dead by a reap message; the rest is settled.
        State::Calling
        | State::Draft
        | State::Held
        | State::Asking
        | State::Published
        | State::HandedOver
        | State::Failed
        | State::Cancelled
        | State::Missed => Work::Nothing,
    }
}
