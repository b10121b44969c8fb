//! Who may do what in a tenant.

use std::collections::BTreeSet;

use domain::api_key::ApiKey;
use domain::membership::{AccountLimit, AssignedRole, Membership, Rights};
use domain::tenant::{Tenant, TenantState, erased_from};
use domain::{AccountGroupId, Result, TenantId, UserId};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::attribute::{Attributes, millis};
use crate::condition::Write;
use crate::item::{Item, decode, encode, is};
use crate::key::{Key, user_memberships_partition};
use crate::schema::BY_USER;
use crate::scope::{SystemTable, TenantScope};
use crate::standing::{Basis, Guarded, Standing};
use crate::table::{Query, Range, Table};
use crate::tenants::TenantItem;
use crate::users;

/// A membership in a tenant that may be entered.
#[derive(Clone, Debug)]
pub struct Member {
    /// The right to reach the tenant's items.
    pub scope: TenantScope,
    /// The membership.
    pub membership: Membership,
    /// What the person may do.
    pub standing: Standing,
    /// The tenant.
    pub tenant: Tenant,
}

/// A tenant that a person may enter, as lists show it.
#[derive(Clone, Debug)]
pub struct Belonging {
    /// The tenant.
    pub tenant: Tenant,
    /// As what the person is in it.
    pub role: AssignedRole,
}

#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct MembershipItem {
    ten: TenantId,
    user: UserId,
    role: AssignedRole,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    groups: Option<BTreeSet<AccountGroupId>>,
    #[serde(default)]
    ver: u64,
    #[serde(with = "millis")]
    ca: Timestamp,
}

impl Item for MembershipItem {
    const TYPE: &'static str = "membership";

    fn key(&self) -> Key {
        Key::membership(self.ten, self.user)
    }

    fn index_keys(&self) -> Vec<(&'static str, String)> {
        vec![
            (BY_USER.partition, user_memberships_partition(self.user)),
            (BY_USER.sort, self.ten.to_string()),
        ]
    }
}

impl From<MembershipItem> for Membership {
    fn from(item: MembershipItem) -> Self {
        Self {
            tenant: item.ten,
            user: item.user,
            role: item.role,
            limit: item
                .groups
                .map_or(AccountLimit::Unlimited, AccountLimit::Groups),
            version: item.ver,
            created_at: item.ca,
        }
    }
}

impl From<&Membership> for MembershipItem {
    fn from(membership: &Membership) -> Self {
        Self {
            ten: membership.tenant,
            user: membership.user,
            role: membership.role,
            groups: match &membership.limit {
                AccountLimit::Unlimited => None,
                AccountLimit::Groups(groups) => Some(groups.clone()),
            },
            ver: membership.version,
            ca: membership.created_at,
        }
    }
}

impl SystemTable<'_> {
    /// The person's membership in a tenant, read consistently.
    pub async fn member(&self, user: UserId, tenant: TenantId) -> Result<Option<Member>> {
        let keys = [Key::membership(tenant, user), Key::tenant(tenant)];
        member_in(self.table, self.table.batch_get(&keys).await?).await
    }

    /// All tenants that a person may enter, oldest first.
    pub async fn memberships(&self, user: UserId) -> Result<Vec<Belonging>> {
        let mut all = self.all_memberships(user).await?;
        all.retain(|belonging| may_be_entered(&belonging.tenant));
        Ok(all)
    }

    /// All deleted tenants that a person may take back, oldest first.
    pub async fn returnable_tenants(&self, user: UserId, now: Timestamp) -> Result<Vec<Tenant>> {
        let all = self.all_memberships(user).await?.into_iter();
        Ok(all
            .filter(|belonging| may_be_returned(belonging, now))
            .map(|belonging| belonging.tenant)
            .collect())
    }

    /// A deleted tenant that a person may take back, with the right to do that.
    pub async fn returnable_tenant(
        &self,
        user: UserId,
        tenant: TenantId,
        now: Timestamp,
    ) -> Result<Option<(TenantScope, Tenant)>> {
        let keys = [Key::membership(tenant, user), Key::tenant(tenant)];
        let (membership, tenant, _) = parts_in(self.table.batch_get(&keys).await?)?;
        let belonging = membership
            .zip(tenant)
            .map(|(membership, tenant)| Belonging {
                tenant,
                role: membership.role,
            });
        let belonging = belonging.filter(|belonging| may_be_returned(belonging, now));
        Ok(belonging.map(|belonging| {
            let scope = TenantScope::of_own_item(belonging.tenant.id);
            (scope, belonging.tenant)
        }))
    }

    /// Whether the person is a member of at least so many tenants, deleted ones among them.
    pub async fn has_memberships(&self, user: UserId, many: u16) -> Result<bool> {
        let query = Query::of_index(BY_USER, user_memberships_partition(user), Range::All);
        let query = query.without_keys().limit(many.into());
        let found = self.table.query(&query, None).await?.items;
        Ok(found.len() >= many.into())
    }

    /// The tenants that a person belongs to, whatever became of them, as far as the index knows by now.
    pub(crate) async fn tenants_of(&self, user: UserId) -> Result<Vec<TenantId>> {
        let memberships = self.indexed_memberships(user).await?.into_iter();
        Ok(memberships.map(|membership| membership.tenant).collect())
    }

    /// Bounded: nobody makes, or is invited to, more than so many ([`Self::create_tenant`], [`Self::has_memberships`]).
    async fn indexed_memberships(&self, user: UserId) -> Result<Vec<Membership>> {
        let query = Query::of_index(BY_USER, user_memberships_partition(user), Range::All);
        let entries = self.table.query_all(&query).await?.into_iter();
        entries.map(projected).collect()
    }

    async fn all_memberships(&self, user: UserId) -> Result<Vec<Belonging>> {
        let memberships = self.indexed_memberships(user).await?;
        let keys: Vec<Key> = memberships
            .iter()
            .map(|membership| Key::tenant(membership.tenant))
            .collect();
        let mut tenants = self
            .table
            .batch_get(&keys)
            .await?
            .into_iter()
            .map(|attributes| decode::<TenantItem>(attributes)?.try_into())
            .collect::<Result<Vec<Tenant>>>()?;
        Ok(memberships
            .iter()
            .filter_map(|membership| {
                let place = tenants
                    .iter()
                    .position(|tenant| tenant.id == membership.tenant)?;
                Some(Belonging {
                    tenant: tenants.swap_remove(place),
                    role: membership.role,
                })
            })
            .collect())
    }
}

/// The member in a mixed batch, if both the membership and the tenant are there. Only what the tenant made itself, roles
/// and groups, and the second factor that it requires, cost another read.
pub(crate) async fn member_in(table: &Table, items: Vec<Attributes>) -> Result<Option<Member>> {
    let Some(place) = Place::of(items)? else {
        return Ok(None);
    };
    let basis = place.basis(table, place.membership.limit.groups()).await?;
    let standing = basis.standing(&place.membership.limit);
    Ok(Some(place.entered(standing)))
}

/// The same for a key that its maker made in this membership: it has what both have.
pub(crate) async fn keyed_member_in(
    table: &Table,
    items: Vec<Attributes>,
    key: &ApiKey,
) -> Result<Option<Member>> {
    let Some(place) = Place::of(items)? else {
        return Ok(None);
    };
    // Whoever left and came back made it in another life here.
    if key.created_at < place.membership.created_at {
        return Ok(None);
    }
    let groups = place.membership.limit.groups().chain(key.limit.groups());
    let basis = place.basis(table, groups).await?;
    let given = Rights {
        permissions: key.scopes.clone(),
        accounts: basis.reach(&key.limit),
    };
    let standing = basis.standing(&place.membership.limit).within(&given);
    Ok(Some(place.entered(standing)))
}

/// Where somebody asks.
struct Place {
    membership: Membership,
    tenant: Tenant,
    /// Whether they have a second factor, where that was read.
    has_second_factor: Option<bool>,
}

impl Place {
    /// What a mixed batch has of it, if both the membership and the tenant are there and the tenant may be entered.
    fn of(items: Vec<Attributes>) -> Result<Option<Self>> {
        let (membership, tenant, has_second_factor) = parts_in(items)?;
        let place = membership.zip(tenant);
        let place = place.filter(|(_, tenant)| may_be_entered(tenant));
        Ok(place.map(|(membership, tenant)| Self {
            membership,
            tenant,
            has_second_factor,
        }))
    }

    /// What the person's rights are made of, with these groups.
    async fn basis(
        &self,
        table: &Table,
        groups: impl Iterator<Item = AccountGroupId>,
    ) -> Result<Basis> {
        let is_required = self.tenant.requires_second_factor;
        let guarded = match (is_required, self.has_second_factor) {
            (true, Some(has)) => Guarded::Known(has),
            (true, None) => Guarded::Read(self.membership.user),
            (false, _) => Guarded::NotRequired,
        };
        Basis::read(table, self.tenant.id, self.membership.role, groups, guarded).await
    }

    fn entered(self, standing: Standing) -> Member {
        let Self {
            membership, tenant, ..
        } = self;
        let own = Key::membership(membership.tenant, membership.user);
        Member {
            scope: TenantScope::of_member(&membership, standing.rights.accounts.clone()),
            standing: standing.resting_on(own, membership.version),
            membership,
            tenant,
        }
    }
}

/// The membership, the tenant and whether its person has a second factor, as far as a mixed batch has them.
fn parts_in(items: Vec<Attributes>) -> Result<(Option<Membership>, Option<Tenant>, Option<bool>)> {
    let (mut membership, mut tenant, mut has_second_factor) = (None, None, None);
    for attributes in items {
        if is::<MembershipItem>(&attributes) {
            membership = Some(Membership::from(decode::<MembershipItem>(attributes)?));
        } else if is::<TenantItem>(&attributes) {
            tenant = Some(Tenant::try_from(decode::<TenantItem>(attributes)?)?);
        } else {
            has_second_factor = users::has_second_factor(&attributes)?.or(has_second_factor);
        }
    }
    Ok((membership, tenant, has_second_factor))
}

/// Nobody enters a deleted tenant.
pub(crate) fn may_be_entered(tenant: &Tenant) -> bool {
    match tenant.state {
        TenantState::Active | TenantState::Suspended => true,
        TenantState::Deleted | TenantState::Erased => false,
    }
}

/// Only owners delete a tenant, and only they take that back, until its grace is over: whether it is erased by then or only
/// about to be makes no difference to them.
fn may_be_returned(belonging: &Belonging, now: Timestamp) -> bool {
    let Belonging { tenant, role } = belonging;
    match tenant.state {
        TenantState::Deleted => role.is_owner() && now < erased_from(tenant.updated_at),
        TenantState::Active | TenantState::Suspended | TenantState::Erased => false,
    }
}

pub(crate) fn put(membership: &Membership) -> Result<Write> {
    let item = MembershipItem::from(membership);
    Ok(Write::put(item.key(), encode(&item)?))
}

/// An index entry has no type attribute: it is not projected.
fn projected(attributes: Attributes) -> Result<Membership> {
    serde_dynamo::from_item::<_, MembershipItem>(attributes)
        .map(Membership::from)
        .map_err(|error| domain::Error::corrupt("index entry", error))
}
