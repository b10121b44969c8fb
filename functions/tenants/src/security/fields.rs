//! What people may write into a tenant's security.

use std::ops::RangeInclusive;

use domain::FieldError;
use domain::access_policy::{ADDRESSES_MAX, AllowedAddresses, NOTE_MAX};
use domain::address::InvalidAddressRange;
use serde::Deserialize;
use utoipa::ToSchema;

/// Addresses that requests are to be taken from.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AllowAddresses {
    /// An address, or a range such as `203.0.113.0/24`.
    #[schema(example = "203.0.113.0/24")]
    range: String,
    /// Up to 60 characters.
    #[serde(default)]
    #[schema(example = "Office")]
    note: String,
}

/// The whole list, each range once.
pub(super) fn addresses(wanted: &[AllowAddresses]) -> Result<Vec<AllowedAddresses>, FieldError> {
    if wanted.len() > ADDRESSES_MAX {
        return Err(FieldError::new(
            "/allowed_addresses",
            "too_many",
            format!("use at most {ADDRESSES_MAX} ranges"),
        ));
    }
    let mut list: Vec<AllowedAddresses> = Vec::new();
    for (place, one) in wanted.iter().enumerate() {
        let allowed = allowed(place, one)?;
        if list.iter().any(|earlier| earlier.range == allowed.range) {
            return Err(FieldError::new(
                format!("/allowed_addresses/{place}/range"),
                "duplicate_range",
                "this range is on the list already: leave it out",
            ));
        }
        list.push(allowed);
    }
    Ok(list)
}

/// A number of hours or minutes, or none.
pub(super) fn within(
    pointer: &str,
    wanted: Option<u16>,
    range: &RangeInclusive<u16>,
) -> Result<Option<u16>, FieldError> {
    if wanted.is_none_or(|number| range.contains(&number)) {
        return Ok(wanted);
    }
    Err(FieldError::new(
        pointer,
        "out_of_range",
        format!("choose {} to {}, or null", range.start(), range.end()),
    ))
}

fn allowed(place: usize, wanted: &AllowAddresses) -> Result<AllowedAddresses, FieldError> {
    let range = wanted.range.trim().parse();
    let range = range.map_err(|error: InvalidAddressRange| {
        let pointer = format!("/allowed_addresses/{place}/range");
        FieldError::new(pointer, "invalid_address", error.to_string())
    })?;
    let note = wanted.note.trim();
    if note.chars().count() > NOTE_MAX || note.chars().any(char::is_control) {
        return Err(FieldError::new(
            format!("/allowed_addresses/{place}/note"),
            "invalid_note",
            format!("use at most {NOTE_MAX} characters on one line"),
        ));
    }
    Ok(AllowedAddresses {
        range,
        note: note.to_owned(),
    })
}
