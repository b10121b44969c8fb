//! What callers are told when a network does not let us in. It is never a failure of this service, so never a 5xx.

use domain::Error;
use jiff::{SignedDuration, Timestamp};
use networks::{Network, NetworkError};

use crate::credentials::wrong;

/// The refusal of a call that publishes nothing.
pub(crate) fn refusal(network: &dyn Network, error: NetworkError, now: Timestamp) -> Error {
    let name = network.name();
    match error {
        NetworkError::Invalid { field, message } => {
            Error::Invalid(vec![wrong(field, "invalid_value", message)])
        }
        NetworkError::Unauthorized { message } => Error::NetworkRefused {
            code: "invalid_credentials",
            detail: format!("{name} refuses these credentials: {message}"),
        },
        NetworkError::RateLimited { retry_after } => {
            let pause = SignedDuration::try_from(retry_after).unwrap_or(SignedDuration::MAX);
            Error::RateLimited {
                retry_at: now.saturating_add(pause).unwrap_or(Timestamp::MAX),
            }
        }
        NetworkError::Unavailable { message } => Error::NetworkRefused {
            code: "network_unreachable",
            detail: format!("{name} does not answer, try again later: {message}"),
        },
        NetworkError::Refused(fault) => Error::NetworkRefused {
            code: "network_refused",
            detail: format!("{name} refuses: {} {}", fault.message, fault.remedy),
        },
    }
}
