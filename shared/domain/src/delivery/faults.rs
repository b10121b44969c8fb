//! Faults that the protocol itself finds. Each code is explained in `docs/errors.md`.

use super::evidence::{Fault, FaultActor, FaultCategory};
use crate::wrapping_key::KeyRefusal;

const CONTENT_LOST: &str = "content_lost";

/// Its time passed before it could be sent.
pub fn missed() -> Fault {
    Fault::new(
        "too_late",
        FaultCategory::Expired,
        FaultActor::Us,
        "the time at which it was still useful to publish has passed",
        "publish it now with retry, or schedule it again",
    )
}

/// Its time passed while it waited for a person.
pub fn missed_while_held() -> Fault {
    Fault::new(
        "held_too_long",
        FaultCategory::Expired,
        FaultActor::User,
        "it was on hold until its time had passed",
        "publish it now with retry, or schedule it again",
    )
}

/// Nobody knows whether it is out, and nobody can find out but a person.
pub fn outcome_unknown() -> Fault {
    Fault::new(
        "outcome_unknown",
        FaultCategory::OutcomeUnknown,
        FaultActor::User,
        "we cannot find out whether the post is out",
        "look at the account, then tell us whether it is there",
    )
}

/// Something of ours failed before the call.
pub fn internal() -> Fault {
    Fault::new(
        "internal",
        FaultCategory::Internal,
        FaultActor::Us,
        "something failed on our side before the post was sent",
        "nothing to do: it is tried again",
    )
}

/// The code of [`own_key_refused`].
const OWN_KEY_REFUSED: &str = "encryption_key_refused";

/// The tenant's own encryption key cannot be used, so neither can the account's credentials.
pub fn own_key_refused(refusal: KeyRefusal) -> Fault {
    Fault::new(
        OWN_KEY_REFUSED,
        FaultCategory::Permission,
        FaultActor::User,
        format!("the workspace's own encryption key cannot be used: {refusal}"),
        "an owner must let us use the key again: the post then goes out by itself",
    )
}

/// Whether it is [`own_key_refused`].
pub fn is_of_own_key(fault: &Fault) -> bool {
    fault.code == OWN_KEY_REFUSED
}

/// Everything before the call took too long, mostly the upload of media.
pub fn slow() -> Fault {
    Fault::new(
        "network_slow",
        FaultCategory::NetworkUnavailable,
        FaultActor::Network,
        "the network did not take the post's media in time",
        "nothing to do: it is tried again",
    )
}

/// The worker had no time left for the call that it had announced.
pub fn not_called() -> Fault {
    Fault::new(
        "internal",
        FaultCategory::Internal,
        FaultActor::Us,
        "the worker was held up before the post was sent",
        "nothing to do: it is tried again",
    )
}

/// The network did not answer our call.
pub fn call_timed_out() -> Fault {
    unknown("the network did not answer in time")
}

/// The table was set back, and forgot whether it was called.
pub fn forgotten() -> Fault {
    unknown("our records were restored from a time before the post was due")
}

/// The table was set back, and perhaps forgot what it was called with.
pub fn content_lost() -> Fault {
    Fault {
        code: CONTENT_LOST.to_owned(),
        ..unknown("our records were restored from a time before the post was sent")
    }
}

/// Whether it is [`content_lost`].
pub fn is_content_lost(fault: &Fault) -> bool {
    fault.code == CONTENT_LOST
}

/// A post that looks like it is out, but counts for another delivery of the account with the same content.
pub fn counted_for_twin() -> Fault {
    Fault::new(
        "outcome_unknown",
        FaultCategory::OutcomeUnknown,
        FaultActor::User,
        "a post with this content is out, and it counts for another target with the same content",
        "look whether the account shows one post for each of them, then tell us whether this one is there",
    )
}

/// Whoever called died before the answer was recorded.
pub fn owner_died() -> Fault {
    unknown("the answer of the network was not recorded")
}

/// The network's job does not end.
pub fn processing_too_long() -> Fault {
    unknown("the network did not finish its work on the post in time")
}

/// It was not to be seen at the network when that proves that the call never came.
pub fn never_arrived() -> Fault {
    Fault::new(
        "call_lost",
        FaultCategory::NetworkUnavailable,
        FaultActor::Network,
        "the post did not reach the network",
        "nothing to do: it is tried again",
    )
}

fn unknown(message: &str) -> Fault {
    Fault::new(
        "outcome_unknown",
        FaultCategory::OutcomeUnknown,
        FaultActor::Us,
        message,
        "nothing to do: we are looking whether the post is out",
    )
}
