//! The format of a sealed record and its cryptography.
//!
//! ```text
//! magic "M1AS" | format 1 | algorithm 1 | tenant key version (4, big-endian) | salt (32) | commitment (32) | nonce (12)
//!   | ciphertext | tag (16)
//! record key ‖ commitment = HKDF-SHA-256(tenant key, salt, "m1ap/v1" ‖ place)
//! ciphertext ‖ tag        = AES-256-GCM(record key, nonce, additional data = all before the ciphertext ‖ place)
//! ```
//!
//! The commitment makes up for GCM, whose ciphertexts can be made to open under two keys.

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::error::Unspecified;
use aws_lc_rs::hkdf::{HKDF_SHA256, KeyType, Salt};
use domain::{Error, Random, Result};
use zeroize::Zeroizing;

use super::binding::Binding;
use super::cache::TenantKey;
use super::sealed::Sealed;

const MAGIC: [u8; 4] = *b"M1AS";
const FORMAT: u8 = 1;
const ALGORITHM: u8 = 1;
const DERIVATION: &[u8] = b"m1ap/v1";
const KEY: usize = 32;
const SALT: usize = 32;
const COMMITMENT: usize = 32;
const NONCE: usize = 12;
const TAG: usize = 16;
const HEADER: usize = MAGIC.len() + 1 + 1 + 4 + SALT + COMMITMENT + NONCE;

/// Why a record does not open.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OpenError {
    /// The bytes are not a record.
    #[error("not a sealed record")]
    NotARecord,
    /// The record has a format or an algorithm that this build does not know.
    #[error("sealed in an unknown format")]
    UnknownFormat,
    /// The tenant's key of the record's version is not there: the tenant was shredded.
    #[error("the tenant's key is gone")]
    KeyGone,
    /// The record was sealed under another key or for another place.
    #[error("sealed under another key or for another place")]
    WrongPlace,
    /// The record was changed.
    #[error("the record was changed")]
    Changed,
}

/// A record cut into its parts.
#[derive(Debug)]
pub(super) struct Record<'a> {
    pub(super) key_version: u32,
    header: &'a [u8],
    salt: &'a [u8; SALT],
    commitment: &'a [u8; COMMITMENT],
    nonce: &'a [u8; NONCE],
    ciphertext: &'a [u8],
}

impl<'a> Record<'a> {
    pub(super) fn parse(bytes: &'a [u8]) -> std::result::Result<Self, OpenError> {
        let parts = || {
            let (header, ciphertext) = bytes.split_at_checked(HEADER)?;
            let (magic, rest) = header.split_first_chunk::<4>()?;
            let (kind, rest) = rest.split_first_chunk::<2>()?;
            let (key_version, rest) = rest.split_first_chunk::<4>()?;
            let (salt, rest) = rest.split_first_chunk::<SALT>()?;
            let (commitment, nonce) = rest.split_first_chunk::<COMMITMENT>()?;
            let record = Self {
                key_version: u32::from_be_bytes(*key_version),
                header,
                salt,
                commitment,
                nonce: nonce.first_chunk::<NONCE>()?,
                ciphertext,
            };
            (*magic == MAGIC && ciphertext.len() >= TAG).then_some((*kind, record))
        };
        match parts() {
            Some(([FORMAT, ALGORITHM], record)) => Ok(record),
            Some(_) => Err(OpenError::UnknownFormat),
            None => Err(OpenError::NotARecord),
        }
    }
}

pub(super) fn seal(
    key: &TenantKey,
    binding: &Binding,
    random: &dyn Random,
    secret: &[u8],
) -> Result<Sealed> {
    let place = binding.to_bytes();
    let (mut salt, mut nonce) = ([0_u8; SALT], [0_u8; NONCE]);
    random.fill(&mut salt);
    random.fill(&mut nonce);
    let derived = Derived::new(key, &salt, &place).map_err(unsealable)?;

    let mut record = Vec::with_capacity(HEADER + secret.len() + TAG);
    record.extend_from_slice(&MAGIC);
    record.extend_from_slice(&[FORMAT, ALGORITHM]);
    record.extend_from_slice(&key.version.to_be_bytes());
    record.extend_from_slice(&salt);
    record.extend_from_slice(derived.commitment());
    record.extend_from_slice(&nonce);

    let additional = additional_data(&record, &place);
    let mut body = secret.to_vec();
    derived
        .cipher()
        .and_then(|cipher| {
            let nonce = Nonce::assume_unique_for_key(nonce);
            cipher.seal_in_place_append_tag(nonce, Aad::from(additional), &mut body)
        })
        .map_err(unsealable)?;
    record.append(&mut body);
    Ok(Sealed::from_bytes(record))
}

pub(super) fn open(
    key: &TenantKey,
    binding: &Binding,
    record: &Record<'_>,
) -> std::result::Result<Zeroizing<Vec<u8>>, OpenError> {
    let place = binding.to_bytes();
    let derived =
        Derived::new(key, record.salt, &place).map_err(|Unspecified| OpenError::WrongPlace)?;
    verify_slices_are_equal(derived.commitment(), record.commitment)
        .map_err(|Unspecified| OpenError::WrongPlace)?;

    let mut body = Zeroizing::new(record.ciphertext.to_vec());
    let opened = derived
        .cipher()
        .and_then(|cipher| {
            let nonce = Nonce::assume_unique_for_key(*record.nonce);
            let additional = Aad::from(additional_data(record.header, &place));
            Ok(cipher.open_in_place(nonce, additional, &mut body)?.len())
        })
        .map_err(|Unspecified| OpenError::Changed)?;
    body.truncate(opened);
    Ok(body)
}

fn additional_data(header: &[u8], place: &[u8]) -> Vec<u8> {
    [header, place].concat()
}

fn unsealable(cause: Unspecified) -> Error {
    Error::internal("a secret cannot be sealed", cause)
}

/// The record's key and the commitment to it.
struct Derived(Zeroizing<[u8; KEY + COMMITMENT]>);

struct DerivedLength;

impl KeyType for DerivedLength {
    fn len(&self) -> usize {
        KEY + COMMITMENT
    }
}

impl Derived {
    fn new(
        key: &TenantKey,
        salt: &[u8; SALT],
        place: &[u8],
    ) -> std::result::Result<Self, Unspecified> {
        let mut bytes = Zeroizing::new([0_u8; KEY + COMMITMENT]);
        Salt::new(HKDF_SHA256, salt)
            .extract(key.plain.expose())
            .expand(&[DERIVATION, place], DerivedLength)?
            .fill(bytes.as_mut_slice())?;
        Ok(Self(bytes))
    }

    fn cipher(&self) -> std::result::Result<LessSafeKey, Unspecified> {
        let (key, _) = self.0.split_at(KEY);
        Ok(LessSafeKey::new(UnboundKey::new(&AES_256_GCM, key)?))
    }

    fn commitment(&self) -> &[u8] {
        let (_, commitment) = self.0.split_at(KEY);
        commitment
    }
}

#[cfg(test)]
mod tests;
