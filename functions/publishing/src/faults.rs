//! Faults that the publisher itself finds. Each code is explained in `docs/errors.md`.

use domain::delivery::{Fault, FaultActor, FaultCategory};
use domain::preflight::Violation;

pub(crate) fn too_late() -> Fault {
    engine::missed_fault()
}

pub(crate) fn internal() -> Fault {
    Fault::new(
        "internal",
        FaultCategory::Internal,
        FaultActor::Us,
        "something failed on our side before the post was sent",
        "nothing to do: it is tried again",
    )
}

pub(crate) fn account_gone() -> Fault {
    Fault::new(
        "account_disconnected",
        FaultCategory::Authentication,
        FaultActor::User,
        "the account was disconnected",
        "connect the account again and copy the post",
    )
}

pub(crate) fn reconnect_needed() -> Fault {
    Fault::new(
        "account_reconnect_required",
        FaultCategory::Authentication,
        FaultActor::User,
        "the network no longer accepts the access to this account",
        "connect the account again; the post then goes out by itself",
    )
}

pub(crate) fn tenant_inactive() -> Fault {
    Fault::new(
        "tenant_inactive",
        FaultCategory::Permission,
        FaultActor::User,
        "publishing is switched off for this workspace",
        "ask an owner of the workspace",
    )
}

pub(crate) fn network_missing() -> Fault {
    Fault::new(
        "network_not_available",
        FaultCategory::NetworkUnavailable,
        FaultActor::Us,
        "this installation cannot reach the account's network",
        "nothing to do: it is tried again",
    )
}

pub(crate) fn content_gone() -> Fault {
    Fault::new(
        "media_missing",
        FaultCategory::Content,
        FaultActor::User,
        "an image or video of the post is gone",
        "edit the post and add it again",
    )
}

pub(crate) fn content(violation: Option<&Violation>) -> Fault {
    let (message, fix) = violation.map_or(
        ("the content breaks a rule of the network", "edit the post"),
        |violation| (violation.message.as_str(), violation.fix.as_str()),
    );
    Fault::new(
        "content_not_allowed",
        FaultCategory::Content,
        FaultActor::User,
        message,
        fix,
    )
}

pub(crate) fn unavailable(message: &str) -> Fault {
    Fault::new(
        "network_unavailable",
        FaultCategory::NetworkUnavailable,
        FaultActor::Network,
        message,
        "nothing to do: it is tried again",
    )
}

pub(crate) fn rate_limited() -> Fault {
    Fault::new(
        "network_rate_limited",
        FaultCategory::RateLimit,
        FaultActor::Network,
        "the network asked to wait",
        "nothing to do: it is tried again when the network allows it",
    )
}

pub(crate) fn call_timed_out() -> Fault {
    unknown("the network did not answer in time")
}

pub(crate) fn owner_died() -> Fault {
    unknown("the answer of the network was not recorded")
}

pub(crate) fn processing_too_long() -> Fault {
    unknown("the network did not finish its work on the post in time")
}

pub(crate) fn cannot_find_out() -> Fault {
    engine::outcome_unknown_fault()
}

pub(crate) fn never_arrived() -> Fault {
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
