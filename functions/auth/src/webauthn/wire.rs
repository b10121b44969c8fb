//! What goes to browsers and comes back. Options are written as browsers take them
//! (`PublicKeyCredential.parseCreationOptionsFromJSON`), answers are what they give out, each field in base64url.

use base64::Engine as _;
use base64::alphabet::URL_SAFE;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig, URL_SAFE_NO_PAD};
use serde::{Deserialize, Deserializer, Serialize, de};
use utoipa::ToSchema;

use super::public_key::ALGORITHMS;
use super::relying_party::RelyingParty;

/// What we are called where people choose a passkey.
const PRODUCT: &str = "M1Autoposter";
/// The one type of credentials that there is.
const PUBLIC_KEY: &str = "public-key";

/// As browsers' libraries write bytes: with or without padding.
const BASE64_URL: GeneralPurpose = GeneralPurpose::new(
    &URL_SAFE,
    GeneralPurposeConfig::new()
        .with_decode_allow_trailing_bits(true)
        .with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// A browser's answer to creation options.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = PasskeyRegistration)]
pub(crate) struct Registration {
    /// The name of the new credential (`rawId`), base64url.
    #[schema(value_type = String)]
    credential: Base64Url,
    /// `response.clientDataJSON`, base64url.
    #[schema(value_type = String)]
    client_data: Base64Url,
    /// `response.attestationObject`, base64url.
    #[schema(value_type = String)]
    attestation: Base64Url,
    /// `response.getTransports()`.
    #[serde(default)]
    transports: Vec<String>,
}

/// A browser's answer to request options.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = PasskeyAssertion)]
pub(crate) struct Assertion {
    /// The name of the credential (`rawId`), base64url.
    #[schema(value_type = String)]
    credential: Base64Url,
    /// `response.clientDataJSON`, base64url.
    #[schema(value_type = String)]
    client_data: Base64Url,
    /// `response.authenticatorData`, base64url.
    #[schema(value_type = String)]
    authenticator_data: Base64Url,
    /// `response.signature`, base64url.
    #[schema(value_type = String)]
    signature: Base64Url,
    /// `response.userHandle`, base64url: who says to sign in.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    user_handle: Option<Base64Url>,
}

/// What a browser is asked to make (Web Authentication, 5.4).
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = PasskeyCreationOptions)]
pub(crate) struct CreationOptions {
    rp: Party,
    user: Person,
    challenge: String,
    pub_key_cred_params: Vec<KeyParameters>,
    /// Milliseconds.
    timeout: i64,
    exclude_credentials: Vec<CredentialDescriptor>,
    authenticator_selection: AuthenticatorSelection,
    attestation: &'static str,
}

/// What a browser is asked to sign (Web Authentication, 5.5).
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = PasskeyRequestOptions)]
pub(crate) struct RequestOptions {
    challenge: String,
    /// Milliseconds.
    timeout: i64,
    rp_id: String,
    /// Empty where the person chooses who they are.
    allow_credentials: Vec<CredentialDescriptor>,
    user_verification: &'static str,
}

/// A passkey, as browsers find it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CredentialDescriptor {
    #[serde(rename = "type")]
    kind: &'static str,
    id: String,
    transports: Vec<String>,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PasskeyParty)]
struct Party {
    id: String,
    name: &'static str,
}

#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = PasskeyPerson)]
struct Person {
    id: String,
    name: String,
    display_name: String,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PasskeyKeyParameters)]
struct KeyParameters {
    #[serde(rename = "type")]
    kind: &'static str,
    alg: i64,
}

#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = PasskeySelection)]
struct AuthenticatorSelection {
    resident_key: &'static str,
    require_resident_key: bool,
    user_verification: &'static str,
}

impl CreationOptions {
    /// Options for a passkey of somebody whom their authenticator knows by `handle` from then on.
    pub(crate) fn new(
        party: &RelyingParty,
        challenge: &str,
        timeout: i64,
        (handle, name, display_name): (&str, &str, &str),
        known: Vec<CredentialDescriptor>,
    ) -> Self {
        let parameters = ALGORITHMS.map(|alg| KeyParameters {
            kind: PUBLIC_KEY,
            alg,
        });
        Self {
            rp: Party {
                id: party.id.clone(),
                name: PRODUCT,
            },
            user: Person {
                id: URL_SAFE_NO_PAD.encode(handle),
                name: name.to_owned(),
                display_name: display_name.to_owned(),
            },
            challenge: challenge.to_owned(),
            pub_key_cred_params: parameters.into(),
            timeout,
            exclude_credentials: known,
            // Without a name that is kept with the key nobody could sign in by the passkey alone.
            authenticator_selection: AuthenticatorSelection {
                resident_key: "required",
                require_resident_key: true,
                user_verification: "required",
            },
            attestation: "none",
        }
    }
}

impl RequestOptions {
    /// Options for a signature by one of these passkeys, or by whatever the person chooses.
    pub(crate) fn new(
        party: &RelyingParty,
        challenge: &str,
        timeout: i64,
        allowed: Vec<CredentialDescriptor>,
    ) -> Self {
        Self {
            challenge: challenge.to_owned(),
            timeout,
            rp_id: party.id.clone(),
            allow_credentials: allowed,
            user_verification: "required",
        }
    }
}

impl CredentialDescriptor {
    pub(crate) fn new(credential: &[u8], transports: &[String]) -> Self {
        Self {
            kind: PUBLIC_KEY,
            id: URL_SAFE_NO_PAD.encode(credential),
            transports: transports.to_vec(),
        }
    }
}

impl Registration {
    pub(crate) fn id(&self) -> &[u8] {
        &self.credential.0
    }

    pub(crate) fn client_data(&self) -> &[u8] {
        &self.client_data.0
    }

    pub(crate) fn attestation(&self) -> &[u8] {
        &self.attestation.0
    }

    pub(crate) fn transports(&self) -> &[String] {
        &self.transports
    }
}

impl Assertion {
    pub(crate) fn id(&self) -> &[u8] {
        &self.credential.0
    }

    pub(crate) fn client_data(&self) -> &[u8] {
        &self.client_data.0
    }

    pub(crate) fn authenticator_data(&self) -> &[u8] {
        &self.authenticator_data.0
    }

    pub(crate) fn signature(&self) -> &[u8] {
        &self.signature.0
    }

    /// By what the authenticator knows its person, where it says so in text.
    pub(crate) fn user_handle(&self) -> Option<&str> {
        std::str::from_utf8(&self.user_handle.as_ref()?.0).ok()
    }
}

/// Bytes that are written as base64url.
struct Base64Url(Vec<u8>);

impl<'de> Deserialize<'de> for Base64Url {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let bytes = BASE64_URL.decode(text);
        bytes
            .map(Self)
            .map_err(|_| de::Error::custom("expected base64url"))
    }
}
