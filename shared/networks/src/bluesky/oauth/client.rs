//! How this product introduces itself to authorization servers: they know a client by the address of a document that it
//! publishes (atproto.com/specs/oauth#clients). It is a public client, so they end its sessions after two weeks.

use serde_json::{Value, json};
use url::Url;
use url::form_urlencoded::Serializer;

/// Everything that posts need. Finer scopes are not understood by all servers yet.
pub(crate) const SCOPE: &str = "atproto transition:generic";

/// The page of the dashboard to which browsers come back.
const RETURN_PATH: &str = "/connect";

/// The path of the document, below the product's address.
const DOCUMENT_PATH: &str = "/v1/networks/bluesky/client-metadata.json";

/// The product as a client.
#[derive(Clone, Debug)]
pub struct OauthClient {
    pub(crate) id: String,
    pub(crate) return_to: String,
    document: Option<Value>,
}

impl OauthClient {
    /// The client of a deployment that people reach at `base`; `None` where that is no https address, which no server
    /// would take.
    pub fn deployed(base: &Url) -> Option<Self> {
        let id = base.join(DOCUMENT_PATH).ok()?.to_string();
        let return_to = base.join(RETURN_PATH).ok()?.to_string();
        let document = json!({
            "client_id": id,
            "application_type": "web",
            "client_name": "M1Autoposter",
            "client_uri": base.join("/").ok()?,
            "redirect_uris": [return_to],
            "grant_types": ["authorization_code", "refresh_token"],
            "response_types": ["code"],
            "scope": SCOPE,
            "dpop_bound_access_tokens": true,
            "token_endpoint_auth_method": "none",
        });
        (base.scheme() == "https").then_some(Self {
            id,
            return_to,
            document: Some(document),
        })
    }

    /// The client of a run on this machine, which no server could ask for a document: its id says everything.
    pub fn loopback(port: u16) -> Self {
        let return_to = format!("http://127.0.0.1:{port}{RETURN_PATH}");
        let query = Serializer::new(String::new())
            .append_pair("redirect_uri", &return_to)
            .append_pair("scope", SCOPE)
            .finish();
        Self {
            id: format!("http://localhost?{query}"),
            return_to,
            document: None,
        }
    }

    pub(crate) fn document(&self) -> Option<Value> {
        self.document.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn client_of_a_deployment_is_known_by_its_document() {
        let base: Url = "https://post.example.com".parse().unwrap();

        let client = OauthClient::deployed(&base).unwrap();

        let document = client.document().unwrap();
        assert_eq!(document["client_id"], client.id);
        assert_eq!(
            client.id,
            "https://post.example.com/v1/networks/bluesky/client-metadata.json"
        );
        assert_eq!(
            document["redirect_uris"],
            json!(["https://post.example.com/connect"])
        );
        assert!(OauthClient::deployed(&"http://post.example.com".parse().unwrap()).is_none());
    }

    #[test]
    fn client_on_loopback_says_everything_in_its_id() {
        let client = OauthClient::loopback(8080);

        assert_eq!(
            client.id,
            "http://localhost?redirect_uri=http%3A%2F%2F127.0.0.1%3A8080%2Fconnect&scope=atproto+transition%3Ageneric"
        );
        assert_eq!(client.document(), None);
    }
}
