//! `POST /v1/imports/{id}/cancel`

use api::permission::ManageTenant;
use api::{Can, Json, Path};
use axum::extract::State;
use domain::import::Import;
use domain::{Error, ImportId, Result};
use store::Act;

use super::view::ImportView;
use crate::{Ctx, TRIES};

/// Stops an import that is checked or made, whoever began it: it has failed with the fault `cancelled`. What was made stays,
/// and may be gone on with after another check, once a step that is made right now has ended, within a minute.
#[utoipa::path(
    post,
    path = "/v1/imports/{id}/cancel",
    tag = "imports",
    params(("id" = String, Path, description = "The import")),
    responses(
        (status = OK, description = "It has stopped", body = ImportView),
        (status = CONFLICT, description = "It is neither checked nor made right now: `import_not_under_way`"),
    )
)]
pub(crate) async fn cancel_import(
    State(ctx): State<Ctx>,
    caller: Can<ManageTenant>,
    Path(id): Path<ImportId>,
) -> api::Result<Json<ImportView>> {
    Ok(Json(ctx.cancel(&caller, id).await?.into()))
}

impl Ctx {
    async fn cancel(&self, caller: &Can<ManageTenant>, id: ImportId) -> Result<Import> {
        let act = Act {
            actor: caller.actor(),
            at: self.clock.now(),
        };
        let tenant = self.table.tenant(&caller.scope);
        for _ in 0..TRIES {
            let import = self.import(caller, id).await?;
            if !import.is_under_way() {
                return Err(Error::conflict(
                    "import_not_under_way",
                    "it is neither checked nor made right now: read it again",
                ));
            }
            // A step that is made right now changes it, too, and has no effect on it after this, but makes things until
            // it ends: only then another import may begin.
            let next = import.cancelled(act.at);
            if tenant.cancel_import(&next, &act).await? {
                return Ok(next);
            }
        }
        Err(Error::StaleVersion)
    }
}
