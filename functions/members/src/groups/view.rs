//! How account groups are shown.

use std::collections::BTreeSet;

use domain::membership::AccountGroup;
use domain::{AccountGroupId, AccountId};
use serde::Serialize;
use utoipa::ToSchema;

/// An account group.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AccountGroup)]
pub(crate) struct AccountGroupView {
    #[schema(value_type = String, example = "grp_01jd8mz0000000000000000000")]
    id: AccountGroupId,
    name: String,
    #[schema(value_type = Vec<String>)]
    account_ids: BTreeSet<AccountId>,
    /// How many members are limited to it, perhaps beside others.
    members: u64,
}

/// All account groups that the caller can see.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AccountGroupList {
    pub(crate) items: Vec<AccountGroupView>,
    /// Always `null`: the list is complete.
    pub(crate) next: Option<String>,
}

impl From<AccountGroup> for AccountGroupView {
    fn from(group: AccountGroup) -> Self {
        Self {
            id: group.id,
            name: group.name,
            account_ids: group.accounts,
            members: group.members,
        }
    }
}
