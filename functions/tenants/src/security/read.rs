//! `GET /v1/tenants/{id}/security`

use api::permission::ManageTenant;
use api::{CanIn, Json, Path, etag};
use axum::extract::State;
use axum::response::IntoResponse;
use domain::TenantId;

use super::Guardian;
use super::view::SecurityView;
use crate::Ctx;

/// What the tenant asks of whoever acts in it, for those who can change it. Owners with a second factor read it from
/// outside of the tenant's addresses, too, by a proof of the last ten minutes.
#[utoipa::path(
    get,
    path = "/v1/tenants/{id}/security",
    tag = "tenants",
    params(("id" = String, Path, description = "The tenant")),
    responses((status = OK, description = "Its security", body = SecurityView))
)]
pub(crate) async fn get_security(
    State(ctx): State<Ctx>,
    caller: CanIn<ManageTenant>,
    Path(id): Path<TenantId>,
) -> api::Result<impl IntoResponse> {
    let Guardian { member, .. } = ctx.guardian(&caller, id).await?;
    let view = SecurityView::new(&member.tenant, caller.person.circumstances.address());
    Ok((etag(member.tenant.version), Json(view)))
}
