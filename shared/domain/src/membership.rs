//! What a person may do in a tenant.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::id::{TenantId, UserId};

/// A fixed set of permissions. Later roles include all that earlier ones have.
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

/// One thing that an actor may be allowed to do in a tenant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Permission {
    /// Read the tenant and its settings.
    ReadTenant,
    /// Change the tenant's settings.
    ManageTenant,
    /// Delete the tenant.
    DeleteTenant,
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
}

impl Role {
    /// Whether the role includes the permission.
    pub fn allows(self, permission: Permission) -> bool {
        self >= match permission {
            Permission::ReadTenant
            | Permission::ReadAccounts
            | Permission::ReadPosts
            | Permission::ReadMedia => Self::Viewer,
            Permission::WriteDrafts | Permission::WriteMedia => Self::Author,
            Permission::SchedulePosts => Self::Editor,
            Permission::ManageAccounts | Permission::ManageTenant => Self::Admin,
            Permission::DeleteTenant => Self::Owner,
        }
    }
}

/// A person's place in a tenant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Membership {
    /// Where.
    pub tenant: TenantId,
    /// Who.
    pub user: UserId,
    /// As what.
    pub role: Role,
    /// Since when.
    pub created_at: Timestamp,
}

#[cfg(test)]
mod tests {
    use super::*;

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
}
