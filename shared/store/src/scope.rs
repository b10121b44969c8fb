//! The doors to the table.

use domain::TenantId;
use domain::delivery::Delivery;
use domain::membership::Membership;

use crate::table::Table;

/// The right to reach the items of one tenant. Nothing outside this crate can make one of an id that came with a
/// request: scopes come from a membership that was read, or from an item or message whose tenant we wrote ourselves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TenantScope {
    tenant: TenantId,
}

impl TenantScope {
    /// The scope of somebody whose membership was read from the table in this request.
    pub(crate) fn of_member(membership: &Membership) -> Self {
        Self {
            tenant: membership.tenant,
        }
    }

    /// The scope of a worker that follows an item or a message which this product wrote.
    pub(crate) fn of_own_item(tenant: TenantId) -> Self {
        Self { tenant }
    }

    /// The scope of a worker that read this delivery from the table.
    pub fn of_delivery(delivery: &Delivery) -> Self {
        Self::of_own_item(delivery.tenant)
    }

    /// Whose items it reaches.
    pub fn tenant(&self) -> TenantId {
        self.tenant
    }
}

/// The items of one tenant. Each aggregate's file adds its operations.
#[derive(Clone, Copy, Debug)]
pub struct TenantTable<'a> {
    pub(crate) table: &'a Table,
    pub(crate) scope: TenantScope,
}

/// The items that belong to no tenant, and the indexes over all. Each aggregate's file adds its operations.
#[derive(Clone, Copy, Debug)]
pub struct SystemTable<'a> {
    pub(crate) table: &'a Table,
}

impl Table {
    /// The items of the scope's tenant.
    pub fn tenant<'a>(&'a self, scope: &TenantScope) -> TenantTable<'a> {
        TenantTable {
            table: self,
            scope: *scope,
        }
    }

    /// The items that belong to no tenant.
    pub fn system(&self) -> SystemTable<'_> {
        SystemTable { table: self }
    }
}
