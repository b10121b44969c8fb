//! Permissions: the single things that somebody may be allowed to do in a tenant.

use std::collections::BTreeSet;

use serde::{Deserialize, Deserializer, Serialize};

use crate::id::TenantId;
use crate::support::supports_others;

/// One thing that an actor may be allowed to do in a tenant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Permission {
    /// Read the tenant and its settings.
    ReadTenant,
    /// Change the tenant's settings.
    ManageTenant,
    /// Delete the tenant.
    DeleteTenant,
    /// Read members, roles and account groups.
    ReadMembers,
    /// Invite, change and remove members.
    ManageMembers,
    /// Make, change and delete roles and account groups.
    ManageRoles,
    /// Make, replace and revoke API keys.
    ManageApiKeys,
    /// Read and export the audit log.
    ReadAudit,
    /// Export everything that the tenant has.
    ExportTenant,
    /// Read accounts and networks.
    ReadAccounts,
    /// Connect, check and disconnect accounts.
    ManageAccounts,
    /// Read posts, their timelines and the calendar.
    ReadPosts,
    /// Write drafts.
    WriteDrafts,
    /// Schedule, publish, edit, cancel, hold and retry posts.
    SchedulePosts,
    /// Read media.
    ReadMedia,
    /// Upload, describe and delete media.
    WriteMedia,
    /// Let support look into the tenant.
    AllowSupport,
    /// Look into other tenants that consent. It means something in tenants that can support others only.
    SupportTenants,
}

impl Permission {
    /// Every permission.
    pub const ALL: [Self; 18] = [
        Self::ReadTenant,
        Self::ManageTenant,
        Self::DeleteTenant,
        Self::ReadMembers,
        Self::ManageMembers,
        Self::ManageRoles,
        Self::ManageApiKeys,
        Self::ReadAudit,
        Self::ExportTenant,
        Self::ReadAccounts,
        Self::ManageAccounts,
        Self::ReadPosts,
        Self::WriteDrafts,
        Self::SchedulePosts,
        Self::ReadMedia,
        Self::WriteMedia,
        Self::AllowSupport,
        Self::SupportTenants,
    ];

    /// Whether owners alone have it: no custom role can. So an owner's rights are within nobody's but an owner's, and
    /// only owners make, change and remove owners.
    pub fn is_owners_only(self) -> bool {
        matches!(self, Self::DeleteTenant | Self::AllowSupport)
    }

    /// Whether a key of a program can have it. What changes the tenant itself, or who may do what in it, is for people,
    /// who can be asked to prove who they are: a key that leaks makes no other key and no member, and does not carry
    /// everything away.
    pub fn is_for_keys(self) -> bool {
        match self {
            Self::ReadTenant
            | Self::ReadMembers
            | Self::ReadAudit
            | Self::ReadAccounts
            | Self::ManageAccounts
            | Self::ReadPosts
            | Self::WriteDrafts
            | Self::SchedulePosts
            | Self::ReadMedia
            | Self::WriteMedia => true,
            Self::ManageTenant
            | Self::DeleteTenant
            | Self::ManageMembers
            | Self::ManageRoles
            | Self::ManageApiKeys
            | Self::ExportTenant
            | Self::AllowSupport
            | Self::SupportTenants => false,
        }
    }

    /// Whether somebody who supports a tenant with its consent has it there: what reads, and nothing of credentials,
    /// keys, people's own accounts or the audit log.
    pub fn is_for_support(self) -> bool {
        match self {
            Self::ReadTenant
            | Self::ReadMembers
            | Self::ReadAccounts
            | Self::ReadPosts
            | Self::ReadMedia => true,
            Self::ManageTenant
            | Self::DeleteTenant
            | Self::ManageMembers
            | Self::ManageRoles
            | Self::ManageApiKeys
            | Self::ExportTenant
            | Self::ReadAudit
            | Self::ManageAccounts
            | Self::WriteDrafts
            | Self::SchedulePosts
            | Self::WriteMedia
            | Self::AllowSupport
            | Self::SupportTenants => false,
        }
    }
}

/// Permissions that belong together.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct PermissionSet(BTreeSet<Permission>);

impl PermissionSet {
    /// Whether the permission is one of them.
    pub fn contains(&self, permission: Permission) -> bool {
        self.0.contains(&permission)
    }

    /// Whether all of them are in `other`.
    pub fn is_within(&self, other: &Self) -> bool {
        self.0.is_subset(&other.0)
    }

    /// Those that `other` lacks.
    pub fn beyond(&self, other: &Self) -> Vec<Permission> {
        self.0.difference(&other.0).copied().collect()
    }

    /// Those that are in both.
    #[must_use]
    pub fn common(&self, other: &Self) -> Self {
        self.0.intersection(&other.0).copied().collect()
    }

    /// Those of them that mean something in this tenant.
    #[must_use]
    pub fn held_in(mut self, tenant: TenantId) -> Self {
        if !supports_others(tenant) {
            self.0.remove(&Permission::SupportTenants);
        }
        self
    }

    /// All of them, in a fixed order.
    pub fn iter(&self) -> impl Iterator<Item = Permission> + '_ {
        self.0.iter().copied()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl FromIterator<Permission> for PermissionSet {
    fn from_iter<I: IntoIterator<Item = Permission>>(permissions: I) -> Self {
        Self(permissions.into_iter().collect())
    }
}

/// As it is stored. What newer code calls a permission and this code does not know, it cannot allow.
impl<'de> Deserialize<'de> for PermissionSet {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let names = Vec::<String>::deserialize(deserializer)?;
        Ok(names.iter().filter_map(|name| named(name)).collect())
    }
}

fn named(name: &str) -> Option<Permission> {
    let name = serde::de::value::StrDeserializer::<serde::de::value::Error>::new(name);
    Permission::deserialize(name).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tenant::ROOT_TENANT;

    #[test]
    fn permissions_of_newer_code_are_left_out() {
        let read: PermissionSet =
            serde_json::from_str(r#"["read_posts", "walk_on_water", "write_drafts"]"#).unwrap();

        let known = [Permission::ReadPosts, Permission::WriteDrafts];
        assert_eq!(read, known.into_iter().collect());
    }

    #[test]
    fn id_42_right_to_support_means_nothing_outside_of_the_platform() {
        let elsewhere = TenantId::from_uuid(uuid::Uuid::from_u128(7));
        let held: PermissionSet = [Permission::ReadPosts, Permission::SupportTenants]
            .into_iter()
            .collect();

        let read = [Permission::ReadPosts].into_iter().collect();
        assert_eq!(held.clone().held_in(elsewhere), read);
        assert_eq!(held.clone().held_in(ROOT_TENANT), held);
    }

    #[test]
    fn permission_list_is_in_order_and_without_repeats() {
        assert!(Permission::ALL.is_sorted_by(|left, right| left < right));
    }
}
