//! How many tenants one person makes. Whatever a plan limits it limits by tenant, so whoever makes tenants without end is
//! bound by nothing.

use domain::clock::wait_in_words;
use domain::{Error, Result, UserId};
use jiff::{SignedDuration, Timestamp};
use store::{RateLimit, Table};

/// What counts the tenants that a person makes.
const BY_PERSON: &str = "tenants";

/// The limits.
#[derive(Clone, Copy, Debug)]
pub struct TenantLimits {
    /// Tenants that a person makes at once, and how soon another one.
    pub pace: RateLimit,
    /// Tenants that a person has made altogether, but for those that are erased.
    pub made: u32,
}

impl TenantLimits {
    /// For a deployment on the internet: an agency makes one for each client, ten at once and ten more in every day.
    pub fn strict() -> Self {
        Self {
            pace: RateLimit::per(10, SignedDuration::from_hours(24)),
            made: 100,
        }
    }

    /// For a run on one's own machine, where one person may be all that is tried.
    pub fn local() -> Self {
        Self {
            pace: RateLimit::per(3000, SignedDuration::from_mins(5)),
            made: 100_000,
        }
    }

    /// Counts a tenant that is to be made.
    pub(crate) async fn admit(&self, table: &Table, user: UserId, now: Timestamp) -> Result<()> {
        let (system, person) = (table.system(), user.to_string());
        match system.admit(BY_PERSON, &person, self.pace, now).await {
            Err(Error::RateLimited { retry_at }) => Err(too_fast(now, retry_at)),
            admitted => admitted,
        }
    }

    /// Takes back what [`Self::admit`] counted where no tenant was made.
    pub(crate) async fn take_back(&self, table: &Table, user: UserId) -> Result<()> {
        let (system, person) = (table.system(), user.to_string());
        system.give_back(BY_PERSON, &person, self.pace).await
    }

    /// What somebody hears who has made as many as they may.
    pub(crate) fn too_many(&self) -> Error {
        let made = self.made;
        Error::conflict(
            "too_many_tenants",
            format!(
                "one person makes {made} workspaces at the most, and you have: delete some, which count until they are \
                 erased 14 days later, or have somebody else make one and invite you"
            ),
        )
    }
}

fn too_fast(now: Timestamp, retry_at: Timestamp) -> Error {
    Error::HeldBack {
        code: "tenants_held_back",
        detail: format!(
            "you have made many workspaces lately: make the next one in {}, or have somebody else make one and invite you",
            wait_in_words(now, retry_at)
        ),
        retry_at,
    }
}
