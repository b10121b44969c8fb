//! Permissions as types.

use domain::membership::Permission;

/// A permission as a type: the parameter of [`crate::Can`].
pub trait PermissionType: Send + Sync + 'static {
    /// The permission.
    const PERMISSION: Permission;
}

macro_rules! permissions {
    ($($permission:ident = $name:literal),+ $(,)?) => {
        $(
            #[doc = concat!("[`Permission::", stringify!($permission), "`]")]
            #[derive(Clone, Copy, Debug)]
            pub enum $permission {}

            impl PermissionType for $permission {
                const PERMISSION: Permission = Permission::$permission;
            }
        )+

        /// Every permission that a route can ask for.
        #[cfg(test)]
        const ALL: &[Permission] = &[$(Permission::$permission),+];

        /// The permission's name in documents and refusals.
        pub fn name(permission: Permission) -> &'static str {
            match permission {
                $(Permission::$permission => $name,)+
            }
        }
    };
}

permissions! {
    ReadTenant = "read_tenant",
    ManageTenant = "manage_tenant",
    DeleteTenant = "delete_tenant",
    ReadMembers = "read_members",
    ManageMembers = "manage_members",
    ManageRoles = "manage_roles",
    ManageApiKeys = "manage_api_keys",
    ReadAudit = "read_audit",
    ExportTenant = "export_tenant",
    ReadAccounts = "read_accounts",
    ManageAccounts = "manage_accounts",
    ReadPosts = "read_posts",
    WriteDrafts = "write_drafts",
    SchedulePosts = "schedule_posts",
    ReadMedia = "read_media",
    WriteMedia = "write_media",
    AllowSupport = "allow_support",
    SupportTenants = "support_tenants",
}

/// Whether the permission allows no change: such acts stay possible in a suspended tenant. Whoever does not pay can take
/// what is theirs with them.
pub(crate) fn only_reads(permission: Permission) -> bool {
    match permission {
        Permission::ReadTenant
        | Permission::ReadAudit
        | Permission::ExportTenant
        | Permission::ReadMembers
        | Permission::ReadAccounts
        | Permission::ReadPosts
        | Permission::ReadMedia => true,
        Permission::ManageTenant
        | Permission::DeleteTenant
        | Permission::ManageMembers
        | Permission::ManageRoles
        | Permission::ManageApiKeys
        | Permission::ManageAccounts
        | Permission::WriteDrafts
        | Permission::SchedulePosts
        | Permission::WriteMedia
        | Permission::AllowSupport
        | Permission::SupportTenants => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn permissions_have_the_names_under_which_roles_store_them() {
        assert_eq!(ALL, Permission::ALL);
        for permission in Permission::ALL {
            assert_eq!(serde_json::json!(permission), name(permission));
        }
    }
}
