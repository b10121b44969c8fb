//! What the tenant of an import has already.

use std::collections::{BTreeMap, BTreeSet};

use domain::account::AccountState;
use domain::membership::{ACCOUNT_GROUPS_MAX, ROLES_MAX};
use domain::network::NetworkId;
use domain::{AccountId, Result};
use store::TenantTable;
use uuid::Uuid;

/// Accounts that one query reads.
const PAGE: i32 = 100;

/// Each kind is read once in a step, when the first record of it comes: read for each record, a step would take longer than
/// a function may when the tenant is large.
#[derive(Debug, Default)]
pub(super) struct Here {
    accounts: Option<BTreeMap<(NetworkId, String), AccountId>>,
    groups: Option<Named>,
    roles: Option<Named>,
}

/// The roles, or the groups, of a tenant.
#[derive(Debug)]
pub(super) struct Named {
    ids: BTreeSet<Uuid>,
    names: BTreeSet<String>,
    /// The most that a tenant may have, and what tells that it has them.
    most: u64,
    too_many: &'static str,
}

/// What a role or group of an export meets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Met {
    /// Nothing: it can be made.
    Nothing,
    /// Itself: a step before has made it.
    Itself,
    /// What keeps it from being made.
    Obstacle(&'static str),
}

impl Here {
    /// The connected accounts, by who they are at their networks.
    pub(super) async fn accounts(
        &mut self,
        tenant: &TenantTable<'_>,
    ) -> Result<&BTreeMap<(NetworkId, String), AccountId>> {
        if self.accounts.is_none() {
            self.accounts = Some(connected(tenant).await?);
        }
        Ok(self.accounts.get_or_insert_default())
    }

    /// The account groups.
    pub(super) async fn groups(&mut self, tenant: &TenantTable<'_>) -> Result<&mut Named> {
        let mut named = Named::none(ACCOUNT_GROUPS_MAX, "too_many_groups");
        if self.groups.is_none() {
            for group in tenant.account_groups().await? {
                named.add(group.id.as_uuid(), &group.name);
            }
        }
        Ok(self.groups.get_or_insert(named))
    }

    /// The roles that it made.
    pub(super) async fn roles(&mut self, tenant: &TenantTable<'_>) -> Result<&mut Named> {
        let mut named = Named::none(ROLES_MAX, "too_many_roles");
        if self.roles.is_none() {
            for role in tenant.roles().await? {
                named.add(role.id.as_uuid(), &role.name);
            }
        }
        Ok(self.roles.get_or_insert(named))
    }
}

impl Named {
    fn none(most: u64, too_many: &'static str) -> Self {
        Self {
            ids: BTreeSet::new(),
            names: BTreeSet::new(),
            most,
            too_many,
        }
    }

    /// One more is there.
    pub(super) fn add(&mut self, id: Uuid, name: &str) {
        self.ids.insert(id);
        self.names.insert(name.to_lowercase());
    }

    /// What one with this id and name meets, when so many more would have been made before it.
    pub(super) fn meets(&self, id: Uuid, name: &str, before: u64) -> Met {
        let there = u64::try_from(self.ids.len()).unwrap_or(u64::MAX);
        if self.ids.contains(&id) {
            Met::Itself
        } else if self.names.contains(&name.to_lowercase()) {
            Met::Obstacle("name_taken")
        } else if there.saturating_add(before) >= self.most {
            Met::Obstacle(self.too_many)
        } else {
            Met::Nothing
        }
    }
}

async fn connected(tenant: &TenantTable<'_>) -> Result<BTreeMap<(NetworkId, String), AccountId>> {
    let (mut found, mut after) = (BTreeMap::new(), None);
    loop {
        let page = tenant.account_page(after, PAGE).await?;
        for account in page.accounts {
            if account.state != AccountState::Disconnected {
                let who = (account.network, account.identity.remote_id);
                found.insert(who, account.id);
            }
        }
        after = page.next;
        if after.is_none() {
            return Ok(found);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn role_meets_itself_its_name_or_the_most_that_a_tenant_may_have() {
        let id = Uuid::from_u128;
        let mut roles = Named::none(2, "too_many_roles");
        roles.add(id(1), "Client");

        assert_eq!(roles.meets(id(1), "Client", 0), Met::Itself);
        assert_eq!(roles.meets(id(2), "CLIENT", 0), Met::Obstacle("name_taken"));
        assert_eq!(roles.meets(id(2), "Guest", 0), Met::Nothing);
        let too_many = Met::Obstacle("too_many_roles");
        assert_eq!(
            roles.meets(id(2), "Guest", 1),
            too_many,
            "with one before it"
        );
        roles.add(id(3), "Intern");
        assert_eq!(roles.meets(id(2), "Guest", 0), too_many);
    }
}
