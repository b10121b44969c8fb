//! Keys of programs: what somebody's program may do in a tenant, and until when.

use std::net::IpAddr;

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use crate::address::AddressRange;
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
