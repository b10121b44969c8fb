//! What somebody's rights in a tenant are made of: their role, the groups that they are limited to, and the second factor
//! that the tenant may require.

use std::collections::{BTreeMap, BTreeSet};

use domain::membership::{AccountLimit, AccountReach, AssignedRole, PermissionSet, Rights};
use domain::{AccountGroupId, AccountId, Result, TenantId, UserId};

use crate::account_groups::GroupItem;
use crate::attribute::number;
use crate::condition::{Condition, Write};
use crate::holders::Holders;
use crate::item::{Item as _, decode, is};
use crate::key::Key;
use crate::roles::RoleItem;
use crate::scope::TenantScope;
use crate::table::Table;
use crate::users;

/// Rights with the versions of the items that give them: an act that rests on them is refused once one of these changed.
#[derive(Clone, Debug)]
pub struct Standing {
    /// The rights.
    pub rights: Rights,
    /// Whether the tenant requires a second factor and the person has none: then the rights are of no use.
    pub lacks_second_factor: bool,
    basis: Vec<(Key, u64)>,
}

/// How to find out whether a person lacks a second factor that their tenant requires.
#[derive(Clone, Copy)]
pub(crate) enum Guarded {
    /// It requires none.
    NotRequired,
    /// Whether they have one was read.
    Known(bool),
    /// By another read.
    Read(UserId),
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
    let basis = Basis::read(table, tenant, role, limit.groups(), Guarded::NotRequired).await?;
    Ok(Found {
        is_complete: basis.is_complete,
        standing: basis.standing(limit),
    })
}

impl Standing {
    /// Rights that rest on no item: nothing is changed by them.
    pub(crate) fn of(rights: Rights) -> Self {
        Self {
            rights,
            lacks_second_factor: false,
            basis: Vec::new(),
        }
    }

    /// What of it is within the rights that somebody was given.
    pub(crate) fn within(self, given: &Rights) -> Self {
        Self {
            rights: self.rights.common(given),
            ..self
        }
    }

    /// The same, resting on one item more.
    pub(crate) fn resting_on(mut self, key: Key, version: u64) -> Self {
        self.basis.push((key, version));
        self
    }

    /// The same, resting beside it on who has what is to be changed.
    #[must_use]
    pub fn beside(&self, holders: &Holders) -> Self {
        let mut both = self.clone();
        both.basis.extend(holders.basis.clone());
        both
    }

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

/// What rights are made of: a role's permissions and the accounts of groups, with the versions of their items.
pub(crate) struct Basis {
    permissions: PermissionSet,
    groups: BTreeMap<AccountGroupId, BTreeSet<AccountId>>,
    versions: Vec<(Key, u64)>,
    is_complete: bool,
    lacks_second_factor: bool,
}

impl Basis {
    /// Reads it in one call; in none where the tenant made none of it.
    pub(crate) async fn read(
        table: &Table,
        tenant: TenantId,
        role: AssignedRole,
        groups: impl Iterator<Item = AccountGroupId>,
        guarded: Guarded,
    ) -> Result<Self> {
        let scope = TenantScope::of_own_item(tenant);
        // A batch must not name an item twice.
        let groups: BTreeSet<AccountGroupId> = groups.collect();
        let mut keys: Vec<Key> = groups
            .into_iter()
            .map(|group| Key::account_group(&scope, group))
            .collect();
        keys.extend(role.custom().map(|role| Key::role(&scope, role)));
        let made = keys.len();
        let lacks_second_factor = match guarded {
            Guarded::NotRequired => false,
            Guarded::Known(has) => !has,
            // Until it is seen that they have one.
            Guarded::Read(user) => {
                keys.push(Key::user(user));
                true
            }
        };
        let items = if keys.is_empty() {
            Vec::new()
        } else {
            table.batch_get(&keys).await?
        };
        let mut basis = Self {
            permissions: match role {
                AssignedRole::BuiltIn(role) => role.permissions_in(tenant),
                AssignedRole::Custom(_) => PermissionSet::default(),
            },
            groups: BTreeMap::new(),
            versions: Vec::new(),
            is_complete: false,
            lacks_second_factor,
        };
        for item in items {
            if is::<RoleItem>(&item) {
                let role = decode::<RoleItem>(item)?;
                basis.versions.push((role.key(), role.ver));
                basis.permissions = role.perms.held_in(tenant);
            } else if let Some(has) = users::has_second_factor(&item)? {
                basis.lacks_second_factor = !has;
            } else {
                let group = decode::<GroupItem>(item)?;
                basis.versions.push((group.key(), group.ver));
                basis.groups.insert(group.id, group.accs);
            }
        }
        basis.is_complete = basis.versions.len() == made;
        Ok(basis)
    }

    /// The accounts of a limit's groups. A group that is not there has none.
    pub(crate) fn reach(&self, limit: &AccountLimit) -> AccountReach {
        match limit {
            AccountLimit::Unlimited => AccountReach::All,
            AccountLimit::Groups(groups) => {
                let found = groups.iter().filter_map(|group| self.groups.get(group));
                AccountReach::only(found.flatten().copied())
            }
        }
    }

    pub(crate) fn standing(&self, limit: &AccountLimit) -> Standing {
        let rights = Rights {
            permissions: self.permissions.clone(),
            accounts: self.reach(limit),
        };
        Standing {
            rights,
            lacks_second_factor: self.lacks_second_factor,
            basis: self.versions.clone(),
        }
    }
}

/// That an item has the version that was read; items of older code have none.
pub(crate) fn version_is(version: u64) -> Condition {
    match version {
        0 => Condition::All(vec![Condition::item_exists(), Condition::Absent("ver")]),
        version => Condition::Equals("ver", number(version)),
    }
}
