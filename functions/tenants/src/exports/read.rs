//! `GET /v1/exports`, `GET /v1/exports/{id}`

use api::permission::ExportTenant;
use api::{Can, Json, Path};
use axum::extract::State;
use domain::export::Export;
use domain::{Error, ExportId, Result};

use super::must_reach_all;
use super::view::{ExportList, ExportView};
use crate::Ctx;

/// Lists the exports of the tenant that are not deleted, newest first.
#[utoipa::path(
    get,
    path = "/v1/exports",
    tag = "exports",
    responses((status = OK, description = "The exports", body = ExportList))
)]
pub(crate) async fn list_exports(
    State(ctx): State<Ctx>,
    caller: Can<ExportTenant>,
) -> api::Result<Json<ExportList>> {
    must_reach_all(&caller)?;
    let tenant = ctx.table.tenant(&caller.scope);
    let exports = tenant.exports(ctx.clock.now()).await?;
    let items = exports.into_iter().map(ExportView::from).collect();
    Ok(Json(ExportList { items, next: None }))
}

/// One export: how far it is.
#[utoipa::path(
    get,
    path = "/v1/exports/{id}",
    tag = "exports",
    params(("id" = String, Path, description = "The export")),
    responses((status = OK, description = "The export", body = ExportView))
)]
pub(crate) async fn get_export(
    State(ctx): State<Ctx>,
    caller: Can<ExportTenant>,
    Path(id): Path<ExportId>,
) -> api::Result<Json<ExportView>> {
    let export = ctx.export(&caller, id).await?;
    Ok(Json(export.into()))
}

impl Ctx {
    pub(super) async fn export(&self, caller: &Can<ExportTenant>, id: ExportId) -> Result<Export> {
        must_reach_all(caller)?;
        let tenant = self.table.tenant(&caller.scope);
        let found = tenant.export(id, self.clock.now()).await?;
        found.ok_or(Error::NotFound { kind: "export" })
    }
}
