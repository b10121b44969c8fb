//! Public keys of passkeys (COSE keys, RFC 9052 and 9053), and whether a signature is one of theirs.

use aws_lc_rs::encoding::AsDer as _;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1, ED25519, ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256,
    RsaPublicKeyComponents, UnparsedPublicKey,
};

use super::Refusal;
use super::cbor::Reader;

/// Algorithms of the COSE registry, in the order in which we want them. The last is for Windows Hello.
pub(crate) const ALGORITHMS: [i64; 3] = [ES256, EDDSA, RS256];

const ES256: i64 = -7;
const EDDSA: i64 = -8;
const RS256: i64 = -257;

/// Types of keys.
const OKP: i64 = 1;
const EC2: i64 = 2;
const RSA: i64 = 3;
/// Curves.
const P256: i64 = 1;
const CURVE_ED25519: i64 = 6;
/// Bytes of a modulus that is neither weak nor slow.
const MODULUS: std::ops::RangeInclusive<usize> = 256..=512;

/// A public key of an algorithm that we offer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum PublicKey {
    /// ECDSA on P-256 with SHA-256: an uncompressed point.
    Es256(Vec<u8>),
    /// Ed25519.
    Ed25519(Vec<u8>),
    /// RSASSA-PKCS1-v1_5 with SHA-256.
    Rs256 {
        /// The modulus.
        modulus: Vec<u8>,
        /// The exponent.
        exponent: Vec<u8>,
    },
}

/// The members of a COSE key that our algorithms have. Their meaning depends on the type of the key.
#[derive(Default)]
struct Members<'a> {
    key_type: Option<i64>,
    algorithm: Option<i64>,
    curve: Option<i64>,
    /// Labels -1, -2 and -3, where they are bytes.
    parts: [Option<&'a [u8]>; 3],
}

impl PublicKey {
    /// Reads a COSE key at the beginning of some bytes; the reader stands behind it then.
    pub(crate) fn read(reader: &mut Reader<'_>) -> Result<Self, Refusal> {
        let members = Members::read(reader).ok_or(Refusal::Unreadable)?;
        let key = members.key().ok_or(Refusal::UnknownKey)?;
        if key.is_well_formed() {
            Ok(key)
        } else {
            Err(Refusal::UnknownKey)
        }
    }

    /// Whether somebody with the private part signed the message.
    pub(crate) fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        let verified = match self {
            Self::Es256(point) => {
                UnparsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, point).verify(message, signature)
            }
            Self::Ed25519(point) => {
                UnparsedPublicKey::new(&ED25519, point).verify(message, signature)
            }
            Self::Rs256 { modulus, exponent } => RsaPublicKeyComponents {
                n: modulus,
                e: exponent,
            }
            .verify(&RSA_PKCS1_2048_8192_SHA256, message, signature),
        };
        verified.is_ok()
    }

    /// Whether it is a key at all: a point of its curve, a modulus with an exponent.
    fn is_well_formed(&self) -> bool {
        match self {
            Self::Es256(point) => ParsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, point).is_ok(),
            Self::Ed25519(point) => ParsedPublicKey::new(&ED25519, point).is_ok(),
            Self::Rs256 { modulus, exponent } => {
                let key = RsaPublicKeyComponents {
                    n: modulus,
                    e: exponent,
                };
                MODULUS.contains(&modulus.len()) && exponent.len() <= 4 && key.as_der().is_ok()
            }
        }
    }
}

impl<'a> Members<'a> {
    fn read(reader: &mut Reader<'a>) -> Option<Self> {
        let mut members = Self::default();
        for _ in 0..reader.map()? {
            let label = reader.integer()?;
            let is_first = match (label, reader.is_integer()) {
                (1, true) => members.key_type.replace(reader.integer()?).is_none(),
                (3, true) => members.algorithm.replace(reader.integer()?).is_none(),
                (-1, true) => members.curve.replace(reader.integer()?).is_none(),
                (-3..=-1, false) => {
                    let place = usize::try_from(label.checked_neg()?.checked_sub(1)?).ok()?;
                    let part = members.parts.get_mut(place)?;
                    part.replace(reader.bytes()?).is_none()
                }
                _ => {
                    reader.skip()?;
                    true
                }
            };
            if !is_first {
                return None;
            }
        }
        Some(members)
    }

    fn key(&self) -> Option<PublicKey> {
        match (self.key_type?, self.algorithm?, self.curve, self.parts) {
            (EC2, ES256, Some(P256), [None, Some(x), Some(y)]) => {
                let point = [&[0x04], x, y].concat();
                (x.len() == 32 && y.len() == 32).then_some(PublicKey::Es256(point))
            }
            (OKP, EDDSA, Some(CURVE_ED25519), [None, Some(x), None]) => {
                Some(PublicKey::Ed25519(x.to_vec()))
            }
            (RSA, RS256, None, [Some(modulus), Some(exponent), None]) => Some(PublicKey::Rs256 {
                modulus: modulus.to_vec(),
                exponent: exponent.to_vec(),
            }),
            _ => None,
        }
    }
}
