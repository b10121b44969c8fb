//! How roles are shown.

use domain::membership::{AssignedRole, CustomRole, PermissionSet, Role};
use serde::Serialize;
use utoipa::ToSchema;

/// A role.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Role)]
pub(crate) struct RoleView {
    /// What members have as their `role`.
    #[schema(value_type = String, example = "editor")]
    id: AssignedRole,
    /// What people call it; `null` for a role that every tenant has, whose id says it.
    name: Option<String>,
    /// Whether every tenant has it: then it cannot be changed.
    built_in: bool,
    /// What it allows.
    #[schema(value_type = Vec<String>)]
    permissions: PermissionSet,
    /// How many members have it; `null` for a role that every tenant has.
    members: Option<u64>,
}

/// All roles of the tenant.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RoleList {
    pub(crate) items: Vec<RoleView>,
    /// Always `null`: the list is complete.
    pub(crate) next: Option<String>,
}

impl From<Role> for RoleView {
    fn from(role: Role) -> Self {
        Self {
            id: role.into(),
            name: None,
            built_in: true,
            permissions: role.permissions(),
            members: None,
        }
    }
}

impl From<CustomRole> for RoleView {
    fn from(role: CustomRole) -> Self {
        Self {
            id: AssignedRole::Custom(role.id),
            name: Some(role.name),
            built_in: false,
            permissions: role.permissions,
            members: Some(role.members),
        }
    }
}
