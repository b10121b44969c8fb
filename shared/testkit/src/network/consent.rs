//! The consent page of the network in memory. Its codes name who agreed, and are good only with the secret of PKCE.

use async_trait::async_trait;
use networks::{
    Connected, Consent, ConsentError, ConsentPage, ConsentPages, ConsentRequest, NetworkError,
    PendingConsent, Verifier,
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use url::Url;

use super::FakeNetwork;
use super::sessions::connected;

#[derive(Serialize, Deserialize)]
struct Pending {
    verifier: Verifier,
    handle: Option<String>,
}

impl FakeNetwork {
    /// Who issues its codes.
    pub const ISSUER: &str = "https://fake.test";

    /// Agrees, at the page with this address, as the account with this name: what the browser brings back.
    ///
    /// # Panics
    /// Where it is no address of a page.
    pub fn agree(authorize_url: &str, name: &str) -> Value {
        let address: Url = authorize_url.parse().expect("an address");
        let of = |wanted: &str| {
            let found = address.query_pairs().find(|(name, _)| name == wanted);
            found.expect("an address of a page").1.into_owned()
        };
        json!({
            "state": of("state"),
            "code": format!("{name} {}", of("challenge")),
            "iss": Self::ISSUER,
        })
    }
}

#[async_trait]
impl ConsentPages for FakeNetwork {
    async fn open(&self, request: ConsentRequest<'_>) -> Result<ConsentPage, NetworkError> {
        if request.handle == Some("nobody") {
            return Err(NetworkError::Invalid {
                field: "handle",
                message: "nobody is called nobody".to_owned(),
            });
        }
        let address = format!("{}/authorize", Self::ISSUER);
        let challenge = request.verifier.challenge();
        let pairs = [("state", request.state), ("challenge", challenge.as_str())];
        let address = Url::parse_with_params(&address, pairs).expect("an address");
        let pending = Pending {
            verifier: request.verifier,
            handle: request.handle.map(str::to_owned),
        };
        Ok(ConsentPage {
            address,
            pending: PendingConsent::new(serde_json::to_string(&pending).expect("JSON")),
        })
    }

    async fn connect(
        &self,
        pending: &PendingConsent,
        consent: Consent<'_>,
    ) -> Result<Connected, ConsentError> {
        let pending: Pending = serde_json::from_str(pending.expose()).expect("what it wrote");
        if consent.issuer != Some(Self::ISSUER) {
            return Err(ConsentError::Forged {
                message: "the answer is not of fake.test".to_owned(),
            });
        }
        let (name, challenge) = consent.code.split_once(' ').unwrap_or_default();
        if challenge != pending.verifier.challenge() {
            return Err(ConsentError::Network(NetworkError::Unauthorized {
                message: "this code is not for you".to_owned(),
            }));
        }
        if pending.handle.is_some_and(|handle| handle != name) {
            return Err(ConsentError::AnotherAccount {
                remote_id: format!("fake:{name}"),
            });
        }
        Ok(connected(name))
    }

    fn client_document(&self) -> Option<Value> {
        None
    }
}
