//! Invitations: a membership that somebody may take, who proves an address.

use jiff::{SignedDuration, Timestamp};

use super::{AccountLimit, AssignedRole};
use crate::email::EmailAddress;
use crate::id::{InvitationId, TenantId, UserId};

/// How long an invitation can be accepted.
pub const INVITATION_LIFETIME: SignedDuration = SignedDuration::from_hours(7 * 24);

/// An invitation. Its link is in a mail and nowhere else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invitation {
    /// Its id.
    pub id: InvitationId,
    /// Whereto.
    pub tenant: TenantId,
    /// Whose it is: nobody accepts it with another address.
    pub email: EmailAddress,
    /// As what.
    pub role: AssignedRole,
    /// At which accounts.
    pub limit: AccountLimit,
    /// Who gives these rights: they must still have them when it is accepted.
    pub invited_by: UserId,
    /// Until when it works.
    pub expires_at: Timestamp,
    /// Version for optimistic concurrency; each mail is one higher, and only the link of the last works.
    pub version: u64,
    /// When it was made.
    pub created_at: Timestamp,
}

impl Invitation {
    /// Whether its time is over.
    pub fn is_expired(&self, now: Timestamp) -> bool {
        self.expires_at <= now
    }
}
