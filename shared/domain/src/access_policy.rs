//! What a tenant asks of requests beside rights: from where they come, and how lately their person proved who they are.

use std::net::IpAddr;
use std::ops::RangeInclusive;

use jiff::SignedDuration;

use crate::address::AddressRange;

/// Most ranges of addresses on a tenant's list: they are read with each of its requests.
pub const ADDRESSES_MAX: usize = 50;
/// Longest note beside a range, in characters.
pub const NOTE_MAX: usize = 60;
/// Hours after which a tenant can want another proof. No sign-in of a program lasts longer than the most, no session of a
/// browser longer than a day.
pub const SESSION_HOURS: RangeInclusive<u16> = 1..=30 * 24;
/// Minutes without use after which a tenant can want another proof. After the most, sessions of browsers end anyway.
pub const IDLE_MINUTES: RangeInclusive<u16> = 15..=60;

/// What a tenant asks of whoever acts in it. Nothing by default.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AccessPolicy {
    /// From where requests are taken; from everywhere where there are none.
    pub addresses: Vec<AllowedAddresses>,
    /// Hours since the last proof of the person, after which another one is needed.
    pub session_hours: Option<u16>,
    /// Minutes without use, after which another proof is needed.
    pub idle_minutes: Option<u16>,
}

/// Addresses that requests are taken from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AllowedAddresses {
    /// Which.
    pub range: AddressRange,
    /// What people call them; may be empty.
    pub note: String,
}

/// How long ago somebody showed that it is them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SignInAge {
    /// Since they last proved who they are.
    pub proved: SignedDuration,
    /// The longest time without use since then.
    pub idle: SignedDuration,
}

impl AccessPolicy {
    /// Whether a request is taken from an address; `None` is one that nobody knows.
    pub fn takes_address(&self, address: Option<IpAddr>) -> bool {
        self.addresses.is_empty()
            || address.is_some_and(|address| {
                let mut allowed = self.addresses.iter();
                allowed.any(|allowed| allowed.range.contains(address))
            })
    }

    /// Whether a sign-in is good without another proof.
    pub fn takes_sign_in(&self, age: SignInAge) -> bool {
        let hours = |hours: u16| SignedDuration::from_hours(hours.into());
        let minutes = |minutes: u16| SignedDuration::from_mins(minutes.into());
        self.session_hours
            .is_none_or(|most| age.proved < hours(most))
            && self
                .idle_minutes
                .is_none_or(|most| age.idle < minutes(most))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn takes(policy: &AccessPolicy, proved: i64, idle: i64) -> bool {
        policy.takes_sign_in(SignInAge {
            proved: SignedDuration::from_secs(proved),
            idle: SignedDuration::from_secs(idle),
        })
    }

    #[test]
    fn policy_that_asks_nothing_takes_everything() {
        let policy = AccessPolicy::default();

        assert!(policy.takes_address(None));
        assert!(policy.takes_address("203.0.113.7".parse().ok()));
        assert!(takes(&policy, i64::from(u32::MAX), i64::from(u32::MAX)));
    }

    #[test]
    fn address_is_taken_only_if_it_is_known_and_on_the_list() {
        let range = |text: &str| AllowedAddresses {
            range: text.parse().unwrap(),
            note: String::new(),
        };
        let policy = AccessPolicy {
            addresses: vec![range("203.0.113.0/24"), range("2001:db8::/32")],
            ..AccessPolicy::default()
        };

        for inside in ["203.0.113.7", "::ffff:203.0.113.7", "2001:db8::1"] {
            assert!(policy.takes_address(inside.parse().ok()), "{inside}");
        }
        for outside in ["203.0.114.7", "::ffff:203.0.114.7", "2001:db9::1"] {
            assert!(!policy.takes_address(outside.parse().ok()), "{outside}");
        }
        assert!(!policy.takes_address(None));
    }

    #[test]
    fn sign_in_is_good_until_its_hours_or_its_minutes_without_use_are_over() {
        let hours = AccessPolicy {
            session_hours: Some(1),
            ..AccessPolicy::default()
        };
        let minutes = AccessPolicy {
            idle_minutes: Some(15),
            ..AccessPolicy::default()
        };

        assert!(takes(&hours, 3_599, 3_599));
        assert!(!takes(&hours, 3_600, 0));
        assert!(takes(&minutes, 86_400, 899));
        assert!(!takes(&minutes, 900, 900));
    }
}
