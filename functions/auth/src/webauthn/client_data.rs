//! What a browser says of the page that asked (Web Authentication, 5.8.1).

use serde::Deserialize;

use super::Refusal;

/// Data of a browser, which the authenticator signs with its own.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ClientData {
    /// The challenge that is answered, base64url.
    pub(crate) challenge: String,
    /// The origin of the page.
    pub(crate) origin: String,
    /// Whether the page stood in one of another origin.
    #[serde(default)]
    pub(crate) cross_origin: bool,
    /// `webauthn.create` or `webauthn.get`.
    #[serde(rename = "type")]
    pub(crate) kind: String,
}

impl ClientData {
    /// Reads what the browser wrote. Members that are not known yet may be there (5.8.1.1).
    pub(crate) fn read(json: &[u8]) -> Result<Self, Refusal> {
        serde_json::from_slice(json).map_err(|_| Refusal::Unreadable)
    }
}
