//! What the network's answers mean to a publisher.

use std::time::Duration;

use domain::delivery::{Fault, FaultActor, FaultCategory};
use networks::{Answer, CallOutcome, NetworkError, NoAnswer};

use crate::wire::Problem;

/// Where the network names no time.
const RATE_LIMIT_PAUSE: Duration = Duration::from_secs(2);

/// The network's words, for people.
fn words(answer: &Answer) -> String {
    serde_json::from_slice::<Problem>(&answer.body).map_or_else(
        |_| format!("status {}", answer.status.as_u16()),
        |problem| format!("{} ({})", problem.detail, problem.code),
    )
}

/// What an answer that is no success says about the one call that publishes.
pub(crate) fn of_call(answer: &Answer) -> CallOutcome {
    let words = words(answer);
    match answer.status.as_u16() {
        401 => CallOutcome::Unauthorized(unauthorized_fault(&words)),
        429 => CallOutcome::NoEffect {
            fault: Fault::new(
                "network_rate_limited",
                FaultCategory::RateLimit,
                FaultActor::Network,
                format!("The playground asks to wait: {words}"),
                "We try again by ourselves when the playground allows it.",
            ),
            retry_after: Some(answer.retry_after().unwrap_or(RATE_LIMIT_PAUSE)),
        },
        400 | 403 | 404 | 413 | 415 | 422 => CallOutcome::Refused(rejected_fault(&words)),
        _ => CallOutcome::Unknown(unknown_fault(&words)),
    }
}

/// What a missing answer says about the one call that publishes.
pub(crate) fn of_missing(missing: &NoAnswer) -> CallOutcome {
    match missing {
        NoAnswer::Forbidden(_) | NoAnswer::NotSent(_) => CallOutcome::NoEffect {
            fault: Fault::new(
                "network_unavailable",
                FaultCategory::NetworkUnavailable,
                FaultActor::Network,
                format!("The playground cannot be reached: {missing}"),
                "Nothing was sent. We try again by ourselves.",
            ),
            retry_after: None,
        },
        NoAnswer::Lost(_) => CallOutcome::Unknown(unknown_fault(&missing.to_string())),
    }
}

/// What an answer that is no success says about a call that publishes nothing.
pub(crate) fn of_answer(answer: &Answer) -> NetworkError {
    let words = words(answer);
    match answer.status.as_u16() {
        401 => NetworkError::Unauthorized { message: words },
        429 => NetworkError::RateLimited {
            retry_after: answer.retry_after().unwrap_or(RATE_LIMIT_PAUSE),
        },
        400..=499 => NetworkError::Refused(rejected_fault(&words)),
        _ => NetworkError::Unavailable { message: words },
    }
}

pub(crate) fn unauthorized_fault(words: &str) -> Fault {
    Fault::new(
        "account_reconnect_required",
        FaultCategory::Authentication,
        FaultActor::User,
        format!("The playground no longer accepts the sign-in: {words}"),
        "Connect the account again.",
    )
}

pub(crate) fn unknown_fault(words: &str) -> Fault {
    Fault::new(
        "outcome_unknown",
        FaultCategory::OutcomeUnknown,
        FaultActor::Network,
        format!("The playground gave no clear answer: {words}"),
        "We look at the account to see whether the post is there.",
    )
}

pub(crate) fn rejected_fault(words: &str) -> Fault {
    Fault::new(
        "network_rejected",
        FaultCategory::Content,
        FaultActor::User,
        format!("The playground refuses the post: {words}"),
        "Change the post, then retry.",
    )
}

pub(crate) fn draft_fault() -> Fault {
    Fault::new(
        "preparation_not_valid",
        FaultCategory::Internal,
        FaultActor::Us,
        "The prepared post cannot be used.",
        "Retry the post.",
    )
}

pub(crate) fn twins_fault(count: usize) -> Fault {
    Fault::new(
        "outcome_ambiguous",
        FaultCategory::OutcomeUnknown,
        FaultActor::User,
        format!(
            "{count} posts of the account look like this one; nothing tells which one it is, if any."
        ),
        "Look at the account and tell us whether the post is there.",
    )
}
