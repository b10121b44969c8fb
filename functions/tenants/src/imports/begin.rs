//! `POST /v1/imports/{id}/check`, `POST /v1/imports/{id}/apply`

use api::permission::ManageTenant;
use api::{Can, Json, Path};
use axum::extract::State;
use domain::event::EventKind;
use domain::import::{Import, ImportState};
use domain::{Error, ImportId, Result};
use http::StatusCode;
use store::{Act, ImportBegun};

use super::another_under_way;
use super::view::ImportView;
use crate::Ctx;

/// Checks the uploaded files, and says what an import would make of them: nothing is made. May be repeated.
#[utoipa::path(
    post,
    path = "/v1/imports/{id}/check",
    tag = "imports",
    params(("id" = String, Path, description = "The import")),
    responses(
        (status = ACCEPTED, description = "It is checked now", body = ImportView),
        (status = CONFLICT, description = "It is checked or made right now, or done: `import_under_way`; or another one is: `another_import_under_way`"),
    )
)]
pub(crate) async fn check_import(
    State(ctx): State<Ctx>,
    caller: Can<ManageTenant>,
    Path(id): Path<ImportId>,
) -> api::Result<(StatusCode, Json<ImportView>)> {
    let import = ctx.own_import(&caller, id).await?;
    if import.state == ImportState::Done || import.is_busy(ctx.clock.now()) {
        return Err(under_way().into());
    }
    let next = import.begun(ImportState::Checking);
    let begun = ctx.begin(&caller, next, EventKind::ImportChecked).await?;
    Ok((StatusCode::ACCEPTED, Json(begun.into())))
}

/// Makes what checked files have. Posts that wait for their time arrive as drafts, and nothing that was out goes out again.
/// One that failed half-way goes on: nothing is made twice. The settings become those of the export; that it requires a
/// second factor of members, too, if whoever asked for the import has one.
#[utoipa::path(
    post,
    path = "/v1/imports/{id}/apply",
    tag = "imports",
    params(("id" = String, Path, description = "The import")),
    responses(
        (status = ACCEPTED, description = "It is made now", body = ImportView),
        (status = CONFLICT, description = "It is not checked: `import_not_checked`; or made right now, or done: `import_under_way`; or another one is checked or made: `another_import_under_way`"),
    )
)]
pub(crate) async fn apply_import(
    State(ctx): State<Ctx>,
    caller: Can<ManageTenant>,
    Path(id): Path<ImportId>,
) -> api::Result<(StatusCode, Json<ImportView>)> {
    let import = ctx.own_import(&caller, id).await?;
    match import.state {
        ImportState::Checked => {}
        ImportState::Uploading | ImportState::Failed => {
            return Err(Error::conflict(
                "import_not_checked",
                "check it first: POST /v1/imports/{id}/check",
            )
            .into());
        }
        ImportState::Checking | ImportState::Importing | ImportState::Done => {
            return Err(under_way().into());
        }
    }
    let next = import.begun(ImportState::Importing);
    let begun = ctx.begin(&caller, next, EventKind::ImportStarted).await?;
    Ok((StatusCode::ACCEPTED, Json(begun.into())))
}

impl Ctx {
    async fn begin(
        &self,
        caller: &Can<ManageTenant>,
        next: Import,
        kind: EventKind,
    ) -> Result<Import> {
        let act = Act {
            actor: caller.actor(),
            at: self.clock.now(),
        };
        let tenant = self.table.tenant(&caller.scope);
        let turn = tenant.import_turn(act.at).await?;
        let is_anothers = |holder: &Import| holder.id != next.id && holder.is_busy(act.at);
        if turn.holder.as_ref().is_some_and(is_anothers) {
            return Err(another_under_way());
        }
        match tenant.begin_import(&next, &turn, kind, &act).await? {
            ImportBegun::Done => Ok(next),
            ImportBegun::Changed => Err(under_way()),
            ImportBegun::TurnTaken => Err(another_under_way()),
        }
    }
}

fn under_way() -> Error {
    Error::conflict(
        "import_under_way",
        "it is checked or made right now, or done: read it again; one that was just cancelled has ended within a minute",
    )
}
