//! Tenants: customers whose data are separate from every other's.

use std::collections::BTreeMap;

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use uuid::Uuid;

use crate::access_policy::AccessPolicy;
use crate::id::TenantId;
use crate::network::NetworkId;

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
    /// It was deleted, and can come back within [`GRACE`].
    Deleted,
    /// It was erased: only this is left of it.
    Erased,
}

/// How long a deleted tenant can come back, before it is erased.
pub const GRACE: SignedDuration = SignedDuration::from_hours(14 * 24);

/// From when on a tenant that was deleted at this time is erased.
pub fn erased_from(deleted_at: Timestamp) -> Timestamp {
    deleted_at.saturating_add(GRACE).unwrap_or(Timestamp::MAX)
}

/// The most that a tenant may have, counted in the transaction of each act.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limits {
    /// Connected accounts.
    pub accounts: u64,
    /// Members.
    #[serde(default = "Limits::default_members")]
    pub members: u64,
    /// Posts created in a calendar month (UTC).
    pub posts_per_month: u64,
    /// Targets that are due in a calendar month (UTC): scheduled, and out.
    #[serde(default = "Limits::default_targets_per_month")]
    pub targets_per_month: u64,
    /// Bytes of stored media.
    pub media_bytes: u64,
}

impl Limits {
    /// Generous until there are plans.
    pub const DEFAULT: Self = Self {
        accounts: 100,
        members: 1_000,
        posts_per_month: 100_000,
        targets_per_month: 1_000_000,
        media_bytes: 50 * 1024 * 1024 * 1024,
    };

    /// For tenants that were stored before members were counted.
    fn default_members() -> u64 {
        Self::DEFAULT.members
    }

    /// For tenants that were stored before targets were counted.
    fn default_targets_per_month() -> u64 {
        Self::DEFAULT.targets_per_month
    }
}

/// The day on which weeks begin in calendars.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WeekStart {
    /// As in ISO 8601.
    #[default]
    Monday,
    /// As in North Africa and the Middle East.
    Saturday,
    /// As in the Americas and East Asia.
    Sunday,
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
    /// The language of what the product writes for the tenant.
    pub locale: Locale,
    /// The day on which its weeks begin.
    pub week_start: WeekStart,
    /// Whether it may act.
    pub state: TenantState,
    /// The most that it may have.
    pub limits: Limits,
    /// Hours after which an overdue post is no longer sent.
    pub max_lateness_hours: u32,
    /// The options of targets that name none, by network.
    pub default_options: BTreeMap<NetworkId, Map<String, Value>>,
    /// Whether members without a second factor are kept out until they have one.
    pub requires_second_factor: bool,
    /// What else it asks of whoever acts in it.
    pub access: AccessPolicy,
    /// Version for optimistic concurrency.
    pub version: u64,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
}

impl Tenant {
    /// Whether it was deleted, and may be erased.
    pub fn is_deleted(&self) -> bool {
        match self.state {
            TenantState::Deleted | TenantState::Erased => true,
            TenantState::Active | TenantState::Suspended => false,
        }
    }
}

/// After this an overdue post is missed rather than sent, unless the tenant chose otherwise.
pub const DEFAULT_MAX_LATENESS_HOURS: u32 = 6;

/// The longest that a tenant can choose for [`Tenant::max_lateness_hours`]: what is a week late is no longer what was meant.
pub const MAX_LATENESS_HOURS_MAX: u32 = 7 * 24;

/// Most that one network's default options may have as JSON: they are read with each request of the tenant.
pub const DEFAULT_OPTIONS_BYTES_MAX: usize = 1_000;

/// A language tag (BCP 47), such as `en` or `de-AT`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Locale(String);

/// The text is no language tag.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("use a language tag such as en or de-AT")]
pub struct InvalidLocale;

impl Locale {
    /// English.
    pub fn english() -> Self {
        Self("en".to_owned())
    }

    /// The tag.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for Locale {
    type Error = InvalidLocale;

    /// A language of two or three letters, then an optional script and an optional region (RFC 5646, 2.1).
    fn try_from(text: String) -> Result<Self, InvalidLocale> {
        let mut parts = text.split('-');
        let is_language = parts.next().is_some_and(|language| {
            (2..=3).contains(&language.len())
                && language.bytes().all(|byte| byte.is_ascii_lowercase())
        });
        let rest: Vec<&str> = parts.collect();
        let is_script =
            |part: &str| part.len() == 4 && part.bytes().all(|byte| byte.is_ascii_alphabetic());
        let is_region = |part: &str| {
            (part.len() == 2 && part.bytes().all(|byte| byte.is_ascii_uppercase()))
                || (part.len() == 3 && part.bytes().all(|byte| byte.is_ascii_digit()))
        };
        let fits = match rest.as_slice() {
            [] => true,
            [one] => is_script(one) || is_region(one),
            [script, region] => is_script(script) && is_region(region),
            _ => false,
        };
        if is_language && fits {
            Ok(Self(text))
        } else {
            Err(InvalidLocale)
        }
    }
}

impl std::str::FromStr for Locale {
    type Err = InvalidLocale;

    fn from_str(text: &str) -> Result<Self, InvalidLocale> {
        Self::try_from(text.to_owned())
    }
}

impl From<Locale> for String {
    fn from(locale: Locale) -> Self {
        locale.0
    }
}

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
    fn locale_is_a_language_with_an_optional_script_and_region() {
        for text in ["en", "de-AT", "zh-Hant", "zh-Hant-TW", "es-419", "fil"] {
            assert_eq!(text.parse::<Locale>().unwrap().as_str(), text);
        }
        for text in [
            "",
            "e",
            "EN",
            "en-",
            "en_US",
            "en-us",
            "en-US-x",
            "english",
            "de-ATX-XX",
        ] {
            assert_eq!(text.parse::<Locale>(), Err(InvalidLocale), "{text}");
        }
    }

    #[test]
    fn time_zone_name_that_is_unknown_is_refused() {
        for text in ["", "Berlin", "Europe/Atlantis", "+01:00", "../etc/passwd"] {
            assert_eq!(text.parse::<TimeZoneName>(), Err(UnknownTimeZone), "{text}");
        }
    }
}
