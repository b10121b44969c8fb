//! Support: people of one tenant look into another one, with its consent.
//!
//! Whoever supports is no member of the other tenant: they reach it by the consent that it gave, by their own rights in
//! the tenant that they belong to, and for a short time. All three are read at each request.

use jiff::{SignedDuration, Timestamp};

use crate::id::{SupportConsentId, TenantId, UserId};
use crate::tenant::{ROOT_TENANT, Tenant};

/// How long one look into another tenant lasts at most; whoever needs more says again why.
pub const SUPPORT_ACCESS_MAX: SignedDuration = SignedDuration::from_mins(60);
/// How often it is looked whether such a look is over.
pub const SUPPORT_WATCHED_EVERY: SignedDuration = SignedDuration::from_secs(60);
/// For how many days a tenant can allow support.
pub const CONSENT_DAYS: [u16; 3] = [1, 3, 7];
/// Shortest reason, in characters: enough that its owners understand it.
pub const REASON_MIN: usize = 10;
/// Longest reason, in characters.
pub const REASON_MAX: usize = 500;

/// That a tenant lets itself be looked into.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SupportConsent {
    /// Its id: access that was begun under another consent is over.
    pub id: SupportConsentId,
    /// Whose it is.
    pub tenant: TenantId,
    /// The owner who gave it.
    pub given_by: UserId,
    /// When.
    pub given_at: Timestamp,
    /// When it ends.
    pub until: Timestamp,
}

/// What a session is bound to while its person looks into another tenant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SupportBinding {
    /// The tenant that they belong to, and act for.
    pub by: TenantId,
    /// The consent that it rests on.
    pub consent: SupportConsentId,
    /// Why they look.
    pub reason: String,
    /// When it ends whatever happens.
    pub until: Timestamp,
}

/// Why a look into another tenant is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SupportEnd {
    /// Whoever looked left.
    Left,
    /// Its time was over.
    Expired,
    /// The session of whoever looked ended: they signed out, or somebody ended it for them.
    SignedOut,
    /// An owner of the tenant took the consent back.
    Revoked,
    /// Whoever looked may not support others any more, or has no second factor any more.
    RightLost,
    /// The tenant is not to be entered any more.
    TenantClosed,
}

impl SupportEnd {
    /// Its name in the audit log.
    pub fn name(self) -> &'static str {
        match self {
            Self::Left => "left",
            Self::Expired => "expired",
            Self::SignedOut => "signed_out",
            Self::Revoked => "revoked",
            Self::RightLost => "right_lost",
            Self::TenantClosed => "tenant_closed",
        }
    }
}

impl SupportConsent {
    /// Whether it still holds.
    pub fn holds(&self, now: Timestamp) -> bool {
        now < self.until
    }

    /// When access that begins now ends, in a sign-in that ends at `session_ends_at`.
    pub fn access_until(&self, now: Timestamp, session_ends_at: Timestamp) -> Timestamp {
        let longest = now.saturating_add(SUPPORT_ACCESS_MAX).unwrap_or(now);
        longest.min(self.until).min(session_ends_at)
    }
}

/// Whether people of this tenant can support others: today only the platform's own.
pub fn supports_others(tenant: TenantId) -> bool {
    tenant == ROOT_TENANT
}

/// Whether people of the tenant `by` may support `other`, if it consents: it must be below theirs.
pub fn may_support(by: TenantId, other: &Tenant) -> bool {
    supports_others(by) && other.ancestors.contains(&by)
}

/// A reason as it is stored, without spaces around it; `None` if it is too short, too long or not text.
pub fn reason(text: &str) -> Option<String> {
    let reason = text.trim();
    let length = reason.chars().count();
    let is_text = reason.chars().all(|one| one == '\n' || !one.is_control());
    let fits = (REASON_MIN..=REASON_MAX).contains(&length) && is_text;
    fits.then(|| reason.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn id_42_access_ends_with_the_hour_the_consent_or_the_sign_in() {
        let consent = |until| SupportConsent {
            id: SupportConsentId::from_uuid(uuid::Uuid::from_u128(1)),
            tenant: ROOT_TENANT,
            given_by: UserId::from_uuid(uuid::Uuid::from_u128(2)),
            given_at: at("2026-12-01T08:00:00Z"),
            until: at(until),
        };
        let now = at("2026-12-01T09:00:00Z");
        let days = consent("2026-12-02T08:00:00Z");
        let minutes = consent("2026-12-01T09:30:00Z");

        let (late, soon) = (at("2026-12-02T00:00:00Z"), at("2026-12-01T09:10:00Z"));
        assert_eq!(days.access_until(now, late), at("2026-12-01T10:00:00Z"));
        assert_eq!(minutes.access_until(now, late), minutes.until);
        assert_eq!(minutes.access_until(now, soon), soon);
        assert!(minutes.holds(now));
        assert!(!minutes.holds(minutes.until));
    }

    #[test]
    fn reason_is_a_text_of_ten_to_five_hundred_characters() {
        assert_eq!(
            reason("  Ticket 1843: no posts  ").unwrap(),
            "Ticket 1843: no posts"
        );
        assert_eq!(reason("   a ticket  "), None);
        assert_eq!(reason(&"x".repeat(501)), None);
        assert_eq!(reason("Ticket 1843\u{0}: no posts"), None);
        assert!(reason("Ticket 1843:\nno posts").is_some());
    }
}
