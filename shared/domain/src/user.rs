//! People who sign in.

use std::net::IpAddr;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::email::EmailAddress;
use crate::id::UserId;
use crate::tenant::TimeZoneName;

/// Longest name, in characters.
pub const NAME_MAX: usize = 100;

/// How people can have dates and numbers written, as language tags (BCP 47). Texts are English in all of them; `en` leaves
/// it to their browser.
pub const LOCALES: [&str; 26] = [
    "en", "cs-CZ", "da-DK", "de-AT", "de-CH", "de-DE", "en-AU", "en-CA", "en-GB", "en-IE", "en-IN",
    "en-US", "es-ES", "es-MX", "fi-FI", "fr-CA", "fr-CH", "fr-FR", "it-IT", "ja-JP", "nb-NO",
    "nl-NL", "pl-PL", "pt-BR", "pt-PT", "sv-SE",
];

/// A person. Exists from registration; may act once the address is verified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    /// Its id.
    pub id: UserId,
    /// Where mails go.
    pub email: EmailAddress,
    /// Whether the address was proven.
    pub email_verified: bool,
    /// What others see.
    pub name: String,
    /// One of [`LOCALES`].
    pub locale: String,
    /// The zone in which times are shown.
    pub time_zone: TimeZoneName,
    /// The tag of their picture, which another picture does not have; `None` without one.
    pub avatar: Option<String>,
    /// Version for optimistic concurrency.
    pub version: u64,
    /// When it registered.
    pub created_at: Timestamp,
}

/// From where somebody acts, as far as their request tells. For people to recognise: the device is the caller's own word
/// and decides nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Origin {
    /// The network of the caller's address, as the host saw it.
    pub network: Option<String>,
    /// What they act with: `Firefox on Linux`, `curl`.
    pub device: Option<String>,
}

impl Origin {
    /// The neighbourhood of the network, which is all that the product knows of where somebody is, for it asks nobody
    /// where an address lies: what a provider hands out in one piece, the first half of an IPv4 address and the first
    /// quarter of an IPv6 network.
    pub fn area(&self) -> Option<String> {
        let (address, _) = self
            .network
            .as_deref()
            .map(|network| network.split_once('/').unwrap_or((network, "")))?;
        Some(match address.parse().ok()? {
            IpAddr::V4(address) => {
                let [first, second, ..] = address.octets();
                format!("{first}.{second}")
            }
            IpAddr::V6(address) => {
                let [first, second, ..] = address.segments();
                format!("{first:x}:{second:x}")
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn area(network: &str) -> Option<String> {
        let network = Some(network.to_owned());
        let device = None;
        Origin { network, device }.area()
    }

    #[test]
    fn area_is_the_same_for_neighbours_only() {
        assert_eq!(area("203.0.113.7"), area("203.0.9.9"));
        assert_ne!(area("203.0.113.7"), area("203.1.113.7"));
        assert_eq!(area("2001:db8:1:2::/64"), area("2001:db8:ffff:0::/64"));
        assert_ne!(area("2001:db8:1:2::/64"), area("2001:db9:1:2::/64"));
    }

    #[test]
    fn area_of_what_is_no_network_is_unknown() {
        assert_eq!(area("somewhere"), None);
        assert_eq!(Origin::default().area(), None);
    }
}
