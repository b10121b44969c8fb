//! Who may do what in a tenant.

use std::collections::{BTreeMap, BTreeSet};

use domain::api_key::ApiKey;
use domain::membership::{
    AccountLimit, AccountReach, AssignedRole, Membership, PermissionSet, Rights,
};
use domain::tenant::{Tenant, TenantState};
use domain::{AccountGroupId, AccountId, Result, TenantId, UserId};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::account_groups::GroupItem;
use crate::attribute::{Attributes, millis, number};
use crate::condition::{Condition, Write};
use crate::item::{Item, decode, encode, is};
use crate::key::{Key, user_memberships_partition};
use crate::roles::RoleItem;
use crate::schema::BY_USER;
use crate::scope::{SystemTable, TenantScope};
use crate::table::{Query, Range, Table};
use crate::tenants::TenantItem;

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

/// Rights with the versions of the items that give them: an act that rests on them is refused once one of these changed.
#[derive(Clone, Debug)]
pub struct Standing {
    /// The rights.
    pub rights: Rights,
    basis: Vec<(Key, u64)>,
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

impl Standing {
    /// Adds to the writes of a transaction that the rights still are what they were. An item can be in a transaction only
    /// once, so a write of one of these items takes the condition over.
    pub(crate) fn hold(&self, writes: &mut Vec<Write>) {
        for (key, version) in &self.basis {
            let unchanged = version_is(*version);
            match writes.iter_mut().find(|write| write.key == *key) {
                Some(write) => {
                    let both = write.condition.take().into_iter().chain([unchanged]);
                    write.condition = Some(Condition::All(both.collect()));
                }
                None => writes.push(Write::update(key.clone(), Vec::new()).when(unchanged)),
            }
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
    pub async fn returnable_tenants(&self, user: UserId) -> Result<Vec<Tenant>> {
        let all = self.all_memberships(user).await?.into_iter();
        Ok(all
            .filter(may_be_returned)
            .map(|belonging| belonging.tenant)
            .collect())
    }

    /// A deleted tenant that a person may take back, with the right to do that.
    pub async fn returnable_tenant(
        &self,
        user: UserId,
        tenant: TenantId,
    ) -> Result<Option<(TenantScope, Tenant)>> {
        let keys = [Key::membership(tenant, user), Key::tenant(tenant)];
        let (membership, tenant) = both_in(self.table.batch_get(&keys).await?)?;
        let belonging = membership
            .zip(tenant)
            .map(|(membership, tenant)| Belonging {
                tenant,
                role: membership.role,
            });
        Ok(belonging.filter(may_be_returned).map(|belonging| {
            let scope = TenantScope::of_own_item(belonging.tenant.id);
            (scope, belonging.tenant)
        }))
    }

    async fn all_memberships(&self, user: UserId) -> Result<Vec<Belonging>> {
        let query = Query::of_index(BY_USER, user_memberships_partition(user), Range::All);
        let memberships = self
            .table
            .query_all(&query)
            .await?
            .into_iter()
            .map(projected)
            .collect::<Result<Vec<_>>>()?;
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
/// and groups, costs another read.
pub(crate) async fn member_in(table: &Table, items: Vec<Attributes>) -> Result<Option<Member>> {
    let Some((membership, tenant)) = place_in(items)? else {
        return Ok(None);
    };
    let found = standing(table, tenant.id, membership.role, &membership.limit).await?;
    Ok(Some(entered(membership, tenant, found.standing)))
}

/// The same for a key that its maker made in this membership: it has what both have.
pub(crate) async fn keyed_member_in(
    table: &Table,
    items: Vec<Attributes>,
    key: &ApiKey,
) -> Result<Option<Member>> {
    let Some((membership, tenant)) = place_in(items)? else {
        return Ok(None);
    };
    // Whoever left and came back made it in another life here.
    if key.created_at < membership.created_at {
        return Ok(None);
    }
    let groups = membership.limit.groups().chain(key.limit.groups());
    let basis = Basis::read(table, tenant.id, membership.role, groups).await?;
    let given = Rights {
        permissions: key.scopes.clone(),
        accounts: basis.reach(&key.limit),
    };
    let own = basis.standing(&membership.limit);
    let standing = Standing {
        rights: own.rights.common(&given),
        basis: own.basis,
    };
    Ok(Some(entered(membership, tenant, standing)))
}

fn entered(membership: Membership, tenant: Tenant, mut standing: Standing) -> Member {
    let own = Key::membership(membership.tenant, membership.user);
    standing.basis.push((own, membership.version));
    Member {
        scope: TenantScope::of_member(&membership, standing.rights.accounts.clone()),
        standing,
        membership,
        tenant,
    }
}

/// The membership and the tenant in a mixed batch, if both are there and the tenant may be entered.
fn place_in(items: Vec<Attributes>) -> Result<Option<(Membership, Tenant)>> {
    let (membership, tenant) = both_in(items)?;
    let place = membership.zip(tenant);
    Ok(place.filter(|(_, tenant)| may_be_entered(tenant)))
}

fn both_in(items: Vec<Attributes>) -> Result<(Option<Membership>, Option<Tenant>)> {
    let (mut membership, mut tenant) = (None, None);
    for attributes in items {
        if is::<MembershipItem>(&attributes) {
            membership = Some(Membership::from(decode::<MembershipItem>(attributes)?));
        } else if is::<TenantItem>(&attributes) {
            tenant = Some(Tenant::try_from(decode::<TenantItem>(attributes)?)?);
        }
    }
    Ok((membership, tenant))
}

/// A standing, and whether all that it was to be made of exists.
pub(crate) struct Found {
    pub(crate) standing: Standing,
    pub(crate) is_complete: bool,
}

/// What a role at some accounts amounts to now. A role or group that is not there gives nothing.
pub(crate) async fn standing(
    table: &Table,
    tenant: TenantId,
    role: AssignedRole,
    limit: &AccountLimit,
) -> Result<Found> {
    let basis = Basis::read(table, tenant, role, limit.groups()).await?;
    Ok(Found {
        is_complete: basis.is_complete,
        standing: basis.standing(limit),
    })
}

/// What rights are made of: a role's permissions and the accounts of groups, with the versions of their items.
struct Basis {
    permissions: PermissionSet,
    groups: BTreeMap<AccountGroupId, BTreeSet<AccountId>>,
    versions: Vec<(Key, u64)>,
    is_complete: bool,
}

impl Basis {
    /// Reads it in one call; in none where the tenant made none of it.
    async fn read(
        table: &Table,
        tenant: TenantId,
        role: AssignedRole,
        groups: impl Iterator<Item = AccountGroupId>,
    ) -> Result<Self> {
        let scope = TenantScope::of_own_item(tenant);
        // A batch must not name an item twice.
        let groups: BTreeSet<AccountGroupId> = groups.collect();
        let mut keys: Vec<Key> = groups
            .into_iter()
            .map(|group| Key::account_group(&scope, group))
            .collect();
        keys.extend(role.custom().map(|role| Key::role(&scope, role)));
        let items = if keys.is_empty() {
            Vec::new()
        } else {
            table.batch_get(&keys).await?
        };
        let mut basis = Self {
            permissions: match role {
                AssignedRole::BuiltIn(role) => role.permissions(),
                AssignedRole::Custom(_) => PermissionSet::default(),
            },
            groups: BTreeMap::new(),
            versions: Vec::new(),
            is_complete: items.len() == keys.len(),
        };
        for item in items {
            if is::<RoleItem>(&item) {
                let role = decode::<RoleItem>(item)?;
                basis.versions.push((role.key(), role.ver));
                basis.permissions = role.perms;
            } else {
                let group = decode::<GroupItem>(item)?;
                basis.versions.push((group.key(), group.ver));
                basis.groups.insert(group.id, group.accs);
            }
        }
        Ok(basis)
    }

    /// The accounts of a limit's groups. A group that is not there has none.
    fn reach(&self, limit: &AccountLimit) -> AccountReach {
        match limit {
            AccountLimit::Unlimited => AccountReach::All,
            AccountLimit::Groups(groups) => {
                let found = groups.iter().filter_map(|group| self.groups.get(group));
                AccountReach::only(found.flatten().copied())
            }
        }
    }

    fn standing(&self, limit: &AccountLimit) -> Standing {
        let rights = Rights {
            permissions: self.permissions.clone(),
            accounts: self.reach(limit),
        };
        Standing {
            rights,
            basis: self.versions.clone(),
        }
    }
}

/// Nobody enters a deleted tenant.
fn may_be_entered(tenant: &Tenant) -> bool {
    match tenant.state {
        TenantState::Active | TenantState::Suspended => true,
        TenantState::Deleted | TenantState::Erased => false,
    }
}

/// Only owners delete a tenant, and only they take that back.
fn may_be_returned(belonging: &Belonging) -> bool {
    match belonging.tenant.state {
        TenantState::Deleted => belonging.role.is_owner(),
        TenantState::Active | TenantState::Suspended | TenantState::Erased => false,
    }
}

pub(crate) fn put(membership: &Membership) -> Result<Write> {
    let item = MembershipItem::from(membership);
    Ok(Write::put(item.key(), encode(&item)?))
}

/// That an item has the version that was read; items of older code have none.
pub(crate) fn version_is(version: u64) -> Condition {
    match version {
        0 => Condition::All(vec![Condition::item_exists(), Condition::Absent("ver")]),
        version => Condition::Equals("ver", number(version)),
    }
}

/// An index entry has no type attribute: it is not projected.
fn projected(attributes: Attributes) -> Result<Membership> {
    serde_dynamo::from_item::<_, MembershipItem>(attributes)
        .map(Membership::from)
        .map_err(|error| domain::Error::corrupt("index entry", error))
}
