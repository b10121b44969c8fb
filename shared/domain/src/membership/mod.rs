//! Who belongs to a tenant, and what they may do there.

mod authorize;
mod factor_reset;
mod invitation;
mod permission;
mod reach;
mod role;

use std::collections::BTreeSet;

use jiff::Timestamp;

pub use authorize::{Action, Denial, Relation, authorize};
pub use factor_reset::{FACTOR_RESET_DELAY, FACTOR_RESET_USABLE, FactorReset};
pub use invitation::{INVITATION_LIFETIME, Invitation};
pub use permission::{Permission, PermissionSet};
pub use reach::AccountReach;
pub use role::{AssignedRole, CustomRole, Role, UnknownRole};

use crate::id::{AccountGroupId, AccountId, TenantId, UserId};

/// Longest name of a role or a group, in characters.
pub const NAME_MAX: usize = 50;
/// Most groups that one membership may be limited to.
pub const GROUPS_MAX: usize = 20;
/// Most accounts of a group.
pub const GROUP_ACCOUNTS_MAX: usize = 500;
/// Most account groups of a tenant: as many clients as an agency has.
pub const ACCOUNT_GROUPS_MAX: u64 = 500;
/// Most roles that a tenant can make: a list of more helps nobody.
pub const ROLES_MAX: u64 = 100;

/// A person's place in a tenant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Membership {
    /// Where.
    pub tenant: TenantId,
    /// Who.
    pub user: UserId,
    /// As what.
    pub role: AssignedRole,
    /// At which accounts.
    pub limit: AccountLimit,
    /// Version for optimistic concurrency.
    pub version: u64,
    /// Since when.
    pub created_at: Timestamp,
}

/// Which accounts a membership is for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum AccountLimit {
    /// All, also those that are connected later.
    Unlimited,
    /// Those that are in one of these groups at the time of a request.
    Groups(BTreeSet<AccountGroupId>),
}

/// A named set of accounts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountGroup {
    /// Its id.
    pub id: AccountGroupId,
    /// Its name; no two groups of a tenant have the same one.
    pub name: String,
    /// The accounts.
    pub accounts: BTreeSet<AccountId>,
    /// Memberships that are limited to it.
    pub members: u64,
    /// Version for optimistic concurrency.
    pub version: u64,
    /// When it was made.
    pub created_at: Timestamp,
}

/// Everything that somebody may do in a tenant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rights {
    /// What.
    pub permissions: PermissionSet,
    /// At which accounts.
    pub accounts: AccountReach,
}

impl AccountLimit {
    /// The groups; none where there is no limit.
    pub fn groups(&self) -> impl Iterator<Item = AccountGroupId> + '_ {
        let groups = match self {
            Self::Unlimited => None,
            Self::Groups(groups) => Some(groups),
        };
        groups.into_iter().flatten().copied()
    }
}

impl Rights {
    /// The rights of a built-in role at all accounts.
    pub fn of_role(role: Role) -> Self {
        Self {
            permissions: role.permissions(),
            accounts: AccountReach::All,
        }
    }

    /// What support has in a tenant that consents.
    pub fn of_support() -> Self {
        let all = Permission::ALL.into_iter();
        Self {
            permissions: all.filter(|one| one.is_for_support()).collect(),
            accounts: AccountReach::All,
        }
    }

    /// What both have.
    #[must_use]
    pub fn common(&self, other: &Self) -> Self {
        Self {
            permissions: self.permissions.common(&other.permissions),
            accounts: self.accounts.common(&other.accounts),
        }
    }

    /// Whether nobody but an owner can have, in this tenant, what these are not.
    pub fn exceed_all_but_owners(&self, tenant: TenantId) -> bool {
        let most = Self {
            permissions: Role::Admin.permissions_in(tenant),
            accounts: AccountReach::All,
        };
        most.is_within(self)
    }

    /// Whether whoever has `other` has all of these.
    pub fn is_within(&self, other: &Self) -> bool {
        self.permissions.is_within(&other.permissions) && self.accounts.is_within(&other.accounts)
    }
}

/// A name as it is stored: on one line, without spaces around it. `None` if it is empty or too long.
pub fn name(text: &str) -> Option<String> {
    let name = text.trim();
    let length = name.chars().count();
    let fits = (1..=NAME_MAX).contains(&length) && !name.chars().any(char::is_control);
    fits.then(|| name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tenant::ROOT_TENANT;

    /// What a role that a tenant made can allow at most.
    fn most_of_a_made_role(tenant: TenantId) -> Rights {
        let all = Permission::ALL.into_iter();
        let permissions: PermissionSet = all.filter(|one| !one.is_owners_only()).collect();
        Rights {
            permissions: permissions.held_in(tenant),
            accounts: AccountReach::All,
        }
    }

    #[test]
    fn id_39_admin_at_all_accounts_has_all_that_anybody_but_an_owner_can_have() {
        for tenant in [ROOT_TENANT, TenantId::from_uuid(uuid::Uuid::from_u128(7))] {
            let admin = Rights {
                permissions: Role::Admin.permissions_in(tenant),
                accounts: AccountReach::All,
            };
            let limited = Rights {
                accounts: AccountReach::only([]),
                ..admin.clone()
            };

            assert!(admin.exceed_all_but_owners(tenant));
            assert!(most_of_a_made_role(tenant).is_within(&admin));
            assert!(!limited.exceed_all_but_owners(tenant));
            assert!(!Rights::of_role(Role::Editor).exceed_all_but_owners(tenant));
        }
    }
}
