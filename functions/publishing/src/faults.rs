//! Faults that the publisher itself finds. Each code is explained in `docs/errors.md`.

use domain::delivery::{Fault, FaultActor, FaultCategory};
use domain::preflight::Violation;

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

pub(crate) fn credential_refused() -> Fault {
    Fault::new(
        "access_refused",
        FaultCategory::Authentication,
        FaultActor::Network,
        "the network refused the access to this account once",
        "nothing to do: the access is renewed and it is tried again",
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
        "an image or video of the post is gone, or was changed after it was uploaded",
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
