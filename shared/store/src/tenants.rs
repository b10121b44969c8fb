//! Tenants.

use std::collections::BTreeMap;

use domain::access_policy::{AccessPolicy, AllowedAddresses};
use domain::address::AddressRange;
use domain::event::Event;
use domain::membership::Membership;
use domain::network::NetworkId;
use domain::notice::Notice;
use domain::tenant::{Limits, Locale, Tenant, TenantState, TimeZoneName, WeekStart};
use domain::{Error, Result, TenantId, UserId};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::attribute::{millis, number, optional_millis};
use crate::audit::Leaf;
use crate::condition::{Condition, Write};
use crate::idempotency::IdempotencyClaim;
use crate::item::{Item, decode, encode};
use crate::key::Key;
use crate::notices::notice_write;
use crate::scope::{SystemTable, TenantScope, TenantTable};
use crate::sessions::{self, Session};
use crate::transaction::Transacted;
use crate::{departures, idempotency, members, memberships};

mod certificate;
mod close;
mod erase;
mod made;

pub use certificate::{Certificate, SignedCertificate};
pub use erase::{Erased, Erasure, Proof};

/// A tenant to be made, with its first member.
#[derive(Debug)]
pub struct NewTenant<'a> {
    /// The tenant.
    pub tenant: &'a Tenant,
    /// Its first member.
    pub owner: &'a Membership,
    /// What the audit log says.
    pub event: &'a Event,
    /// The most tenants that this person may have made altogether, but for those that are erased.
    pub made_max: u32,
    /// The caller's idempotency key.
    pub claim: Option<&'a IdempotencyClaim>,
    /// The caller's session and the one, bound to the new tenant, that takes its place.
    pub sessions: Option<(&'a Session, &'a Session)>,
}

/// How the making of a tenant ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TenantCreated {
    /// It is there.
    Done,
    /// An earlier or concurrent request has the idempotency key.
    KeyTaken,
    /// The caller's session ended meanwhile.
    SessionEnded,
    /// The person has made as many as they may.
    TooMany,
}

#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct TenantItem {
    id: TenantId,
    #[serde(default)]
    parent: Option<TenantId>,
    #[serde(default)]
    ancestors: Vec<TenantId>,
    name: String,
    tz: TimeZoneName,
    #[serde(default = "Locale::english")]
    loc: Locale,
    #[serde(default)]
    week: WeekStart,
    st: TenantState,
    limits: Limits,
    max_late_h: u32,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    opts: BTreeMap<NetworkId, Map<String, Value>>,
    /// Whether a second factor is required.
    #[serde(default)]
    sf: bool,
    /// From where requests are taken, each range with its note.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    ips: Vec<(AddressRange, String)>,
    /// Hours since the last proof, and minutes without use, after which another proof is needed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    ses_h: Option<u16>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    idle_m: Option<u16>,
    ver: u64,
    #[serde(with = "millis")]
    ca: Timestamp,
    #[serde(with = "millis")]
    ua: Timestamp,
    /// Who deleted it, while it is deleted.
    #[serde(default)]
    del_by: Option<UserId>,
    /// The end of its audit log, once it is erased.
    #[serde(default)]
    audit_end: Option<Leaf>,
    /// Since when nothing else of it is left.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        with = "optional_millis"
    )]
    gone: Option<Timestamp>,
}

impl Item for TenantItem {
    const TYPE: &'static str = "tenant";

    fn key(&self) -> Key {
        Key::tenant(self.id)
    }
}

impl TryFrom<TenantItem> for Tenant {
    type Error = Error;

    fn try_from(item: TenantItem) -> Result<Self> {
        Ok(Self {
            id: item.id,
            parent: item.parent,
            ancestors: item.ancestors,
            name: item.name,
            time_zone: item.tz,
            locale: item.loc,
            week_start: item.week,
            state: item.st,
            limits: item.limits,
            max_lateness_hours: item.max_late_h,
            default_options: item.opts,
            requires_second_factor: item.sf,
            access: AccessPolicy {
                addresses: item
                    .ips
                    .into_iter()
                    .map(|(range, note)| AllowedAddresses { range, note })
                    .collect(),
                session_hours: item.ses_h,
                idle_minutes: item.idle_m,
            },
            version: item.ver,
            created_at: item.ca,
            updated_at: item.ua,
        })
    }
}

impl From<&Tenant> for TenantItem {
    fn from(tenant: &Tenant) -> Self {
        Self {
            id: tenant.id,
            parent: tenant.parent,
            ancestors: tenant.ancestors.clone(),
            name: tenant.name.clone(),
            tz: tenant.time_zone.clone(),
            loc: tenant.locale.clone(),
            week: tenant.week_start,
            st: tenant.state,
            limits: tenant.limits,
            max_late_h: tenant.max_lateness_hours,
            opts: tenant.default_options.clone(),
            sf: tenant.requires_second_factor,
            ips: tenant
                .access
                .addresses
                .iter()
                .map(|allowed| (allowed.range, allowed.note.clone()))
                .collect(),
            ses_h: tenant.access.session_hours,
            idle_m: tenant.access.idle_minutes,
            ver: tenant.version,
            ca: tenant.created_at,
            ua: tenant.updated_at,
            del_by: None,
            audit_end: None,
            gone: None,
        }
    }
}

impl SystemTable<'_> {
    /// Makes a tenant, its first membership, the event, the idempotency record and the caller's new session, or
    /// nothing of it.
    pub async fn create_tenant(&self, new: &NewTenant<'_>) -> Result<TenantCreated> {
        let mut writes = vec![
            put(new.tenant)?.when(Condition::item_absent()),
            memberships::put(new.owner)?.when(Condition::item_absent()),
            self.table.event_put(new.event)?,
            made::maker(new.tenant.id, new.owner.user)?,
            departures::has_not_departed(new.owner.user),
        ];
        let count_place = writes.len();
        writes.push(made::count(new.owner.user, new.made_max));
        writes.push(members::count_first(&TenantScope::of_own_item(
            new.tenant.id,
        )));
        let claim_place = writes.len();
        if let Some(claim) = new.claim {
            writes.push(idempotency::by_user(
                new.owner.user,
                claim,
                &new.tenant.id,
                new.tenant.created_at,
            )?);
        }
        if let Some((old, next)) = new.sessions {
            writes.extend(sessions::replace(old, next)?);
        }
        match self.table.transact(writes).await? {
            Transacted::Done => Ok(TenantCreated::Done),
            Transacted::Refused(refused)
                if new.claim.is_some()
                    && refused.iter().any(|write| write.index == claim_place) =>
            {
                Ok(TenantCreated::KeyTaken)
            }
            Transacted::Refused(refused)
                if refused.iter().any(|write| write.index == count_place) =>
            {
                Ok(TenantCreated::TooMany)
            }
            Transacted::Refused(_) => Ok(TenantCreated::SessionEnded),
        }
    }

    /// Makes the root tenant, unless it exists.
    pub async fn create_root_tenant(&self, tenant: &Tenant) -> Result<()> {
        self.table
            .write(put(tenant)?.when(Condition::item_absent()))
            .await?;
        Ok(())
    }

    /// What a tenant asks of whoever acts in it; nothing where there is none.
    pub async fn access_policy(&self, tenant: TenantId) -> Result<AccessPolicy> {
        let mut found = self
            .table
            .batch_get(&[Key::tenant(tenant)])
            .await?
            .into_iter();
        let item = found.next().map(decode::<TenantItem>).transpose()?;
        let tenant = item.map(Tenant::try_from).transpose()?;
        Ok(tenant.map(|tenant| tenant.access).unwrap_or_default())
    }

    /// The tenant that an idempotency key of a person's earlier request made.
    pub async fn tenant_of_key(
        &self,
        user: UserId,
        claim: &IdempotencyClaim,
        now: Timestamp,
    ) -> Result<Option<TenantId>> {
        let key = Key::idempotency_of_user(user, &claim.route, &claim.key);
        idempotency::pointer(self.table, &key, claim, now)
            .await?
            .map(|pointer| {
                pointer
                    .parse()
                    .map_err(|error: domain::id::InvalidId| Error::corrupt("pointer", error))
            })
            .transpose()
    }
}

impl TenantTable<'_> {
    /// The tenant itself.
    pub async fn head(&self) -> Result<Tenant> {
        let item: Option<TenantItem> = self.table.get(&Key::tenant(self.scope.tenant())).await?;
        item.ok_or(Error::NotFound { kind: "tenant" })?.try_into()
    }

    /// Stores a changed tenant if the stored version is still the one before it; else [`Error::StaleVersion`].
    pub async fn change_head(&self, changed: &Tenant, event: &Event) -> Result<()> {
        self.change_head_owing(changed, event, &[]).await
    }

    /// The same with mails that are owed from then on.
    pub async fn change_head_owing(
        &self,
        changed: &Tenant,
        event: &Event,
        owed: &[Notice],
    ) -> Result<()> {
        let shards = self.table.settings.shards;
        let owed = owed.iter().map(|notice| notice_write(shards, notice));
        self.replace_head(put(changed)?, changed, event, owed.collect::<Result<_>>()?)
            .await
    }

    /// The same for a tenant that comes back by an owner of it, whose account must not have ended: nobody else may be one.
    pub async fn restore_head(&self, restored: &Tenant, by: UserId, event: &Event) -> Result<()> {
        let is_there = departures::has_not_departed(by);
        self.replace_head(put(restored)?, restored, event, vec![is_there])
            .await
    }

    async fn replace_head(
        &self,
        head: Write,
        changed: &Tenant,
        event: &Event,
        others: Vec<Write>,
    ) -> Result<()> {
        let seen = changed.version.saturating_sub(1);
        let mut writes = vec![
            head.when(Condition::Equals("ver", number(seen))),
            self.table.event_put(event)?,
        ];
        writes.extend(others);
        match self.table.transact(writes).await? {
            Transacted::Done => Ok(()),
            Transacted::Refused(_) => Err(Error::StaleVersion),
        }
    }
}

fn put(tenant: &Tenant) -> Result<Write> {
    let item = TenantItem::from(tenant);
    Ok(Write::put(item.key(), encode(&item)?))
}
