//! How members are shown.

use std::collections::BTreeSet;

use domain::membership::{AccountLimit, AccountReach, AssignedRole, Membership, PermissionSet};
use domain::user::User;
use domain::{AccountGroupId, AccountId, UserId};
use jiff::Timestamp;
use serde::Serialize;
use store::Standing;
use utoipa::ToSchema;

/// A member, as others of the tenant see them.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Member)]
pub(crate) struct MemberView {
    #[schema(value_type = String, example = "usr_01jd8mz0000000000000000000")]
    user_id: UserId,
    /// `null` for somebody whose user is gone.
    name: Option<String>,
    email: Option<String>,
    /// Address of their picture on the API, another one for another picture; `null` without one.
    avatar_url: Option<String>,
    /// `owner`, `admin`, `editor`, `author`, `viewer`, or the id of a role of the tenant.
    #[schema(value_type = String, example = "editor")]
    role: AssignedRole,
    /// The groups whose accounts they can use; `null` for all accounts.
    #[schema(value_type = Option<Vec<String>>)]
    account_groups: Option<BTreeSet<AccountGroupId>>,
    #[schema(value_type = String, format = DateTime)]
    joined_at: Timestamp,
}

/// The caller's own membership.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct OwnMembership {
    #[serde(flatten)]
    member: MemberView,
    /// All that the role allows.
    #[schema(value_type = Vec<String>)]
    permissions: PermissionSet,
    /// The accounts that exist for the caller; `null` for all.
    #[schema(value_type = Option<Vec<String>>)]
    account_ids: Option<BTreeSet<AccountId>>,
}

impl MemberView {
    pub(crate) fn new(membership: &Membership, user: Option<&User>) -> Self {
        Self {
            user_id: membership.user,
            name: user.map(|user| user.name.clone()),
            email: user.map(|user| user.email.as_str().to_owned()),
            avatar_url: user.and_then(api::member_avatar_url),
            role: membership.role,
            account_groups: match &membership.limit {
                AccountLimit::Unlimited => None,
                AccountLimit::Groups(groups) => Some(groups.clone()),
            },
            joined_at: membership.created_at,
        }
    }
}

impl OwnMembership {
    pub(crate) fn new(membership: &Membership, user: Option<&User>, standing: Standing) -> Self {
        Self {
            member: MemberView::new(membership, user),
            permissions: standing.rights.permissions,
            account_ids: match standing.rights.accounts {
                AccountReach::All => None,
                AccountReach::Only(accounts) => Some((*accounts).clone()),
            },
        }
    }
}
