//! Faults that the protocol itself finds.

use domain::delivery::{Fault, FaultActor, FaultCategory};

/// Its time passed before it could be sent.
pub fn missed_fault() -> Fault {
    Fault::new(
        "too_late",
        FaultCategory::Expired,
        FaultActor::Us,
        "the time at which it was still useful to publish has passed",
        "publish it now with retry, or schedule it again",
    )
}

/// Its time passed while it waited for a person.
pub(crate) fn missed_while_held_fault() -> Fault {
    Fault::new(
        "held_too_long",
        FaultCategory::Expired,
        FaultActor::User,
        "it was on hold until its time had passed",
        "publish it now with retry, or schedule it again",
    )
}

/// Nobody knows whether it is out, and nobody can find out but a person.
pub fn outcome_unknown_fault() -> Fault {
    Fault::new(
        "outcome_unknown",
        FaultCategory::OutcomeUnknown,
        FaultActor::User,
        "we cannot find out whether the post is out",
        "look at the account, then tell us whether it is there",
    )
}
