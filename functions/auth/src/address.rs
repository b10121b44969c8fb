//! Addresses as people type them.

use domain::FieldError;
use domain::email::EmailAddress;

/// The address in the field `/email` of a body.
pub(crate) fn address(text: &str) -> Result<EmailAddress, FieldError> {
    text.parse()
        .map_err(|error: domain::email::InvalidEmailAddress| {
            FieldError::new("/email", "invalid_email", error.to_string())
        })
}
