//! The doors to the table.

use domain::delivery::Delivery;
use domain::membership::{AccountReach, Membership};
use domain::support::SupportConsent;
use domain::tenant::ROOT_TENANT;
use domain::{AccountId, TenantId};

use crate::table::Table;

/// The right to reach the items of one tenant. Nothing outside this crate can make one of an id that came with a
/// request: scopes come from a membership or a consent that was read, or from an item or message whose tenant we wrote ourselves.
///
/// A member who is limited to some accounts has a scope to which other accounts, and posts on them, do not exist.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TenantScope {
    tenant: TenantId,
    accounts: AccountReach,
}

impl TenantScope {
    /// The scope of somebody whose membership was read from the table in this request, with the accounts of its groups.
    pub(crate) fn of_member(membership: &Membership, accounts: AccountReach) -> Self {
        Self {
            tenant: membership.tenant,
            accounts,
        }
    }

    /// The scope of somebody who looks into a tenant whose consent was read from the table in this request.
    pub(crate) fn of_consent(consent: &SupportConsent) -> Self {
        Self::of_own_item(consent.tenant)
    }

    /// The scope of a worker that follows an item or a message which this product wrote.
    pub(crate) fn of_own_item(tenant: TenantId) -> Self {
        Self {
            tenant,
            accounts: AccountReach::All,
        }
    }

    /// The scope of a worker that read this delivery from the table.
    pub fn of_delivery(delivery: &Delivery) -> Self {
        Self::of_own_item(delivery.tenant)
    }

    /// Which accounts exist for it.
    pub fn accounts(&self) -> &AccountReach {
        &self.accounts
    }

    /// Whether something on these accounts exists for it: it must reach all of them.
    pub(crate) fn sees(&self, accounts: impl IntoIterator<Item = AccountId>) -> bool {
        self.accounts.includes_all(accounts)
    }

    /// Whose items it reaches.
    pub fn tenant(&self) -> TenantId {
        self.tenant
    }
}

/// The items of one tenant. Each aggregate's file adds its operations.
#[derive(Clone, Debug)]
pub struct TenantTable<'a> {
    pub(crate) table: &'a Table,
    pub(crate) scope: TenantScope,
}

/// The items that belong to no tenant, and the indexes over all. Each aggregate's file adds its operations.
#[derive(Clone, Copy, Debug)]
pub struct SystemTable<'a> {
    pub(crate) table: &'a Table,
}

impl SystemTable<'_> {
    /// The items of the platform's own tenant, for an operator's order.
    pub fn platform(&self) -> TenantTable<'_> {
        self.table.tenant(&TenantScope::of_own_item(ROOT_TENANT))
    }
}

impl Table {
    /// The items of the scope's tenant.
    pub fn tenant<'a>(&'a self, scope: &TenantScope) -> TenantTable<'a> {
        TenantTable {
            table: self,
            scope: scope.clone(),
        }
    }

    /// The items that belong to no tenant.
    pub fn system(&self) -> SystemTable<'_> {
        SystemTable { table: self }
    }
}
