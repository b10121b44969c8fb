//! Tenants: customers whose data are separate from every other's.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::id::TenantId;

/// The platform itself, root of the tree of tenants (platform → reseller → client). It exists from the first start.
pub const ROOT_TENANT: TenantId =
    TenantId::from_uuid(Uuid::from_u128(0x0192_0000_0000_7000_8000_0000_0000_0001));

/// Longest name, in characters.
pub const NAME_MAX: usize = 100;

/// Whether a tenant may act.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TenantState {
    /// It may.
    Active,
    /// It may read; nothing is published.
    Suspended,
    /// It was deleted and waits for its clean-up.
    Deleted,
}

/// The most that a tenant may have, counted in the transaction of each act.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limits {
    /// Connected accounts.
    pub accounts: u64,
    /// Posts created in a calendar month (UTC).
    pub posts_per_month: u64,
    /// Bytes of stored media.
    pub media_bytes: u64,
}

impl Limits {
    /// Generous until there are plans.
    pub const DEFAULT: Self = Self {
        accounts: 100,
        posts_per_month: 100_000,
        media_bytes: 50 * 1024 * 1024 * 1024,
    };
}

/// A customer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tenant {
    /// Its id.
    pub id: TenantId,
    /// Its parent in the tree; `None` for the root.
    pub parent: Option<TenantId>,
    /// All tenants above it, root first: no request walks the tree.
    pub ancestors: Vec<TenantId>,
    /// Its name.
    pub name: String,
    /// The zone in which its people think.
    pub time_zone: TimeZoneName,
    /// Whether it may act.
    pub state: TenantState,
    /// The most that it may have.
    pub limits: Limits,
    /// Hours after which an overdue post is no longer sent.
    pub max_lateness_hours: u32,
    /// Version for optimistic concurrency.
    pub version: u64,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
}

/// After this an overdue post is missed rather than sent, unless the tenant chose otherwise.
pub const DEFAULT_MAX_LATENESS_HOURS: u32 = 6;

/// The name of a zone of the IANA time zone database, such as `Europe/Berlin`; known to the bundled database.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct TimeZoneName(String);

/// The text is not the name of a zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("use the name of an IANA time zone, such as Europe/Berlin")]
pub struct UnknownTimeZone;

impl TimeZoneName {
    /// Universal time.
    pub fn utc() -> Self {
        Self("UTC".to_owned())
    }

    /// The name as in the database.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The zone's rules.
    pub fn time_zone(&self) -> TimeZone {
        TimeZone::get(&self.0).unwrap_or(TimeZone::UTC)
    }
}

impl TryFrom<String> for TimeZoneName {
    type Error = UnknownTimeZone;

    fn try_from(text: String) -> Result<Self, UnknownTimeZone> {
        let zone = TimeZone::get(&text).map_err(|_| UnknownTimeZone)?;
        zone.iana_name()
            .map(|name| Self(name.to_owned()))
            .ok_or(UnknownTimeZone)
    }
}

impl std::str::FromStr for TimeZoneName {
    type Err = UnknownTimeZone;

    fn from_str(text: &str) -> Result<Self, UnknownTimeZone> {
        Self::try_from(text.to_owned())
    }
}

impl From<TimeZoneName> for String {
    fn from(name: TimeZoneName) -> Self {
        name.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_zone_name_in_another_case_becomes_the_database_name() {
        assert_eq!(
            "europe/berlin".parse::<TimeZoneName>().unwrap().as_str(),
            "Europe/Berlin"
        );
        assert_eq!("UTC".parse::<TimeZoneName>().unwrap().as_str(), "UTC");
    }

    #[test]
    fn time_zone_name_that_is_unknown_is_refused() {
        for text in ["", "Berlin", "Europe/Atlantis", "+01:00", "../etc/passwd"] {
            assert_eq!(text.parse::<TimeZoneName>(), Err(UnknownTimeZone), "{text}");
        }
    }
}
