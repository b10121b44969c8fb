//! Roles: sets of permissions with a name.

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::permission::{Permission, PermissionSet};
use crate::id::{RoleId, TenantId};
use crate::support::supports_others;

/// A role that every tenant has. Later roles include all that earlier ones have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Reads.
    Viewer,
    /// Writes drafts.
    Author,
    /// Schedules and publishes.
    Editor,
    /// Manages accounts, members and settings.
    Admin,
    /// Everything, including deletion of the tenant.
    Owner,
}

impl Role {
    /// Every built-in role, the least first.
    pub const ALL: [Self; 5] = [
        Self::Viewer,
        Self::Author,
        Self::Editor,
        Self::Admin,
        Self::Owner,
    ];

    /// Whether the role includes the permission, in every tenant.
    pub fn allows(self, permission: Permission) -> bool {
        self >= match permission {
            // No role has it but in a tenant that can support others: see `permissions_in`.
            Permission::SupportTenants => return false,
            Permission::ReadTenant
            | Permission::ReadAccounts
            | Permission::ReadPosts
            | Permission::ReadMedia => Self::Viewer,
            Permission::WriteDrafts | Permission::WriteMedia | Permission::ReadMembers => {
                Self::Author
            }
            Permission::SchedulePosts => Self::Editor,
            Permission::ManageAccounts
            | Permission::ManageTenant
            | Permission::ManageMembers
            | Permission::ManageRoles
            | Permission::ManageApiKeys
            | Permission::ReadAudit
            | Permission::ExportTenant => Self::Admin,
            Permission::DeleteTenant | Permission::AllowSupport => Self::Owner,
        }
    }

    /// All that it allows in this tenant.
    pub fn permissions_in(self, tenant: TenantId) -> PermissionSet {
        let supports = supports_others(tenant) && self >= Self::Admin;
        let more = supports.then_some(Permission::SupportTenants);
        self.permissions().iter().chain(more).collect()
    }

    /// All that it allows in every tenant.
    pub fn permissions(self) -> PermissionSet {
        let all = Permission::ALL.into_iter();
        all.filter(|permission| self.allows(*permission)).collect()
    }

    /// Its name for programs.
    pub fn name(self) -> &'static str {
        match self {
            Self::Viewer => "viewer",
            Self::Author => "author",
            Self::Editor => "editor",
            Self::Admin => "admin",
            Self::Owner => "owner",
        }
    }
}

/// A role that a tenant made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CustomRole {
    /// Its id.
    pub id: RoleId,
    /// Its name; no two roles of a tenant have the same one.
    pub name: String,
    /// What it allows.
    pub permissions: PermissionSet,
    /// Members who have it.
    pub members: u64,
    /// Version for optimistic concurrency.
    pub version: u64,
    /// When it was made.
    pub created_at: Timestamp,
}

/// The role of a member: `editor`, or the id of a role that the tenant made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum AssignedRole {
    /// One that every tenant has.
    BuiltIn(Role),
    /// One that the tenant made.
    Custom(RoleId),
}

/// The text names no role.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("use viewer, author, editor, admin, owner, or the id of a role that was made here")]
pub struct UnknownRole;

impl AssignedRole {
    /// Whether it is the role of owners.
    pub fn is_owner(self) -> bool {
        self == Self::BuiltIn(Role::Owner)
    }

    /// The id, if the tenant made it.
    pub fn custom(self) -> Option<RoleId> {
        match self {
            Self::BuiltIn(_) => None,
            Self::Custom(id) => Some(id),
        }
    }
}

impl From<Role> for AssignedRole {
    fn from(role: Role) -> Self {
        Self::BuiltIn(role)
    }
}

impl fmt::Display for AssignedRole {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::BuiltIn(role) => f.write_str(role.name()),
            Self::Custom(id) => id.fmt(f),
        }
    }
}

impl FromStr for AssignedRole {
    type Err = UnknownRole;

    fn from_str(text: &str) -> Result<Self, UnknownRole> {
        let built_in = Role::ALL.into_iter().find(|role| role.name() == text);
        built_in
            .map(Self::BuiltIn)
            .or_else(|| text.parse().ok().map(Self::Custom))
            .ok_or(UnknownRole)
    }
}

impl TryFrom<String> for AssignedRole {
    type Error = UnknownRole;

    fn try_from(text: String) -> Result<Self, UnknownRole> {
        text.parse()
    }
}

impl From<AssignedRole> for String {
    fn from(role: AssignedRole) -> Self {
        role.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tenant::ROOT_TENANT;

    #[test]
    fn role_of_an_author_writes_drafts_but_does_not_schedule() {
        assert!(Role::Author.allows(Permission::WriteDrafts));
        assert!(!Role::Author.allows(Permission::SchedulePosts));
    }

    #[test]
    fn role_of_an_admin_does_not_delete_the_tenant() {
        assert!(Role::Admin.allows(Permission::ManageTenant));
        assert!(!Role::Admin.allows(Permission::DeleteTenant));
        assert!(Role::Owner.allows(Permission::DeleteTenant));
    }

    #[test]
    fn role_includes_all_that_the_one_before_has() {
        for pair in Role::ALL.windows(2) {
            assert!(pair[0].permissions().is_within(&pair[1].permissions()));
            assert!(!pair[1].permissions().is_within(&pair[0].permissions()));
        }
        let mut all: Vec<Permission> = Permission::ALL.into();
        all.retain(|permission| *permission != Permission::SupportTenants);
        assert_eq!(Role::Owner.permissions(), all.into_iter().collect());
    }

    #[test]
    fn id_42_only_owners_and_admins_of_the_platform_support_others() {
        let elsewhere = TenantId::from_uuid(uuid::Uuid::from_u128(7));
        for role in Role::ALL {
            assert_eq!(role.permissions_in(elsewhere), role.permissions());
            let supports = role.permissions_in(ROOT_TENANT);
            assert_eq!(
                supports.contains(Permission::SupportTenants),
                role >= Role::Admin
            );
        }
    }

    #[test]
    fn assigned_role_survives_its_text() {
        for role in Role::ALL {
            let assigned = AssignedRole::from(role);
            assert_eq!(assigned.to_string().parse(), Ok(assigned));
        }
        let custom = "rol_00000000000000000000000007";
        assert_eq!(custom.parse::<AssignedRole>().unwrap().to_string(), custom);
        assert_eq!("Owner".parse::<AssignedRole>(), Err(UnknownRole));
    }
}
