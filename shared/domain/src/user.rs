//! People who sign in.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::email::EmailAddress;
use crate::id::UserId;
use crate::tenant::TimeZoneName;

/// Longest name, in characters.
pub const NAME_MAX: usize = 100;

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
    /// Language tag (BCP 47).
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
