//! How members see a tenant.

use domain::TenantId;
use domain::membership::AssignedRole;
use domain::tenant::{Locale, Tenant, TenantState, WeekStart};
use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

/// A tenant, as one of its members sees it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Tenant)]
pub(crate) struct TenantView {
    #[schema(value_type = String, example = "ten_01jd8mz0000000000000000000")]
    id: TenantId,
    name: String,
    /// Name of an IANA time zone.
    #[schema(example = "Europe/Berlin")]
    time_zone: String,
    /// Language tag (BCP 47) of what is written for the tenant.
    #[schema(value_type = String, example = "en")]
    locale: Locale,
    /// The day on which weeks begin: `monday`, `saturday` or `sunday`.
    #[schema(value_type = String, example = "monday")]
    week_start: WeekStart,
    /// Hours after which an overdue post is missed rather than sent.
    max_lateness_hours: u32,
    /// Whether members without a second factor are kept out until they have one.
    requires_second_factor: bool,
    /// What the caller is in it: `owner`, `admin`, `editor`, `author`, `viewer`, or the id of a role that the tenant made;
    /// `support` for somebody who looks into it with its consent.
    #[schema(value_type = String, example = "owner")]
    role: Place,
    /// `active`, or `suspended`: then it can only be read; `deleted` only where its making is repeated afterwards.
    #[schema(value_type = String, example = "active")]
    state: TenantState,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    #[schema(value_type = String, format = DateTime)]
    updated_at: Timestamp,
}

/// What somebody is in a tenant.
#[derive(Clone, Copy, Debug, Serialize)]
#[serde(into = "String")]
pub(crate) enum Place {
    /// A member with this role.
    Member(AssignedRole),
    /// No member: they look into it.
    Support,
}

impl From<AssignedRole> for Place {
    fn from(role: AssignedRole) -> Self {
        Self::Member(role)
    }
}

impl From<Place> for String {
    fn from(place: Place) -> Self {
        match place {
            Place::Member(role) => role.to_string(),
            Place::Support => "support".to_owned(),
        }
    }
}

/// All tenants of the caller.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TenantList {
    pub(crate) items: Vec<TenantView>,
    /// Always `null`: the list is complete.
    pub(crate) next: Option<String>,
}

impl TenantView {
    pub(crate) fn new(tenant: &Tenant, role: impl Into<Place>) -> Self {
        Self {
            id: tenant.id,
            name: tenant.name.clone(),
            time_zone: tenant.time_zone.as_str().to_owned(),
            locale: tenant.locale.clone(),
            week_start: tenant.week_start,
            max_lateness_hours: tenant.max_lateness_hours,
            requires_second_factor: tenant.requires_second_factor,
            role: role.into(),
            state: tenant.state,
            created_at: tenant.created_at,
            updated_at: tenant.updated_at,
        }
    }
}
