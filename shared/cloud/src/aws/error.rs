//! What an SDK error means to the product.

use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use domain::Error;

/// Codes by which the services say "too much at once".
const THROTTLED: [&str; 9] = [
    "BandwidthLimitExceeded",
    "LimitExceededException",
    "ProvisionedThroughputExceededException",
    "RequestLimitExceeded",
    "RequestThrottled",
    "SlowDown",
    "Throttling",
    "ThrottlingException",
    "TooManyRequestsException",
];

/// Whether the same call may succeed later: no answer, a fault of the service, or too many calls.
pub fn is_transient<E: ProvideErrorMetadata>(error: &SdkError<E, HttpResponse>) -> bool {
    match error {
        SdkError::ConstructionFailure(_) => false,
        SdkError::TimeoutError(_) | SdkError::DispatchFailure(_) | SdkError::ResponseError(_) => {
            true
        }
        SdkError::ServiceError(answer) => {
            let throttled = answer
                .err()
                .code()
                .is_some_and(|code| THROTTLED.contains(&code));
            throttled || answer.raw().status().is_server_error()
        }
        // The SDK may add kinds; to try again is the safe answer to what we do not know.
        _ => true,
    }
}

/// The product's error for a failed call of `dependency`, such as "the queue": [`Error::Unavailable`] where trying
/// again may help, else a fault of ours.
pub fn dependency_error<E>(dependency: &'static str, error: SdkError<E, HttpResponse>) -> Error
where
    E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
{
    if is_transient(&error) {
        Error::unavailable(dependency, error)
    } else {
        Error::internal("a service refused our call", error)
    }
}
