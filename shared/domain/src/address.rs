//! Ranges of addresses that requests may come from.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Bits before those of an IPv4 address that is written in IPv6 (RFC 4291, 2.5.5.2).
const MAPPED_BITS: u8 = 96;

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

    /// An IPv4 range that was written in IPv6 is one of IPv4, as its addresses are when they are looked for.
    fn canonical(self) -> Self {
        match (
            self.first.to_canonical(),
            self.bits.checked_sub(MAPPED_BITS),
        ) {
            (first @ IpAddr::V4(_), Some(bits)) if self.first.is_ipv6() => Self { first, bits },
            _ => self,
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
        Ok(range.canonical())
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
        assert!(contains("::ffff:203.0.113.0/120", "203.0.113.9"));
        assert!(!contains("::ffff:203.0.113.0/120", "203.0.114.9"));
        assert!(contains("::ffff:203.0.113.7", "::ffff:203.0.113.7"));
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
    fn address_range_of_ipv4_that_is_written_in_ipv6_is_one_of_ipv4() {
        assert_eq!(range("::ffff:203.0.113.0/120"), range("203.0.113.0/24"));
        assert_eq!(range("::ffff:203.0.113.7"), range("203.0.113.7"));
        assert_eq!(range("::ffff:0:0/96"), range("0.0.0.0/0"));
    }

    #[test]
    fn address_range_survives_its_text() {
        for text in ["203.0.113.0/24", "2001:db8::/32", "203.0.113.7", "::1"] {
            assert_eq!(range(text).to_string(), text);
        }
    }
}
