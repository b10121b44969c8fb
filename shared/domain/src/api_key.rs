//! Keys of programs: what somebody's program may do in a tenant, and until when.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::id::{ApiKeyId, TenantId, UserId};
use crate::membership::{AccountLimit, PermissionSet};

/// Longest life, in days.
pub const DAYS_MAX: u16 = 365;
/// Most ranges of addresses that a key is bound to.
pub const ADDRESSES_MAX: usize = 20;
/// Most keys of a tenant that were neither revoked nor replaced; one that expired counts until it is revoked.
pub const KEYS_MAX: u64 = 50;
/// Longest time in which a replaced key works beside its successor, in hours.
pub const OVERLAP_HOURS_MAX: u16 = 7 * 24;
/// The use of a key is noted at most this often.
pub const USE_NOTED: SignedDuration = SignedDuration::from_mins(5);

/// A key. Its secret is known to its program only.
///
/// Its rights are those that it was given as far as its maker has them now: whoever loses a right loses it for their
/// keys, too.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiKey {
    /// Its id.
    pub id: ApiKeyId,
    /// Where it acts.
    pub tenant: TenantId,
    /// Who made it: it is dead once they are no member.
    pub created_by: UserId,
    /// What people call it.
    pub name: String,
    /// What it may do, as far as its maker may.
    pub scopes: PermissionSet,
    /// At which accounts, as far as its maker reaches them.
    pub limit: AccountLimit,
    /// From where it may be used; from everywhere where there are none.
    pub addresses: Vec<AddressRange>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it ends.
    pub ends_at: Timestamp,
    /// When it was used last, to within [`USE_NOTED`].
    pub used_at: Option<Timestamp>,
    /// When it was revoked.
    pub revoked_at: Option<Timestamp>,
    /// The key that takes its place.
    pub replaced_by: Option<ApiKeyId>,
}

/// Whether a key works.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ApiKeyState {
    /// It works.
    Active,
    /// Its time is over.
    Expired,
    /// Somebody ended it.
    Revoked,
}

impl ApiKey {
    /// Whether it works at `now`, from wherever.
    pub fn state(&self, now: Timestamp) -> ApiKeyState {
        match self.revoked_at {
            Some(_) => ApiKeyState::Revoked,
            None if self.ends_at <= now => ApiKeyState::Expired,
            None => ApiKeyState::Active,
        }
    }

    /// Whether a use at `now` is to be noted.
    pub fn notes_use(&self, now: Timestamp) -> bool {
        self.used_at
            .is_none_or(|used_at| now.duration_since(used_at) >= USE_NOTED)
    }

    /// Whether it may be used from an address; `None` is one that nobody knows.
    pub fn takes(&self, address: Option<IpAddr>) -> bool {
        self.addresses.is_empty()
            || address.is_some_and(|address| {
                let mut ranges = self.addresses.iter();
                ranges.any(|range| range.contains(address))
            })
    }
}

/// A range of addresses, such as `203.0.113.0/24` or `2001:db8::/32`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct AddressRange {
    first: IpAddr,
    bits: u8,
}

/// The text is no range of addresses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("use an address, or a range such as 203.0.113.0/24 that begins at its first address")]
pub struct InvalidAddressRange;

impl AddressRange {
    /// Whether the address is in it.
    pub fn contains(&self, address: IpAddr) -> bool {
        match (self.first, address.to_canonical()) {
            (IpAddr::V4(first), IpAddr::V4(address)) => {
                let rest = 32_u32.saturating_sub(self.bits.into());
                first.to_bits().checked_shr(rest) == address.to_bits().checked_shr(rest)
            }
            (IpAddr::V6(first), IpAddr::V6(address)) => {
                let rest = 128_u32.saturating_sub(self.bits.into());
                first.to_bits().checked_shr(rest) == address.to_bits().checked_shr(rest)
            }
            (IpAddr::V4(_), IpAddr::V6(_)) | (IpAddr::V6(_), IpAddr::V4(_)) => false,
        }
    }

    fn begins_at_its_first(&self) -> bool {
        match self.first {
            IpAddr::V4(first) => first.to_bits().trailing_zeros() + u32::from(self.bits) >= 32,
            IpAddr::V6(first) => first.to_bits().trailing_zeros() + u32::from(self.bits) >= 128,
        }
    }
}

impl FromStr for AddressRange {
    type Err = InvalidAddressRange;

    fn from_str(text: &str) -> Result<Self, InvalidAddressRange> {
        let (first, bits) = match text.split_once('/') {
            Some((first, bits)) => (first, Some(bits)),
            None => (text, None),
        };
        let first: IpAddr = first.parse().map_err(|_| InvalidAddressRange)?;
        let bits = match bits {
            Some(bits) => bits.parse().map_err(|_| InvalidAddressRange)?,
            None => most(first),
        };
        let range = Self { first, bits };
        if bits > most(first) || !range.begins_at_its_first() {
            return Err(InvalidAddressRange);
        }
        Ok(range)
    }
}

impl fmt::Display for AddressRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let is_one = self.bits == most(self.first);
        if is_one {
            return self.first.fmt(f);
        }
        write!(f, "{}/{}", self.first, self.bits)
    }
}

impl Serialize for AddressRange {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for AddressRange {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// Bits of a whole address.
fn most(address: IpAddr) -> u8 {
    match address {
        IpAddr::V4(_) => 32,
        IpAddr::V6(_) => 128,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn range(text: &str) -> AddressRange {
        text.parse().unwrap()
    }

    #[test]
    fn address_range_contains_what_begins_like_it() {
        let contains = |text: &str, address: &str| range(text).contains(address.parse().unwrap());

        assert!(contains("203.0.113.0/24", "203.0.113.255"));
        assert!(!contains("203.0.113.0/24", "203.0.114.0"));
        assert!(contains("203.0.113.7", "203.0.113.7"));
        assert!(!contains("203.0.113.7", "203.0.113.8"));
        assert!(contains("203.0.113.0/24", "::ffff:203.0.113.9"));
        assert!(contains("2001:db8::/32", "2001:db8:1::1"));
        assert!(!contains("2001:db8::/32", "2001:db9::1"));
        assert!(contains("0.0.0.0/0", "198.51.100.1"));
        assert!(contains("::/0", "2001:db8::1"));
        assert!(!contains("::/0", "198.51.100.1"));
    }

    #[test]
    fn address_range_in_another_form_is_refused() {
        for text in [
            "",
            "/",
            "203.0.113.1/24",
            "203.0.113.0/33",
            "2001:db8::/129",
            "203.0.113.0/-1",
            "203.0.113",
            "example.com",
            "203.0.113.0/24/8",
        ] {
            let refused = Err(InvalidAddressRange);
            assert_eq!(text.parse::<AddressRange>(), refused, "{text}");
        }
    }

    #[test]
    fn address_range_survives_its_text() {
        for text in ["203.0.113.0/24", "2001:db8::/32", "203.0.113.7", "::1"] {
            assert_eq!(range(text).to_string(), text);
        }
    }
}
