//! What people may write into a tenant.

use domain::FieldError;
use domain::tenant::{Locale, MAX_LATENESS_HOURS_MAX, NAME_MAX, TimeZoneName};
use serde::{Deserialize, Deserializer};

/// A name as it is stored.
pub(crate) fn name(text: &str) -> Result<String, FieldError> {
    let name = text.trim();
    let length = name.chars().count();
    if length == 0 || length > NAME_MAX || name.chars().any(char::is_control) {
        return Err(FieldError::new(
            "/name",
            "invalid_name",
            "enter a name of 1 to 100 characters on one line",
        ));
    }
    Ok(name.to_owned())
}

/// A zone that the product knows.
pub(crate) fn time_zone(text: &str) -> Result<TimeZoneName, FieldError> {
    text.parse()
        .map_err(|error: domain::tenant::UnknownTimeZone| {
            FieldError::new("/time_zone", "unknown_time_zone", error.to_string())
        })
}

/// A language tag.
pub(crate) fn locale(text: &str) -> Result<Locale, FieldError> {
    text.parse()
        .map_err(|error: domain::tenant::InvalidLocale| {
            FieldError::new("/locale", "invalid_locale", error.to_string())
        })
}

/// Hours after which an overdue post is missed.
pub(crate) fn lateness(hours: u32) -> Result<u32, FieldError> {
    if (1..=MAX_LATENESS_HOURS_MAX).contains(&hours) {
        return Ok(hours);
    }
    Err(FieldError::new(
        "/max_lateness_hours",
        "out_of_range",
        format!("choose 1 to {MAX_LATENESS_HOURS_MAX} hours"),
    ))
}

/// A member of a merge patch that may be absent, but `null` only where its type has that: else it cannot be removed.
pub(crate) fn present<'de, T: Deserialize<'de>, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}
