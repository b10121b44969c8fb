//! `GET /v1/tenants`, `GET /v1/tenants/{id}`

use api::permission::ReadTenant;
use api::{CanIn, Json, Path, SignedIn, etag};
use axum::extract::State;
use axum::response::IntoResponse;
use domain::TenantId;

use crate::Ctx;
use crate::tenant_view::{TenantList, TenantView};

/// All tenants that the caller is a member of.
#[utoipa::path(
    get,
    path = "/v1/tenants",
    tag = "tenants",
    responses((status = OK, description = "The tenants, oldest first", body = TenantList))
)]
pub(crate) async fn list_tenants(
    State(ctx): State<Ctx>,
    caller: SignedIn,
) -> api::Result<Json<TenantList>> {
    let belongings = ctx.table.system().memberships(caller.user).await?;
    let items = belongings
        .iter()
        .map(|belonging| TenantView::new(&belonging.tenant, belonging.role))
        .collect();
    Ok(Json(TenantList { items, next: None }))
}

/// One tenant of the caller, or the one that they look into.
#[utoipa::path(
    get,
    path = "/v1/tenants/{id}",
    tag = "tenants",
    params(("id" = String, Path, description = "The tenant")),
    responses((status = OK, description = "The tenant", body = TenantView))
)]
pub(crate) async fn get_tenant(
    State(ctx): State<Ctx>,
    caller: CanIn<ReadTenant>,
    Path(id): Path<TenantId>,
) -> api::Result<impl IntoResponse> {
    let reader = ctx.reader(&caller, id).await?;
    let view = TenantView::new(&reader.tenant, reader.place);
    Ok((etag(reader.tenant.version), Json(view)))
}
