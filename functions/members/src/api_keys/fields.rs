//! What people may write into a key.

use domain::FieldError;
use domain::address::{AddressRange, InvalidAddressRange};
use domain::api_key::{ADDRESSES_MAX, DAYS_MAX, OVERLAP_HOURS_MAX};
use domain::membership::{Permission, PermissionSet};

/// Days that a key lives unless its maker says otherwise.
const DAYS: u16 = 90;
/// Hours that a replaced key works on unless its maker says otherwise.
const OVERLAP_HOURS: u16 = 24;

/// At least one permission, none of those that keys never have.
pub(super) fn scopes(wanted: &[Permission]) -> Result<PermissionSet, FieldError> {
    if wanted.is_empty() {
        return Err(FieldError::new(
            "/scopes",
            "too_few",
            "name at least one permission",
        ));
    }
    let checked = wanted.iter().enumerate().map(|(place, permission)| {
        if permission.is_for_keys() {
            return Ok(*permission);
        }
        let name = api::permission::name(*permission);
        Err(FieldError::new(
            format!("/scopes/{place}"),
            "not_for_keys",
            format!("{name} is for people only: leave it out"),
        ))
    });
    checked.collect()
}

/// A number of days.
pub(super) fn days(days: Option<u16>) -> Result<u16, FieldError> {
    in_range("/expires_in_days", days.unwrap_or(DAYS), 1, DAYS_MAX)
}

/// A number of hours.
pub(super) fn overlap_hours(hours: Option<u16>) -> Result<u16, FieldError> {
    let hours = hours.unwrap_or(OVERLAP_HOURS);
    in_range("/overlap_hours", hours, 0, OVERLAP_HOURS_MAX)
}

/// Where a key may be used from.
pub(super) fn addresses(texts: &[String]) -> Result<Vec<AddressRange>, FieldError> {
    if texts.len() > ADDRESSES_MAX {
        return Err(FieldError::new(
            "/addresses",
            "too_many",
            format!("use at most {ADDRESSES_MAX} ranges"),
        ));
    }
    let ranges = texts.iter().enumerate().map(|(place, text)| {
        text.trim().parse().map_err(|error: InvalidAddressRange| {
            let pointer = format!("/addresses/{place}");
            FieldError::new(pointer, "invalid_address", error.to_string())
        })
    });
    ranges.collect()
}

fn in_range(pointer: &str, number: u16, least: u16, most: u16) -> Result<u16, FieldError> {
    if (least..=most).contains(&number) {
        return Ok(number);
    }
    Err(FieldError::new(
        pointer,
        "out_of_range",
        format!("use {least} to {most}"),
    ))
}
