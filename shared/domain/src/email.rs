//! Mail addresses.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// Longest address (RFC 5321, 4.5.3.1.3, without the angle brackets).
const LENGTH_MAX: usize = 254;
/// Longest part before the at sign (RFC 5321, 4.5.3.1.1).
const LOCAL_PART_MAX: usize = 64;

/// A mail address, as typed but trimmed. Two spellings that differ in letter case only are the same account: compare
/// [`EmailAddress::normalized`].
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct EmailAddress(String);

/// The text cannot be a mail address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("enter a mail address such as name@example.com")]
pub struct InvalidEmailAddress;

impl EmailAddress {
    /// The address as typed.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The form under which the address is unique.
    pub fn normalized(&self) -> String {
        self.0.to_lowercase()
    }
}

impl FromStr for EmailAddress {
    type Err = InvalidEmailAddress;

    /// Accepts what a mail can be sent to; whether it exists, only a mail can tell.
    fn from_str(text: &str) -> Result<Self, InvalidEmailAddress> {
        let text = text.trim();
        let (local, host) = text.rsplit_once('@').ok_or(InvalidEmailAddress)?;
        let has_forbidden = text.chars().any(|character| {
            character.is_control()
                || character.is_whitespace()
                || "<>()[]\\,;:\"".contains(character)
        });
        let host_fits = host.contains('.')
            && host.split('.').all(|label| {
                !label.is_empty()
                    && !label.starts_with('-')
                    && !label.ends_with('-')
                    && label
                        .chars()
                        .all(|character| character.is_alphanumeric() || character == '-')
            });
        let local_fits = !local.is_empty() && local.len() <= LOCAL_PART_MAX && !local.contains('@');
        if has_forbidden || !host_fits || !local_fits || text.len() > LENGTH_MAX {
            return Err(InvalidEmailAddress);
        }
        Ok(Self(text.to_owned()))
    }
}

impl TryFrom<String> for EmailAddress {
    type Error = InvalidEmailAddress;

    fn try_from(text: String) -> Result<Self, InvalidEmailAddress> {
        text.parse()
    }
}

impl From<EmailAddress> for String {
    fn from(address: EmailAddress) -> Self {
        address.0
    }
}

impl fmt::Display for EmailAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Addresses are personal: logs get only that there is one.
impl fmt::Debug for EmailAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("EmailAddress(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn email_address_in_another_case_is_the_same_account() {
        let address: EmailAddress = "  Ada.Lovelace@Example.COM ".parse().unwrap();

        assert_eq!(address.as_str(), "Ada.Lovelace@Example.COM");
        assert_eq!(address.normalized(), "ada.lovelace@example.com");
    }

    #[test]
    fn email_address_that_no_mail_can_reach_is_refused() {
        let too_long = format!("{}@example.com", "a".repeat(65));
        for text in [
            "",
            "@",
            "a@",
            "@b.c",
            "a@b",
            "a b@c.d",
            "a@b..c",
            "a@-b.c",
            "a\n@b.c",
            "a@b@c.d",
            "<a@b.c>",
            "a@b.c\r\nBcc: x@y.z",
            too_long.as_str(),
        ] {
            assert!(text.parse::<EmailAddress>().is_err(), "{text:?}");
        }
    }
}
