//! The checks of both ceremonies (Web Authentication, 7.1 and 7.2), but for the challenge: whoever keeps it checks it.

use aws_lc_rs::digest::{SHA256, digest};
use jiff::Timestamp;
use store::{Passkey, PasskeyUse};
use url::Url;

use super::Refusal;
use super::authenticator_data::AuthenticatorData;
use super::cbor::Reader;
use super::client_data::ClientData;
use super::public_key::PublicKey;
use super::wire::{Assertion, Registration};

const CREATE: &str = "webauthn.create";
const GET: &str = "webauthn.get";

/// Us, as authenticators know us: a passkey belongs to one relying party.
#[derive(Clone, Debug)]
pub(crate) struct RelyingParty {
    /// The host under which people reach the product.
    pub(crate) id: String,
    /// The one origin whose pages may ask.
    origin: String,
}

/// A passkey that an authenticator made.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct NewCredential {
    /// What the authenticator calls it.
    pub(crate) id: Vec<u8>,
    /// Its public key.
    pub(crate) public_key: Vec<u8>,
    /// Signatures made so far.
    pub(crate) sign_count: u32,
    /// Whether it may be copied.
    pub(crate) is_backup_eligible: bool,
    /// Whether it is copied.
    pub(crate) is_backed_up: bool,
}

impl RelyingParty {
    /// The relying party of the deployment that people reach under `public_url`.
    pub(crate) fn of(public_url: &Url) -> Self {
        Self {
            id: public_url.host_str().unwrap_or_default().to_owned(),
            origin: public_url.origin().ascii_serialization(),
        }
    }

    /// The new passkey of an answer to creation options.
    pub(crate) fn registered(&self, answer: &Registration) -> Result<NewCredential, Refusal> {
        self.check_page(&ClientData::read(answer.client_data())?, CREATE)?;
        let bytes = authenticator_data_of(answer.attestation())?;
        let data = AuthenticatorData::read(bytes)?;
        self.check_person(&data)?;
        let credential = data.credential.as_ref().ok_or(Refusal::Unreadable)?;
        if credential.id != answer.id() {
            return Err(Refusal::Unreadable);
        }
        Ok(NewCredential {
            id: credential.id.to_vec(),
            public_key: credential.public_key.to_vec(),
            sign_count: data.sign_count,
            is_backup_eligible: data.is_backup_eligible(),
            is_backed_up: data.is_backed_up(),
        })
    }

    /// The use of a passkey by an answer to request options.
    pub(crate) fn asserted(
        &self,
        passkey: &Passkey,
        answer: &Assertion,
        now: Timestamp,
    ) -> Result<PasskeyUse, Refusal> {
        self.check_page(&ClientData::read(answer.client_data())?, GET)?;
        let data = AuthenticatorData::read(answer.authenticator_data())?;
        self.check_person(&data)?;
        let key = PublicKey::read(&mut Reader::new(&passkey.public_key))?;
        if !key.verifies(&signed(answer), answer.signature()) {
            return Err(Refusal::WrongSignature);
        }
        if data.is_backup_eligible() != passkey.is_backup_eligible {
            return Err(Refusal::BackupChanged);
        }
        let counts = data.sign_count != 0 || passkey.sign_count != 0;
        if counts && data.sign_count <= passkey.sign_count {
            return Err(Refusal::Copied);
        }
        Ok(PasskeyUse {
            user: passkey.user,
            passkey: passkey.id,
            sign_count: data.sign_count,
            is_backed_up: data.is_backed_up(),
            at: now,
        })
    }

    fn check_page(&self, client: &ClientData, kind: &str) -> Result<(), Refusal> {
        if client.kind != kind {
            return Err(Refusal::AnotherCeremony);
        }
        if client.origin != self.origin || client.cross_origin {
            return Err(Refusal::AnotherOrigin);
        }
        Ok(())
    }

    fn check_person(&self, data: &AuthenticatorData<'_>) -> Result<(), Refusal> {
        if data.relying_party != digest(&SHA256, self.id.as_bytes()).as_ref() {
            return Err(Refusal::AnotherParty);
        }
        if !data.is_user_verified() {
            return Err(Refusal::NotVerified);
        }
        Ok(())
    }
}

/// What the authenticator signed: its own data, and the hash of the browser's.
fn signed(answer: &Assertion) -> Vec<u8> {
    let client = digest(&SHA256, answer.client_data());
    [answer.authenticator_data(), client.as_ref()].concat()
}

/// The authenticator's data in an attestation object (6.5.4).
fn authenticator_data_of(attestation: &[u8]) -> Result<&[u8], Refusal> {
    let mut reader = Reader::new(attestation);
    let mut found = None;
    for _ in 0..reader.map().ok_or(Refusal::Unreadable)? {
        let name = reader.text().ok_or(Refusal::Unreadable)?;
        if name == "authData" {
            let bytes = reader.bytes().ok_or(Refusal::Unreadable)?;
            if found.replace(bytes).is_some() {
                return Err(Refusal::Unreadable);
            }
        } else {
            reader.skip().ok_or(Refusal::Unreadable)?;
        }
    }
    found
        .filter(|_| reader.rest().is_empty())
        .ok_or(Refusal::Unreadable)
}
