//! What follows from a look at a remote job.

use jiff::Timestamp;

use super::{Decision, failed};
use crate::delivery::timing::PROCESSING_MAX;
use crate::delivery::{Delivery, PollOutcome, faults, protocol};

/// What follows from what the network says about its job.
pub fn after_poll(delivery: &Delivery, outcome: PollOutcome, now: Timestamp) -> Decision {
    let fence = delivery.fence;
    let is_over = delivery
        .called_at
        .is_some_and(|called_at| now.duration_since(called_at) > PROCESSING_MAX);
    match outcome {
        PollOutcome::Published(evidence) => Decision::silent(protocol::found(fence, evidence)),
        PollOutcome::Running { .. } if is_over => Decision::silent(protocol::processing_uncertain(
            fence,
            now,
            faults::processing_too_long(),
        )),
        PollOutcome::Running { poll_at } => {
            Decision::silent(protocol::poll_again(fence, poll_at.max(now)))
        }
        PollOutcome::Refused(fault) => {
            Decision::telling(protocol::found_failed(fence, fault), failed)
        }
        PollOutcome::Unknown(fault) => {
            Decision::silent(protocol::processing_uncertain(fence, now, fault))
        }
    }
}
