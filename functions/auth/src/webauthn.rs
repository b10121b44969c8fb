//! What the Web Authentication standard (Level 3) asks of a relying party, without its ceremonies' state: options for
//! browsers, and whether what comes back is what an authenticator made for us.
//!
//! No attestation is asked for, so what an authenticator says about its maker is not read.

mod authenticator_data;
mod cbor;
mod client_data;
mod public_key;
mod relying_party;
mod wire;

#[cfg(test)]
mod vectors;

pub(crate) use client_data::ClientData;
pub(crate) use relying_party::{NewCredential, RelyingParty};
pub(crate) use wire::{
    Assertion, CreationOptions, CredentialDescriptor, Registration, RequestOptions,
};

/// Why what came back from a browser is not accepted; for logs, callers are not told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Refusal {
    /// It is not of the form that the standard describes.
    #[error("unreadable")]
    Unreadable,
    /// It was made for another act than the one at hand.
    #[error("another ceremony")]
    AnotherCeremony,
    /// The page that asked for it is not ours.
    #[error("another origin")]
    AnotherOrigin,
    /// It was made for another relying party.
    #[error("another relying party")]
    AnotherParty,
    /// Nobody was there, or they did not prove themselves to their authenticator.
    #[error("user not verified")]
    NotVerified,
    /// The key is of an algorithm that was not offered, or is no key.
    #[error("unknown kind of key")]
    UnknownKey,
    /// The signature is not one of this key.
    #[error("wrong signature")]
    WrongSignature,
    /// A passkey that could be copied cannot, or the reverse.
    #[error("backup eligibility changed")]
    BackupChanged,
    /// It was signed by a copy of the passkey, or by the original after its copy.
    #[error("sign count went back")]
    Copied,
}
