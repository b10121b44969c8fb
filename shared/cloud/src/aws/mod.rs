//! The AWS clients: one HTTP client and one configuration for all of them.

use std::future::Future;
use std::time::Duration;

use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_smithy_async::rt::sleep::{SharedAsyncSleep, TokioSleep};
use aws_smithy_async::time::{SharedTimeSource, SystemTimeSource};
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use aws_smithy_types::retry::RetryConfig;
use aws_smithy_types::timeout::TimeoutConfig;
use aws_types::SdkConfig;
use aws_types::region::Region;

use crate::config::AwsConfig;

#[cfg(test)]
pub(crate) mod canned;
mod error;
mod http;

pub use error::{dependency_error, is_transient};
pub use http::https_client;

const CONNECT: Duration = Duration::from_secs(1);
const ATTEMPTS: u32 = 3;
/// Longest that a start waits for its first connection; the first request then opens it.
const WARM_UP: Duration = Duration::from_secs(1);

/// How long calls of a client may take; the SDK itself sets no limit.
#[derive(Clone, Copy, Debug)]
struct Limits {
    attempt: Duration,
    operation: Duration,
}

/// Table, keys and queue answer in milliseconds: two seconds mean that something is wrong on the way.
const QUICK: Limits = Limits {
    attempt: Duration::from_secs(2),
    operation: Duration::from_secs(6),
};
/// Objects and mail take longer.
const PATIENT: Limits = Limits {
    attempt: Duration::from_secs(5),
    operation: Duration::from_secs(12),
};

/// Makes the clients, which share connections and credentials.
#[derive(Clone, Debug)]
pub struct Aws {
    config: AwsConfig,
    http: SharedHttpClient,
}

impl Aws {
    /// Clients over HTTPS, as `config` says.
    pub fn new(config: AwsConfig) -> Self {
        Self::with_http_client(config, https_client())
    }

    /// Clients over another HTTP client: an embedded table, or one with planned faults.
    pub fn with_http_client(config: AwsConfig, http: SharedHttpClient) -> Self {
        Self { config, http }
    }

    /// The region.
    pub fn region(&self) -> &str {
        &self.config.region
    }

    /// The table's client.
    pub fn dynamodb(&self) -> aws_sdk_dynamodb::Client {
        let endpoint = self.config.endpoints.dynamodb.as_deref();
        aws_sdk_dynamodb::Client::new(&self.sdk_config(QUICK, endpoint))
    }

    /// The key service's client.
    pub fn kms(&self) -> aws_sdk_kms::Client {
        let endpoint = self.config.endpoints.kms.as_deref();
        aws_sdk_kms::Client::new(&self.sdk_config(QUICK, endpoint))
    }

    /// The queue's client.
    pub fn sqs(&self) -> aws_sdk_sqs::Client {
        let endpoint = self.config.endpoints.sqs.as_deref();
        aws_sdk_sqs::Client::new(&self.sdk_config(QUICK, endpoint))
    }

    /// The object store's client. Where the endpoint is overridden, the bucket is part of the path: emulators have no
    /// name for each bucket.
    pub fn s3(&self) -> aws_sdk_s3::Client {
        let endpoint = self.config.endpoints.s3.as_deref();
        let config = aws_sdk_s3::config::Builder::from(&self.sdk_config(PATIENT, endpoint))
            .force_path_style(endpoint.is_some())
            .build();
        aws_sdk_s3::Client::from_conf(config)
    }

    /// The mail service's client.
    pub fn ses(&self) -> aws_sdk_sesv2::Client {
        let endpoint = self.config.endpoints.ses.as_deref();
        aws_sdk_sesv2::Client::new(&self.sdk_config(PATIENT, endpoint))
    }

    fn sdk_config(&self, limits: Limits, endpoint: Option<&str>) -> SdkConfig {
        let AwsConfig {
            region,
            access_key_id,
            secret_access_key,
            session_token,
            ..
        } = &self.config;
        let credentials = Credentials::new(
            access_key_id,
            secret_access_key.expose(),
            session_token
                .as_ref()
                .map(|token| token.expose().to_owned()),
            None,
            "environment",
        );
        let timeouts = TimeoutConfig::builder()
            .connect_timeout(CONNECT)
            .operation_attempt_timeout(limits.attempt)
            .operation_timeout(limits.operation)
            .build();
        let mut config = SdkConfig::builder()
            .behavior_version(aws_sdk_dynamodb::config::BehaviorVersion::latest())
            .region(Region::new(region.clone()))
            .credentials_provider(SharedCredentialsProvider::new(credentials))
            .http_client(self.http.clone())
            .retry_config(RetryConfig::standard().with_max_attempts(ATTEMPTS))
            .timeout_config(timeouts)
            .sleep_impl(SharedAsyncSleep::new(TokioSleep::new()))
            .time_source(SharedTimeSource::new(SystemTimeSource::new()));
        config.set_endpoint_url(endpoint.map(ToOwned::to_owned));
        config.build()
    }
}

/// Opens a connection during start-up, when the CPU is not yet throttled, by one cheap call. Its result does not
/// matter: where it fails, the first request finds out.
pub async fn warm_up<T, E>(call: impl Future<Output = Result<T, E>>) {
    let warm = matches!(tokio::time::timeout(WARM_UP, call).await, Ok(Ok(_)));
    if !warm {
        tracing::warn!("the first connection could not be opened ahead");
    }
}

#[cfg(test)]
mod tests;
