//! `GET /v1/tenants/deleted`

use api::{Json, SignedIn};
use axum::extract::State;
use domain::TenantId;
use domain::tenant::{Tenant, TenantState, erased_from};
use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;
use store::SignedCertificate;
use utoipa::ToSchema;

use crate::Ctx;

/// A tenant that was deleted.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = DeletedTenant)]
pub(crate) struct DeletedTenantView {
    #[schema(value_type = String, example = "ten_01jd8mz0000000000000000000")]
    id: TenantId,
    /// `deleted` while it can come back, `erased` afterwards.
    #[schema(value_type = String, example = "deleted")]
    state: TenantState,
    /// Its name; `null` once it is erased.
    name: Option<String>,
    /// From when on it cannot come back.
    #[schema(value_type = String, format = DateTime)]
    erased_from: Timestamp,
    /// What proves the erasure: `certificate` and its `signature`, which `m1autoposter verify-erasure` checks. `null`
    /// until it is erased.
    #[schema(value_type = Option<Object>)]
    certificate: Option<Value>,
}

/// All deleted tenants of the caller.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DeletedTenantList {
    items: Vec<DeletedTenantView>,
    /// Always `null`: the list is complete.
    next: Option<String>,
}

/// The tenants that the caller may take back, and those that were erased after the caller had deleted them.
#[utoipa::path(
    get,
    path = "/v1/tenants/deleted",
    tag = "tenants",
    responses((status = OK, description = "The tenants, oldest first", body = DeletedTenantList))
)]
pub(crate) async fn list_deleted_tenants(
    State(ctx): State<Ctx>,
    caller: SignedIn,
) -> api::Result<Json<DeletedTenantList>> {
    let system = ctx.table.system();
    let erased = system.certificates(caller.user).await?;
    let deleted = system
        .returnable_tenants(caller.user, ctx.clock.now())
        .await?;
    let mut items = erased
        .iter()
        .map(DeletedTenantView::erased)
        .collect::<domain::Result<Vec<_>>>()?;
    items.extend(deleted.into_iter().map(DeletedTenantView::deleted));
    items.sort_by_key(|item| item.id);
    Ok(Json(DeletedTenantList { items, next: None }))
}

impl DeletedTenantView {
    fn deleted(tenant: Tenant) -> Self {
        Self {
            id: tenant.id,
            state: tenant.state,
            erased_from: erased_from(tenant.updated_at),
            name: Some(tenant.name),
            certificate: None,
        }
    }

    fn erased(signed: &SignedCertificate) -> domain::Result<Self> {
        let certificate = serde_json::to_value(signed)
            .map_err(|error| domain::Error::internal("a certificate cannot be shown", error))?;
        Ok(Self {
            id: signed.certificate.tenant,
            state: TenantState::Erased,
            name: None,
            erased_from: signed.certificate.erased_at,
            certificate: Some(certificate),
        })
    }
}
