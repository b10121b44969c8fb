//! Support: the consent of a tenant to be looked into, and the sessions of those who do.

use domain::event::{EventKind, Subject};
use domain::membership::Rights;
use domain::support::{SupportBinding, SupportConsent, may_support};
use domain::tenant::Tenant;
use domain::{Result, SupportConsentId, TenantId, UserId};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::attribute::{Attributes, instant, millis, text};
use crate::condition::{Action, Condition, Write};
use crate::events::Act;
use crate::item::{Item, decode, encode, is};
use crate::key::Key;
use crate::memberships::{Member, may_be_entered, member_in};
use crate::scope::{SystemTable, TenantScope, TenantTable};
use crate::sessions::{self, Session};
use crate::standing::Standing;
use crate::tenants::TenantItem;
use crate::transaction::Transacted;
use crate::users;

/// The right of somebody to look into a tenant that is not theirs. The rights that they have in their own, and the time,
/// are for the caller to check.
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
}

/// A tenant that lets itself be looked into.
#[derive(Clone, Debug)]
pub struct ConsentingTenant {
    /// The right to write into its log that somebody begins.
    pub scope: TenantScope,
    /// The tenant.
    pub tenant: Tenant,
    /// What it allowed. Its time is for the caller to check.
    pub consent: SupportConsent,
}

/// The beginning of a look into a tenant.
#[derive(Debug)]
pub struct SupportBeginning<'a> {
    /// The session of before, which is dead from then on.
    pub old: &'a Session,
    /// The one that is bound to the tenant.
    pub new: &'a Session,
    /// What it is bound by.
    pub binding: &'a SupportBinding,
    /// The tenant.
    pub into: &'a ConsentingTenant,
    /// The rights that the decision rests on.
    pub held: &'a Standing,
}

/// How it went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SupportBegun {
    /// The new session looks into the tenant.
    Done,
    /// The old session ended meanwhile.
    SessionEnded,
    /// The consent or the rights changed meanwhile.
    Stale,
}

#[derive(Debug, Serialize, Deserialize)]
struct ConsentItem {
    id: SupportConsentId,
    ten: TenantId,
    by: UserId,
    #[serde(with = "millis")]
    ca: Timestamp,
    #[serde(with = "millis")]
    until: Timestamp,
    exp: i64,
}

impl Item for ConsentItem {
    const TYPE: &'static str = "support_consent";

    fn key(&self) -> Key {
        Key::support_consent(self.ten)
    }
}

impl From<ConsentItem> for SupportConsent {
    fn from(item: ConsentItem) -> Self {
        Self {
            id: item.id,
            tenant: item.ten,
            given_by: item.by,
            given_at: item.ca,
            until: item.until,
        }
    }
}

/// [`SupportBinding`] as a session has it.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct BindingAttribute {
    by: TenantId,
    consent: SupportConsentId,
    why: String,
    #[serde(with = "millis")]
    until: Timestamp,
}

impl From<&SupportBinding> for BindingAttribute {
    fn from(binding: &SupportBinding) -> Self {
        Self {
            by: binding.by,
            consent: binding.consent,
            why: binding.reason.clone(),
            until: binding.until,
        }
    }
}

impl From<BindingAttribute> for SupportBinding {
    fn from(attribute: BindingAttribute) -> Self {
        Self {
            by: attribute.by,
            consent: attribute.consent,
            reason: attribute.why,
            until: attribute.until,
        }
    }
}

impl SupportAccess {
    /// What may be done in the tenant.
    pub fn standing(&self) -> Standing {
        Standing::of(Rights::of_support())
    }
}

impl TenantTable<'_> {
    /// What the tenant allowed last, whether or not it still holds.
    pub async fn support_consent(&self) -> Result<Option<SupportConsent>> {
        let key = Key::support_consent(self.scope.tenant());
        let found: Option<ConsentItem> = self.table.get(&key).await?;
        Ok(found.map(SupportConsent::from))
    }

    /// Lets support look into the tenant, in the place of the consent that was `seen`, and while the rights are what they
    /// were. Whether both were so: a consent that somebody took back meanwhile stays taken back.
    pub async fn allow_support(
        &self,
        consent: &SupportConsent,
        seen: Option<&SupportConsent>,
        standing: &Standing,
        act: &Act,
    ) -> Result<bool> {
        let item = ConsentItem {
            id: consent.id,
            ten: consent.tenant,
            by: consent.given_by,
            ca: consent.given_at,
            until: consent.until,
            exp: consent.until.as_second(),
        };
        let is_seen = seen.map_or_else(Condition::item_absent, |seen| {
            Condition::All(vec![
                Condition::Equals("id", text(seen.id)),
                Condition::Equals("until", instant(seen.until)),
            ])
        });
        let subject = Subject::Tenant(self.scope.tenant());
        let detail = json!({ "until": consent.until });
        let mut writes = vec![
            Write::put(item.key(), encode(&item)?).when(is_seen),
            self.event_write(act, EventKind::SupportAllowed, subject, detail)?,
        ];
        standing.hold(&mut writes);
        let transacted = self.table.transact(writes).await?;
        Ok(matches!(transacted, Transacted::Done))
    }

    /// Ends a consent, as it was read; whoever looks is out at their next request. Whether it was still that one.
    pub async fn withdraw_support(&self, seen: &SupportConsent, act: &Act) -> Result<bool> {
        let key = Key::support_consent(self.scope.tenant());
        let ended = Write::update(key, vec![Action::Set("until", instant(act.at))]);
        let is_seen = Condition::All(vec![
            Condition::Equals("id", text(seen.id)),
            Condition::Above("until", instant(act.at)),
        ]);
        let subject = Subject::Tenant(self.scope.tenant());
        let writes = vec![
            ended.when(is_seen),
            self.event_write(act, EventKind::SupportWithdrawn, subject, Value::Null)?,
        ];
        let transacted = self.table.transact(writes).await?;
        Ok(matches!(transacted, Transacted::Done))
    }

    /// The same session out of the tenant. Whether the old one was still alive.
    pub async fn end_support(&self, old: &Session, new: &Session, act: &Act) -> Result<bool> {
        let subject = Subject::Tenant(self.scope.tenant());
        let mut writes = Vec::from(sessions::replace(old, new)?);
        writes.push(self.event_write(act, EventKind::SupportEnded, subject, Value::Null)?);
        let transacted = self.table.transact(writes).await?;
        Ok(matches!(transacted, Transacted::Done))
    }
}

impl SystemTable<'_> {
    /// A tenant that has allowed support, if it may be entered.
    pub async fn consenting_tenant(&self, tenant: TenantId) -> Result<Option<ConsentingTenant>> {
        let keys = [Key::tenant(tenant), Key::support_consent(tenant)];
        let (mut found, mut consent) = (None, None);
        for attributes in self.table.batch_get(&keys).await? {
            if is::<ConsentItem>(&attributes) {
                consent = Some(SupportConsent::from(decode::<ConsentItem>(attributes)?));
            } else {
                found = Some(Tenant::try_from(decode::<TenantItem>(attributes)?)?);
            }
        }
        let both = found.filter(may_be_entered).zip(consent);
        Ok(both.map(|(tenant, consent)| ConsentingTenant {
            scope: TenantScope::of_consent(&consent),
            tenant,
            consent,
        }))
    }

    /// Binds a session to a tenant that is looked into, while the consent and the rights are what they were.
    pub async fn begin_support(
        &self,
        new: &SupportBeginning<'_>,
        act: &Act,
    ) -> Result<SupportBegun> {
        let consent = &new.into.consent;
        let subject = Subject::Tenant(consent.tenant);
        let detail = json!({ "reason": new.binding.reason, "until": new.binding.until });
        let tenant = self.table.tenant(&new.into.scope);
        let unchanged = Condition::All(vec![
            Condition::Equals("id", text(consent.id)),
            Condition::Above("until", instant(act.at)),
        ]);
        let mut writes = Vec::from(sessions::replace(new.old, new.new)?);
        let sessions = writes.len();
        let consent = Key::support_consent(consent.tenant);
        writes.push(Write::update(consent, Vec::new()).when(unchanged));
        writes.push(tenant.event_write(act, EventKind::SupportBegun, subject, detail)?);
        new.held.hold(&mut writes);
        match self.table.transact(writes).await? {
            Transacted::Done => Ok(SupportBegun::Done),
            Transacted::Refused(refused) if refused.iter().any(|one| one.index < sessions) => {
                Ok(SupportBegun::SessionEnded)
            }
            Transacted::Refused(_) => Ok(SupportBegun::Stale),
        }
    }

    /// What a session that is bound to a tenant still reaches of it; `None` once the tenant has taken its consent back,
    /// or the person is not one who could be asked for a second factor, or has left the tenant that they belong to.
    pub(crate) async fn support_access(
        &self,
        session: &Session,
        binding: &SupportBinding,
        items: Vec<Attributes>,
    ) -> Result<Option<SupportAccess>> {
        let found = items.into_iter().find(is::<TenantItem>);
        let Some(tenant) = found.map(decode::<TenantItem>).transpose()? else {
            return Ok(None);
        };
        let tenant = Tenant::try_from(tenant)?;
        if !may_be_entered(&tenant) || !may_support(binding.by, &tenant) {
            return Ok(None);
        }
        let keys = [
            Key::support_consent(tenant.id),
            Key::membership(binding.by, session.user),
            Key::tenant(binding.by),
            Key::user(session.user),
        ];
        let (mut consent, mut is_guarded) = (None, false);
        let mut others = Vec::new();
        for attributes in self.table.batch_get(&keys).await? {
            if is::<ConsentItem>(&attributes) {
                consent = Some(SupportConsent::from(decode::<ConsentItem>(attributes)?));
            } else {
                is_guarded |= users::has_second_factor(&attributes)?.unwrap_or_default();
                others.push(attributes);
            }
        }
        let Some(consent) = consent.filter(|consent| is_guarded && consent.id == binding.consent)
        else {
            return Ok(None);
        };
        let supporter = member_in(self.table, others).await?;
        Ok(supporter.map(|supporter| SupportAccess {
            scope: TenantScope::of_consent(&consent),
            tenant,
            supporter,
            reason: binding.reason.clone(),
            ends_at: binding.until.min(consent.until),
        }))
    }
}

#[cfg(test)]
mod tests {
    use domain::event::Actor;
    use domain::tenant::ROOT_TENANT;
    use jiff::SignedDuration;
    use testkit::TestClock;

    use super::*;
    use crate::{Settings, Table, schema};

    #[tokio::test]
    async fn id_42_consent_that_was_taken_back_meanwhile_is_not_given_by_a_longer_one() {
        let clock = TestClock::at("2026-12-01T08:00:00Z");
        let client = testkit::table::client().await;
        schema::create_if_absent(&client, "support").await.unwrap();
        let settings = Settings {
            name: "support".to_owned(),
            shards: 4,
        };
        let table = Table::new(client, settings, testkit::clock::ids(&clock));
        let scope = TenantScope::of_own_item(ROOT_TENANT);
        let tenant = table.tenant(&scope);
        let now = domain::Clock::now(&clock);
        let act = Act {
            actor: Actor::system("owner"),
            at: now,
        };
        let standing = Standing::of(Rights::of_support());
        let first = SupportConsent {
            id: SupportConsentId::generate(table.ids()),
            tenant: ROOT_TENANT,
            given_by: UserId::generate(table.ids()),
            given_at: now,
            until: now + SignedDuration::from_hours(24),
        };
        let longer = SupportConsent {
            until: now + SignedDuration::from_hours(72),
            ..first.clone()
        };
        let allow = async |consent, seen| {
            let allowed = tenant.allow_support(consent, seen, &standing, &act).await;
            allowed.unwrap()
        };

        assert!(allow(&first, None).await);
        assert!(!allow(&longer, None).await);
        assert!(tenant.withdraw_support(&first, &act).await.unwrap());
        assert!(!allow(&longer, Some(&first)).await);

        let stored = tenant.support_consent().await.unwrap().unwrap();
        assert!(!stored.holds(now));
        assert!(allow(&longer, Some(&stored)).await);
    }
}
