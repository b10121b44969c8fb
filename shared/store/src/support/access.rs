//! What somebody reaches who looks into a tenant, and whether that is over.

use domain::membership::{Action, Permission, Relation, Rights, authorize};
use domain::support::{SupportBinding, SupportConsent, SupportEnd, may_support};
use domain::tenant::{Tenant, TenantState};
use domain::{Result, UserId};
use jiff::Timestamp;

use super::consent::ConsentItem;
use super::visits::VisitItem;
use crate::attribute::Attributes;
use crate::item::{decode, is};
use crate::key::{Key, SecretHash};
use crate::memberships::{Member, may_be_entered, member_in};
use crate::scope::{SystemTable, TenantScope};
use crate::sessions::Session;
use crate::standing::Standing;
use crate::tenants::TenantItem;
use crate::users;

/// The right of somebody to look into a tenant that is not theirs. The rights that they have in their own, and the time,
/// are for the caller to check: see [`SupportAccess::end`].
#[derive(Clone, Debug)]
pub struct SupportAccess {
    /// The right to reach the items of the tenant that is looked into.
    pub scope: TenantScope,
    /// That tenant.
    pub tenant: Tenant,
    /// Who looks, in the tenant that they belong to.
    pub supporter: Member,
    /// Why.
    pub reason: String,
    /// From when on it is over.
    pub ends_at: Timestamp,
    /// The time that it was begun for.
    granted_until: Timestamp,
}

impl SupportAccess {
    /// What may be done in the tenant.
    pub fn standing(&self) -> Standing {
        Standing::of(Rights::of_support())
    }

    /// Why it is over; `None` while it is not.
    pub fn end(&self, now: Timestamp) -> Option<SupportEnd> {
        if self.granted_until <= now {
            return Some(SupportEnd::Expired);
        }
        if self.ends_at <= now {
            // No consent ends before what was begun under it but one that was taken back.
            return Some(SupportEnd::Revoked);
        }
        (!self.may_support()).then_some(SupportEnd::RightLost)
    }

    /// Whether whoever looks may still support others, in the present state of the tenant that they belong to.
    fn may_support(&self) -> bool {
        let Member {
            standing, tenant, ..
        } = &self.supporter;
        let act = Action::Use(Permission::SupportTenants);
        let is_allowed = authorize(&standing.rights, act, Relation::OwnTenant).is_ok();
        is_allowed && !standing.lacks_second_factor && tenant.state == TenantState::Active
    }
}

impl SystemTable<'_> {
    /// What a session that is bound to a tenant still reaches of it; `None` once that is over, by its end in the log of
    /// the tenant or by whatever will be written there as its end.
    pub(crate) async fn support_access(
        &self,
        session: &Session,
        binding: &SupportBinding,
        items: Vec<Attributes>,
    ) -> Result<Option<SupportAccess>> {
        let looked = self
            .looked_into(session.user, &session.secret, binding, items)
            .await?;
        Ok(looked.ok())
    }

    /// What somebody who looks into a tenant reaches of it, or why that is over: `None` where its end was written before.
    /// Their rights and the time are for the caller to check. `items` has the tenant.
    pub(crate) async fn looked_into(
        &self,
        user: UserId,
        session: &SecretHash,
        binding: &SupportBinding,
        items: Vec<Attributes>,
    ) -> Result<std::result::Result<SupportAccess, Option<SupportEnd>>> {
        let found = items.into_iter().find(is::<TenantItem>);
        let Some(tenant) = found.map(decode::<TenantItem>).transpose()? else {
            return Ok(Err(Some(SupportEnd::TenantClosed)));
        };
        let tenant = Tenant::try_from(tenant)?;
        if !may_be_entered(&tenant) || !may_support(binding.by, &tenant) {
            return Ok(Err(Some(SupportEnd::TenantClosed)));
        }
        let keys = [
            Key::support_visit(tenant.id, session),
            Key::support_consent(tenant.id),
            Key::membership(binding.by, user),
            Key::tenant(binding.by),
            Key::user(user),
        ];
        let (mut consent, mut is_open, mut is_guarded) = (None, false, false);
        let mut others = Vec::new();
        for attributes in self.table.batch_get(&keys).await? {
            if is::<ConsentItem>(&attributes) {
                consent = Some(SupportConsent::from(decode::<ConsentItem>(attributes)?));
            } else if is::<VisitItem>(&attributes) {
                is_open = decode::<VisitItem>(attributes)?.is_open();
            } else {
                is_guarded |= users::has_second_factor(&attributes)?.unwrap_or_default();
                others.push(attributes);
            }
        }
        if !is_open {
            return Ok(Err(None));
        }
        let Some(consent) = consent.filter(|consent| consent.id == binding.consent) else {
            return Ok(Err(Some(SupportEnd::Revoked)));
        };
        // Whoever could not be asked for a second factor supports nobody.
        let supporter = member_in(self.table, others).await?;
        let Some(supporter) = supporter.filter(|_| is_guarded) else {
            return Ok(Err(Some(SupportEnd::RightLost)));
        };
        Ok(Ok(SupportAccess {
            scope: TenantScope::of_consent(&consent),
            tenant,
            supporter,
            reason: binding.reason.clone(),
            ends_at: binding.until.min(consent.until),
            granted_until: binding.until,
        }))
    }
}
