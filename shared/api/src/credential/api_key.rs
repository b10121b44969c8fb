//! The text of an API key: `m1_live_`, its id, tenant and maker, its secret, and a checksum.
//!
//! The beginning and the checksum let scanners of leaked secrets find keys without asking us:
//! `m1_live_[0-9a-z]{78}_[A-Za-z0-9_-]{43}_[0-9a-f]{8}`. The ids say where to read the key and its maker's membership, so
//! that one read does; what is read decides.

use std::fmt;

use domain::api_key::ApiKey;
use domain::{ApiKeyId, Random, TenantId, UserId};
use store::{CredentialKey, SecretHash};

use crate::secret::Secret;

/// How API keys begin, so that they are told apart from access tokens and found where they leak.
pub(crate) const PREFIX: &str = "m1_live_";
/// Characters of an id without its prefix.
const ID: usize = 26;
/// Characters of the checksum.
const CHECKSUM: usize = 8;

/// An API key as its program knows it. `Debug` does not show its secret.
pub struct ApiKeyText {
    id: ApiKeyId,
    tenant: TenantId,
    maker: UserId,
    secret: Secret,
}

impl ApiKeyText {
    /// A new key.
    pub fn generate(random: &dyn Random, key: &ApiKey) -> Self {
        Self {
            id: key.id,
            tenant: key.tenant,
            maker: key.created_by,
            secret: Secret::generate(random),
        }
    }

    /// What the table knows of it: its place is bound to it, so that a row that is copied elsewhere opens nothing.
    pub(crate) fn hash(&self, hash_key: &[u8]) -> SecretHash {
        let parts = [
            &self.id.to_string(),
            &self.tenant.to_string(),
            &self.maker.to_string(),
            self.secret.expose(),
        ];
        SecretHash::keyed(hash_key, &parts)
    }

    /// Where it is looked for.
    pub(crate) fn key(&self, hash_key: &[u8]) -> CredentialKey {
        CredentialKey::ApiKey {
            user: self.maker,
            key: self.id,
            secret: self.hash(hash_key),
            tenant: self.tenant,
        }
    }

    /// The key itself, for its program.
    pub fn expose(&self) -> String {
        let ids = [
            self.id.to_string(),
            self.tenant.to_string(),
            self.maker.to_string(),
        ];
        // Without their prefixes.
        let bare = ids.iter().filter_map(|id| id.split_once('_'));
        let place: String = bare.map(|(_, bare)| bare).collect();
        let begin = format!("{PREFIX}{place}_{}", self.secret.expose());
        let checksum = crc32(begin.as_bytes());
        format!("{begin}_{checksum:08x}")
    }

    /// `None` unless it is of the form that [`Self::expose`] writes.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (begin, checksum) = text.split_at_checked(text.len().checked_sub(CHECKSUM + 1)?)?;
        if checksum != format!("_{:08x}", crc32(begin.as_bytes())) {
            return None;
        }
        let place = begin.strip_prefix(PREFIX)?;
        let (id, rest) = place.split_at_checked(ID)?;
        let (tenant, rest) = rest.split_at_checked(ID)?;
        let (maker, secret) = rest.split_at_checked(ID)?;
        Some(Self {
            id: format!("{}_{id}", ApiKeyId::PREFIX).parse().ok()?,
            tenant: format!("{}_{tenant}", TenantId::PREFIX).parse().ok()?,
            maker: format!("{}_{maker}", UserId::PREFIX).parse().ok()?,
            secret: Secret::parse(secret.strip_prefix('_')?)?,
        })
    }
}

impl fmt::Debug for ApiKeyText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ApiKeyText({})", self.id)
    }
}

/// The checksum of Ethernet and ZIP (CRC-32/ISO-HDLC).
fn crc32(bytes: &[u8]) -> u32 {
    const REVERSED: u32 = 0xedb8_8320;
    !bytes.iter().fold(u32::MAX, |checksum, byte| {
        (0..8).fold(checksum ^ u32::from(*byte), |checksum, _| {
            let shifted = checksum >> 1;
            if checksum & 1 == 1 {
                shifted ^ REVERSED
            } else {
                shifted
            }
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key() -> ApiKeyText {
        ApiKeyText {
            id: "key_00000000000000000000000007".parse().unwrap(),
            tenant: "ten_0000000000000000000000000b".parse().unwrap(),
            maker: "usr_0000000000000000000000000d".parse().unwrap(),
            secret: Secret::parse(&"A".repeat(43)).unwrap(),
        }
    }

    #[test]
    fn checksum_is_that_of_the_standard() {
        assert_eq!(crc32(b"123456789"), 0xcbf4_3926);
    }

    #[test]
    fn id_43_key_survives_its_text_and_shows_no_secret_in_logs() {
        let text = key().expose();

        let read = ApiKeyText::parse(&text).unwrap();

        assert_eq!(read.expose(), text);
        assert_eq!(text.len(), 139);
        let id = "00000000000000000000000007";
        assert!(text.starts_with(&format!("m1_live_{id}")), "{text}");
        assert_eq!(format!("{read:?}"), format!("ApiKeyText(key_{id})"));
    }

    #[test]
    fn id_43_key_with_any_other_character_is_refused() {
        let text = key().expose();
        for place in 0..text.len() {
            let mut other = text.clone();
            let changed = if text.as_bytes()[place] == b'1' {
                "2"
            } else {
                "1"
            };
            other.replace_range(place..=place, changed);

            assert!(ApiKeyText::parse(&other).is_none(), "{other}");
        }
        let shorter = &text[..text.len() - 1];
        let longer = format!("{text}0");
        for text in ["", "m1_live_", "m1_live__", shorter, &longer] {
            assert!(ApiKeyText::parse(text).is_none(), "{text}");
        }
    }

    #[test]
    fn hash_of_a_key_is_another_under_another_key_and_in_another_place() {
        let hash = key().hash(b"one");

        assert_eq!(hash, key().hash(b"one"));
        assert_ne!(hash, key().hash(b"two"));
        let maker = "usr_0000000000000000000000000e".parse().unwrap();
        assert_ne!(hash, ApiKeyText { maker, ..key() }.hash(b"one"));
    }
}
