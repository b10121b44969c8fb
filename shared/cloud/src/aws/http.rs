//! The HTTP client below the AWS clients.

use std::time::Duration;

use aws_smithy_http_client::Builder;
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use aws_smithy_http_client::tls::{Provider, TlsContext, TrustStore};
use aws_smithy_runtime_api::client::http::SharedHttpClient;

/// The roots of all AWS endpoints, as Mozilla's list has them: reading the system's store of about 140 at each start
/// costs more than everything else in it.
const ROOTS: [&[u8]; 5] = [
    include_bytes!("roots/amazon-root-ca-1.pem"),
    include_bytes!("roots/amazon-root-ca-2.pem"),
    include_bytes!("roots/amazon-root-ca-3.pem"),
    include_bytes!("roots/amazon-root-ca-4.pem"),
    include_bytes!("roots/starfield-services-root-g2.pem"),
];

/// A frozen function finds its idle connections closed by the other side: better to close them first.
const IDLE: Duration = Duration::from_secs(50);

/// An HTTP client that trusts the AWS endpoints; plain `http:` addresses (of emulators) work too.
pub fn https_client() -> SharedHttpClient {
    let roots = ROOTS
        .into_iter()
        .fold(TrustStore::empty(), TrustStore::with_pem_certificate);
    let builder = Builder::new()
        .pool_idle_timeout(IDLE)
        .tls_provider(Provider::Rustls(CryptoMode::AwsLc));
    match TlsContext::builder().with_trust_store(roots).build() {
        Ok(context) => builder.tls_context(context).build_https(),
        // Only the platform's roots are then trusted: slower, no less safe.
        Err(_) => builder.build_https(),
    }
}
