//! `GET /v1/imports`, `GET /v1/imports/{id}`

use api::permission::ManageTenant;
use api::{Can, Json, Path};
use axum::extract::State;
use domain::ImportId;

use super::must_have_all_rights;
use super::view::{ImportList, ImportView};
use crate::Ctx;

/// Lists the imports of the last week, newest first.
#[utoipa::path(
    get,
    path = "/v1/imports",
    tag = "imports",
    responses((status = OK, description = "The imports", body = ImportList))
)]
pub(crate) async fn list_imports(
    State(ctx): State<Ctx>,
    caller: Can<ManageTenant>,
) -> api::Result<Json<ImportList>> {
    must_have_all_rights(&caller)?;
    let tenant = ctx.table.tenant(&caller.scope);
    let imports = tenant.imports(ctx.clock.now()).await?;
    let items = imports.into_iter().map(ImportView::from).collect();
    Ok(Json(ImportList { items, next: None }))
}

/// One import: how far it is, and what is wrong with it.
#[utoipa::path(
    get,
    path = "/v1/imports/{id}",
    tag = "imports",
    params(("id" = String, Path, description = "The import")),
    responses((status = OK, description = "The import", body = ImportView))
)]
pub(crate) async fn get_import(
    State(ctx): State<Ctx>,
    caller: Can<ManageTenant>,
    Path(id): Path<ImportId>,
) -> api::Result<Json<ImportView>> {
    let import = ctx.import(&caller, id).await?;
    Ok(Json(import.into()))
}
