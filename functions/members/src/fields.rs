//! What people may write into roles, groups and memberships.

use std::collections::BTreeSet;

use domain::membership::{AccountLimit, GROUPS_MAX, NAME_MAX, Permission, PermissionSet, name};
use domain::{AccountGroupId, FieldError};
use serde::{Deserialize, Deserializer};

/// A name as it is stored.
pub(crate) fn checked_name(text: &str) -> Result<String, FieldError> {
    name(text).ok_or_else(|| {
        FieldError::new(
            "/name",
            "invalid_name",
            format!("enter a name of 1 to {NAME_MAX} characters on one line"),
        )
    })
}

/// Permissions by their names, each once.
pub(crate) fn permissions(names: &[Permission]) -> Result<PermissionSet, FieldError> {
    let permissions: PermissionSet = names.iter().copied().collect();
    if permissions.is_empty() {
        return Err(FieldError::new(
            "/permissions",
            "too_few",
            "name at least one permission",
        ));
    }
    Ok(permissions)
}

/// The groups that a membership is limited to; none means all accounts.
pub(crate) fn limit(groups: Option<&BTreeSet<AccountGroupId>>) -> Result<AccountLimit, FieldError> {
    match groups {
        None => Ok(AccountLimit::Unlimited),
        Some(groups) if (1..=GROUPS_MAX).contains(&groups.len()) => {
            Ok(AccountLimit::Groups(groups.clone()))
        }
        Some(_) => Err(FieldError::new(
            "/account_groups",
            "too_many",
            format!("name 1 to {GROUPS_MAX} groups, or null for all accounts"),
        )),
    }
}

/// A member of a merge patch that may be absent, but not `null`: it cannot be removed.
pub(crate) fn present<'de, T: Deserialize<'de>, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}
