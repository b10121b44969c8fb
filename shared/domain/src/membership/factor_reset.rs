//! The way back for somebody who lost their second factor and their recovery codes.

use jiff::{SignedDuration, Timestamp};

use crate::id::{TenantId, UserId};

/// For this long the person, and whoever manages members, can stop a reset before it can be used.
pub const FACTOR_RESET_DELAY: SignedDuration = SignedDuration::from_hours(3 * 24);
/// For this long it can be used after that.
pub const FACTOR_RESET_USABLE: SignedDuration = SignedDuration::from_hours(7 * 24);

/// That a tenant lets one of its members start over without a second factor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FactorReset {
    /// Which.
    pub tenant: TenantId,
    /// Whom.
    pub user: UserId,
    /// Who decided it.
    pub approved_by: UserId,
    /// When.
    pub approved_at: Timestamp,
}

impl FactorReset {
    /// From when it can be used.
    pub fn usable_from(&self) -> Timestamp {
        after(self.approved_at, FACTOR_RESET_DELAY)
    }

    /// Until when it can be used.
    pub fn usable_until(&self) -> Timestamp {
        after(self.usable_from(), FACTOR_RESET_USABLE)
    }

    /// Whether it still counts at `now`: it is not too old, and whatever the person did, or had done, to their second
    /// factors at `settled_at` was before it.
    pub fn is_open(&self, settled_at: Option<Timestamp>, now: Timestamp) -> bool {
        now < self.usable_until() && settled_at.is_none_or(|settled| settled < self.approved_at)
    }
}

fn after(time: Timestamp, duration: SignedDuration) -> Timestamp {
    time.saturating_add(duration).unwrap_or(time)
}
