//! How those who manage a tenant see its security.

use std::net::IpAddr;

use domain::access_policy::AllowedAddresses;
use domain::address::AddressRange;
use domain::tenant::Tenant;
use serde::Serialize;
use utoipa::ToSchema;

/// What a tenant asks of whoever acts in it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = TenantSecurity)]
pub(crate) struct SecurityView {
    /// Whether members without a second factor are kept out until they have one.
    requires_second_factor: bool,
    /// From where the tenant takes requests; from everywhere where there are none.
    allowed_addresses: Vec<AllowedAddressesView>,
    /// Hours after which members must prove again who they are; `null` where the tenant asks for no more than the product.
    session_hours: Option<u16>,
    /// Minutes without use after which they must; `null` where the tenant asks for no more than the product.
    idle_minutes: Option<u16>,
    /// From where this request came; `null` where that is not known.
    #[schema(value_type = Option<String>, example = "203.0.113.7")]
    your_address: Option<IpAddr>,
    /// Whether the tenant takes requests from there.
    is_your_address_allowed: bool,
}

/// Addresses that requests are taken from.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AllowedAddresses)]
pub(crate) struct AllowedAddressesView {
    /// An address, or a range such as `203.0.113.0/24`.
    #[schema(value_type = String, example = "203.0.113.0/24")]
    range: AddressRange,
    /// What people call them.
    #[schema(example = "Office")]
    note: String,
}

impl SecurityView {
    pub(super) fn new(tenant: &Tenant, address: Option<IpAddr>) -> Self {
        let policy = &tenant.access;
        Self {
            requires_second_factor: tenant.requires_second_factor,
            allowed_addresses: policy.addresses.iter().map(Into::into).collect(),
            session_hours: policy.session_hours,
            idle_minutes: policy.idle_minutes,
            your_address: address,
            is_your_address_allowed: policy.takes_address(address),
        }
    }
}

impl From<&AllowedAddresses> for AllowedAddressesView {
    fn from(allowed: &AllowedAddresses) -> Self {
        Self {
            range: allowed.range,
            note: allowed.note.clone(),
        }
    }
}
