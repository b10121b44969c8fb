//! What an error of the protocol means to us.

use std::time::Duration;

use domain::delivery::{Fault, FaultActor, FaultCategory};
use http::StatusCode;
use url::Url;

use super::xrpc::{Refusal, XrpcError};
use crate::network::{CallOutcome, NetworkError};

/// Where the server names no time: its windows are 5 minutes long.
const RATE_LIMIT_PAUSE: Duration = Duration::from_mins(1);

/// The kinds of refusal that ask for different reactions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// The tokens are not good (any more).
    Credentials,
    /// The account was taken down, suspended or switched off.
    Account,
    /// An uploaded image was removed before the post came.
    BlobGone,
    /// Too many calls.
    RateLimit,
    /// Somebody else wrote to the repository at the same moment.
    Collision,
    /// The content is not acceptable.
    Content,
    /// The server failed: nobody knows how far it came.
    Server,
}

fn kind(refusal: &Refusal) -> Kind {
    match refusal.error.as_str() {
        "ExpiredToken" | "InvalidToken" | "AuthMissing" | "AuthenticationRequired" => {
            Kind::Credentials
        }
        "AccountTakedown" | "AccountDeactivated" | "AccountSuspended" | "RepoTakendown"
        | "RepoDeactivated" | "RepoSuspended" => Kind::Account,
        "BlobNotFound" => Kind::BlobGone,
        "InvalidSwap" => Kind::Collision,
        "RateLimitExceeded" => Kind::RateLimit,
        "PayloadTooLarge" => Kind::Content,
        _ => match refusal.status {
            StatusCode::UNAUTHORIZED => Kind::Credentials,
            StatusCode::FORBIDDEN => Kind::Account,
            StatusCode::TOO_MANY_REQUESTS => Kind::RateLimit,
            StatusCode::REQUEST_TIMEOUT => Kind::Server,
            status if status.is_client_error() => Kind::Content,
            _ => Kind::Server,
        },
    }
}

impl Refusal {
    pub(crate) fn asks_for_refresh(&self) -> bool {
        self.error == "ExpiredToken"
    }

    pub(crate) fn is_of_credentials(&self) -> bool {
        kind(self) == Kind::Credentials
    }

    fn words(&self) -> String {
        match (self.error.as_str(), self.message.as_str()) {
            ("", "") => format!("status {}", self.status.as_u16()),
            (error, "") => error.to_owned(),
            ("", message) => message.to_owned(),
            (error, message) => format!("{message} ({error})"),
        }
    }
}

/// What the error says about the one call that publishes.
pub(crate) fn call_outcome(error: &XrpcError, service: &Url) -> CallOutcome {
    let host = host(service);
    match error {
        XrpcError::Forbidden(forbidden) => CallOutcome::NoEffect {
            fault: unreachable_fault(&host, &forbidden.to_string()),
            retry_after: None,
        },
        XrpcError::NotSent { reason } => CallOutcome::NoEffect {
            fault: unreachable_fault(&host, reason),
            retry_after: None,
        },
        XrpcError::Lost { reason } => CallOutcome::Unknown(unknown_fault(&host, reason)),
        XrpcError::Unreadable { status } => CallOutcome::Unknown(unknown_fault(
            &host,
            &format!("the answer ({}) cannot be read", status.as_u16()),
        )),
        XrpcError::Refused(refusal) => match kind(refusal) {
            Kind::Credentials => CallOutcome::Unauthorized(credentials_fault(refusal)),
            Kind::Account => CallOutcome::Refused(account_fault(refusal)),
            Kind::Content => CallOutcome::Refused(content_fault(refusal)),
            Kind::Server => CallOutcome::Unknown(unknown_fault(&host, &refusal.words())),
            Kind::BlobGone => CallOutcome::NoEffect {
                fault: blob_fault(refusal),
                retry_after: None,
            },
            Kind::Collision => CallOutcome::NoEffect {
                fault: unreachable_fault(&host, &refusal.words()),
                retry_after: None,
            },
            Kind::RateLimit => CallOutcome::NoEffect {
                fault: rate_fault(refusal),
                retry_after: Some(refusal.retry_after.unwrap_or(RATE_LIMIT_PAUSE)),
            },
        },
    }
}

/// What the error says about a call that publishes nothing.
pub(crate) fn network_error(error: &XrpcError, service: &Url) -> NetworkError {
    let host = host(service);
    match error {
        XrpcError::Forbidden(forbidden) => NetworkError::Invalid {
            field: "service",
            message: forbidden.to_string(),
        },
        XrpcError::NotSent { reason } => NetworkError::Unavailable {
            message: format!("{host} cannot be reached: {reason}"),
        },
        XrpcError::Lost { reason } => NetworkError::Unavailable {
            message: format!("{host} gave no complete answer: {reason}"),
        },
        XrpcError::Unreadable { status } => NetworkError::Unavailable {
            message: format!(
                "{host} does not answer like a Bluesky server (status {})",
                status.as_u16()
            ),
        },
        XrpcError::Refused(refusal) => match kind(refusal) {
            Kind::Credentials => NetworkError::Unauthorized {
                message: refusal.words(),
            },
            Kind::RateLimit => NetworkError::RateLimited {
                retry_after: refusal.retry_after.unwrap_or(RATE_LIMIT_PAUSE),
            },
            Kind::Server | Kind::Collision | Kind::BlobGone => NetworkError::Unavailable {
                message: format!("{host} failed: {}", refusal.words()),
            },
            Kind::Account => NetworkError::Refused(account_fault(refusal)),
            Kind::Content => NetworkError::Refused(content_fault(refusal)),
        },
    }
}

/// The server as people know it.
pub(crate) fn host(service: &Url) -> String {
    let name = service.host_str().unwrap_or("the server");
    match service.port() {
        Some(port) => format!("{name}:{port}"),
        None => name.to_owned(),
    }
}

/// An answer to a look that says neither that the record is there nor that it is not.
pub(crate) fn no_record(service: &Url) -> NetworkError {
    NetworkError::Unavailable {
        message: format!("{} does not answer like a Bluesky server", host(service)),
    }
}

/// Some parts of a thread are there and some are not, although we write all of them at once.
pub(crate) fn thread_incomplete_fault(there: usize, parts: usize) -> Fault {
    Fault::new(
        "thread_incomplete",
        FaultCategory::OutcomeUnknown,
        FaultActor::User,
        format!("{there} of {parts} parts of the thread are public at Bluesky."),
        "Look at the account. If the thread may stay as it is, say that it is published; else delete its parts there, \
         say that it is not published, then retry.",
    )
}

fn unreachable_fault(host: &str, reason: &str) -> Fault {
    Fault::new(
        "network_unavailable",
        FaultCategory::NetworkUnavailable,
        FaultActor::Network,
        format!("{host} cannot be reached: {reason}"),
        "Nothing was sent. We try again by ourselves.",
    )
}

pub(crate) fn unknown_fault(host: &str, reason: &str) -> Fault {
    Fault::new(
        "outcome_unknown",
        FaultCategory::OutcomeUnknown,
        FaultActor::Network,
        format!("{host} gave no clear answer: {reason}"),
        "We look at the account to see whether the post is there.",
    )
}

/// The stored sign-in is not one of ours any more.
pub(crate) fn sign_in_fault() -> Fault {
    Fault::new(
        "account_reconnect_required",
        FaultCategory::Authentication,
        FaultActor::User,
        "The stored sign-in cannot be read.",
        "Connect the account again.",
    )
}

/// The options were checked when the post was written, by rules that have changed since.
pub(crate) fn options_fault() -> Fault {
    Fault::new(
        "options_not_valid",
        FaultCategory::Content,
        FaultActor::User,
        "The post's options for Bluesky are not valid.",
        "Edit the post and retry.",
    )
}

/// What was prepared cannot be read, or holds nothing.
pub(crate) fn draft_fault() -> Fault {
    Fault::new(
        "preparation_not_valid",
        FaultCategory::Internal,
        FaultActor::Us,
        "The prepared post cannot be used.",
        "Retry the post.",
    )
}

/// This network has no jobs: nobody should ask for one.
pub(crate) fn no_jobs_fault() -> Fault {
    Fault::new(
        "remote_job_unknown",
        FaultCategory::Internal,
        FaultActor::Us,
        "Bluesky publishes at once and has no jobs to look after.",
        "Look at the account to see whether the post is there.",
    )
}

fn credentials_fault(refusal: &Refusal) -> Fault {
    Fault::new(
        "account_reconnect_required",
        FaultCategory::Authentication,
        FaultActor::User,
        format!("Bluesky no longer accepts the sign-in: {}", refusal.words()),
        "Connect the account again.",
    )
}

pub(crate) fn account_fault(refusal: &Refusal) -> Fault {
    Fault::new(
        "account_not_active",
        FaultCategory::Permission,
        FaultActor::User,
        format!(
            "Bluesky does not let this account post: {}",
            refusal.words()
        ),
        "Sign in at Bluesky to see what happened to the account.",
    )
}

fn content_fault(refusal: &Refusal) -> Fault {
    Fault::new(
        "network_rejected",
        FaultCategory::Content,
        FaultActor::User,
        format!("Bluesky refuses the post: {}", refusal.words()),
        "Change what Bluesky names, then retry.",
    )
}

fn blob_fault(refusal: &Refusal) -> Fault {
    Fault::new(
        "media_expired",
        FaultCategory::NetworkUnavailable,
        FaultActor::Network,
        format!(
            "Bluesky removed an uploaded image before the post came: {}",
            refusal.words()
        ),
        "We upload it again by ourselves.",
    )
}

fn rate_fault(refusal: &Refusal) -> Fault {
    Fault::new(
        "network_rate_limited",
        FaultCategory::RateLimit,
        FaultActor::Network,
        format!("Bluesky asks this account to wait: {}", refusal.words()),
        "We try again by ourselves when Bluesky allows it.",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(status: u16, error: &str) -> XrpcError {
        XrpcError::Refused(Refusal {
            status: StatusCode::from_u16(status).unwrap(),
            error: error.to_owned(),
            message: "words".to_owned(),
            retry_after: None,
        })
    }

    fn outcome(error: &XrpcError) -> (&'static str, String) {
        match call_outcome(error, &"https://pds.example.org".parse().unwrap()) {
            CallOutcome::NoEffect { fault, .. } => ("no_effect", fault.code),
            CallOutcome::Unauthorized(fault) => ("unauthorized", fault.code),
            CallOutcome::Refused(fault) => ("refused", fault.code),
            CallOutcome::Unknown(fault) => ("unknown", fault.code),
            CallOutcome::Published(_) | CallOutcome::HandedOver(_) | CallOutcome::Processing(_) => {
                ("success", String::new())
            }
        }
    }

    #[test]
    fn call_outcome_follows_the_table_of_the_network() {
        for (status, error, meaning, code) in [
            (
                400,
                "ExpiredToken",
                "unauthorized",
                "account_reconnect_required",
            ),
            (
                400,
                "InvalidToken",
                "unauthorized",
                "account_reconnect_required",
            ),
            (
                401,
                "AuthMissing",
                "unauthorized",
                "account_reconnect_required",
            ),
            (
                401,
                "AuthenticationRequired",
                "unauthorized",
                "account_reconnect_required",
            ),
            (
                401,
                "Surprise",
                "unauthorized",
                "account_reconnect_required",
            ),
            (401, "AccountTakedown", "refused", "account_not_active"),
            (403, "AccountDeactivated", "refused", "account_not_active"),
            (400, "RepoTakendown", "refused", "account_not_active"),
            (403, "Surprise", "refused", "account_not_active"),
            (400, "InvalidRequest", "refused", "network_rejected"),
            (413, "PayloadTooLarge", "refused", "network_rejected"),
            (400, "BlobNotFound", "no_effect", "media_expired"),
            (400, "InvalidSwap", "no_effect", "network_unavailable"),
            (
                429,
                "RateLimitExceeded",
                "no_effect",
                "network_rate_limited",
            ),
            (429, "", "no_effect", "network_rate_limited"),
            (408, "", "unknown", "outcome_unknown"),
            (500, "InternalServerError", "unknown", "outcome_unknown"),
            (502, "UpstreamFailure", "unknown", "outcome_unknown"),
            (503, "", "unknown", "outcome_unknown"),
            (302, "", "unknown", "outcome_unknown"),
        ] {
            assert_eq!(
                outcome(&refused(status, error)),
                (meaning, code.to_owned()),
                "{status} {error}"
            );
        }
    }

    #[test]
    fn call_outcome_without_an_answer_depends_on_whether_something_was_sent() {
        let reason = "time-out".to_owned();

        assert_eq!(
            outcome(&XrpcError::NotSent {
                reason: reason.clone()
            })
            .0,
            "no_effect"
        );
        assert_eq!(outcome(&XrpcError::Lost { reason }).0, "unknown");
        assert_eq!(
            outcome(&XrpcError::Unreadable {
                status: StatusCode::OK
            })
            .0,
            "unknown"
        );
    }
}
