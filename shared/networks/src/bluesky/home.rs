//! Where an account lives. A server can claim any DID at sign-in; what counts is the DID's own document. Without this
//! check a made-up server could connect somebody else's account and so keep its owner from connecting it.

use serde::Deserialize;
use url::{Host, Url};

use super::errors::host;
use super::sign_in::DEFAULT_SERVICE;
use crate::http::HttpClient;
use crate::network::NetworkError;

/// The directory of all `did:plc` identities.
const PLC_DIRECTORY: &str = "https://plc.directory";

/// A DID's document, as far as it names the account's server (atproto.com/specs/did).
#[derive(Deserialize)]
struct Document {
    id: String,
    #[serde(default)]
    service: Vec<Service>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Service {
    id: String,
    service_endpoint: serde_json::Value,
}

/// Makes sure that `service` may speak for `did`. The network's own entry server speaks for the accounts of many
/// servers, and a server on loopback is in no public directory; the policy lets it through only where that is meant.
pub(crate) async fn check(http: &HttpClient, service: &Url, did: &str) -> Result<(), NetworkError> {
    let is_entry =
        Url::parse(DEFAULT_SERVICE).is_ok_and(|entry| entry.origin() == service.origin());
    if is_entry || is_loopback(service) {
        return Ok(());
    }
    let document = fetch(http, did).await?;
    if document.id == did && document.lives_at(service) {
        return Ok(());
    }
    Err(NetworkError::Invalid {
        field: "service",
        message: format!(
            "the account does not live at {}: enter its own server",
            host(service)
        ),
    })
}

/// The server that the DID's own document names.
pub(crate) async fn server_of(http: &HttpClient, did: &str) -> Result<Url, NetworkError> {
    let document = fetch(http, did).await?;
    document
        .home()
        .filter(|_| document.id == did)
        .and_then(|home| http.egress().server(home).ok())
        .ok_or_else(|| NetworkError::Unavailable {
            message: format!("the document of {did} names no server that can be reached"),
        })
}

pub(crate) fn is_loopback(service: &Url) -> bool {
    match service.host() {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

async fn fetch(http: &HttpClient, did: &str) -> Result<Document, NetworkError> {
    let unavailable = || NetworkError::Unavailable {
        message: format!("the document of {did} cannot be read"),
    };
    let url = document_url(http, did).ok_or_else(unavailable)?;
    let answer = http.send(http.get(url)).await.map_err(|_| unavailable())?;
    if !answer.status.is_success() {
        return Err(unavailable());
    }
    serde_json::from_slice(&answer.body).map_err(|_| unavailable())
}

fn document_url(http: &HttpClient, did: &str) -> Option<Url> {
    if did.starts_with("did:plc:") {
        return Url::parse(&format!("{PLC_DIRECTORY}/{did}")).ok();
    }
    let server = did.strip_prefix("did:web:")?;
    http.egress()
        .server(server)
        .ok()?
        .join("/.well-known/did.json")
        .ok()
}

impl Document {
    fn home(&self) -> Option<&str> {
        let home = self.service.iter().find(|entry| {
            entry.id == "#atproto_pds" || entry.id == format!("{}#atproto_pds", self.id)
        });
        home?.service_endpoint.as_str()
    }

    fn lives_at(&self, service: &Url) -> bool {
        self.home()
            .and_then(|endpoint| Url::parse(endpoint).ok())
            .is_some_and(|endpoint| endpoint.origin() == service.origin())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::egress::Egress;

    fn document(id: &str, endpoint: &str) -> Document {
        serde_json::from_value(json!({
            "@context": ["https://www.w3.org/ns/did/v1"],
            "id": "did:plc:alice",
            "alsoKnownAs": ["at://alice.example.org"],
            "service": [
                {"id": "#other", "type": "Other", "serviceEndpoint": {"uri": "https://other.example.org"}},
                {"id": id, "type": "AtprotoPersonalDataServer", "serviceEndpoint": endpoint},
            ],
        }))
        .unwrap()
    }

    #[test]
    fn account_lives_only_where_its_document_says() {
        let service: Url = "https://pds.example.org/".parse().unwrap();

        assert!(document("#atproto_pds", "https://pds.example.org").lives_at(&service));
        assert!(
            document("did:plc:alice#atproto_pds", "https://pds.example.org:443/")
                .lives_at(&service)
        );
        assert!(!document("#atproto_pds", "https://pds.example.org.evil.net").lives_at(&service));
        assert!(!document("#atproto_pds", "http://pds.example.org").lives_at(&service));
        assert!(!document("#atproto_labeler", "https://pds.example.org").lives_at(&service));
    }

    #[test]
    fn document_of_a_did_is_looked_up_under_its_method() {
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        let http = HttpClient::new(Egress::Public).unwrap();
        let url = |did| document_url(&http, did).map(String::from);

        assert_eq!(
            url("did:plc:abc").as_deref(),
            Some("https://plc.directory/did:plc:abc")
        );
        assert_eq!(
            url("did:web:example.org").as_deref(),
            Some("https://example.org/.well-known/did.json")
        );
        assert_eq!(url("did:web:127.0.0.1"), None);
        assert_eq!(url("did:key:z6Mk"), None);
    }
}
