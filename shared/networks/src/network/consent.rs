//! Connecting an account by the network's own consent page (OAuth 2, RFC 6749 with PKCE, RFC 7636): the contract that
//! every network with such a page keeps.

use std::fmt;

use async_trait::async_trait;
use aws_lc_rs::digest;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::account::RemoteIdentity;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use url::Url;
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use super::{Connected, NetworkError};

/// The secret of PKCE: whoever ends an authorization must know it, so a stolen code is of no use. There is no way to
/// begin one without it.
#[derive(Clone, Serialize, Deserialize, Zeroize, ZeroizeOnDrop)]
#[serde(transparent)]
pub struct Verifier(String);

impl Verifier {
    /// Takes 43 to 128 unreserved characters, of which 256 bits are random.
    pub fn new(text: String) -> Self {
        Self(text)
    }

    /// What the network is told in the beginning (method `S256`).
    pub fn challenge(&self) -> String {
        URL_SAFE_NO_PAD.encode(digest::digest(&digest::SHA256, self.0.as_bytes()))
    }

    /// The secret itself, for the network in the end.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Verifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Verifier(…)")
    }
}

/// What somebody wants to authorize.
pub struct ConsentRequest<'a> {
    /// The account's handle, as typed.
    pub handle: Option<&'a str>,
    /// The server, as typed.
    pub server: Option<&'a str>,
    /// The account, where it is known and is to be connected again.
    pub account: Option<&'a RemoteIdentity>,
    /// What the browser brings back, opaque to the network.
    pub state: &'a str,
    /// The secret of PKCE.
    pub verifier: Verifier,
}

impl fmt::Debug for ConsentRequest<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ConsentRequest(…)")
    }
}

/// A consent page that waits for its person.
#[derive(Clone, Debug)]
pub struct ConsentPage {
    /// Where the browser goes.
    pub address: Url,
    /// What the module needs in the end.
    pub pending: PendingConsent,
}

/// What is kept between the two halves, as one opaque text that only the network's own module reads and that is stored
/// only sealed. Never shown.
#[derive(Clone)]
pub struct PendingConsent(Zeroizing<String>);

impl PendingConsent {
    /// Takes what a network's module wrote.
    pub fn new(text: String) -> Self {
        Self(Zeroizing::new(text))
    }

    /// The secret itself: for the network's module and for sealing.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for PendingConsent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PendingConsent(…)")
    }
}

/// What the browser brings back of a consent.
#[derive(Clone, Copy)]
pub struct Consent<'a> {
    /// The code, good for one exchange.
    pub code: &'a str,
    /// Who says that they issued it (RFC 9207).
    pub issuer: Option<&'a str>,
}

impl fmt::Debug for Consent<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let issuer = &self.issuer;
        f.debug_struct("Consent")
            .field("issuer", issuer)
            .finish_non_exhaustive()
    }
}

/// Why a consent could not be turned into an account.
#[derive(Clone, Debug, thiserror::Error)]
pub enum ConsentError {
    /// It is not an answer to what was asked: another server gave it, or may not speak for the account.
    #[error("{message}")]
    Forged {
        /// What does not fit, for people.
        message: String,
    },
    /// It is an answer for another account.
    #[error("the consent is of another account, {remote_id}")]
    AnotherAccount {
        /// Which.
        remote_id: String,
    },
    /// As any other call.
    #[error(transparent)]
    Network(#[from] NetworkError),
}

/// The consent page of a network.
#[async_trait]
pub trait ConsentPages: Send + Sync {
    /// Asks the network for a page. An [`NetworkError::Invalid`] names `handle` or `server`.
    async fn open(&self, request: ConsentRequest<'_>) -> Result<ConsentPage, NetworkError>;

    /// Turns a consent into an account. A code works once, and so does this.
    async fn connect(
        &self,
        pending: &PendingConsent,
        consent: Consent<'_>,
    ) -> Result<Connected, ConsentError>;

    /// The document by which the network knows this product; `None` where it needs none.
    fn client_document(&self) -> Option<Value>;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn challenge_is_that_of_the_standard() {
        // RFC 7636, appendix B.
        let verifier = Verifier::new("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk".to_owned());

        assert_eq!(
            verifier.challenge(),
            "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
        );
        assert_eq!(format!("{verifier:?}"), "Verifier(…)");
    }
}
