//! `POST /v1/exports/{id}/links`

use std::time::Duration;

use api::permission::ExportTenant;
use api::{Can, Json, Path};
use axum::extract::State;
use cloud::objects::ObjectKey;
use domain::event::{EventKind, Subject};
use domain::export::ExportState;
use domain::{Error, ExportId, Result};
use jiff::SignedDuration;
use serde_json::json;
use store::Act;

use super::view::{ExportLinks, VolumeLink};
use crate::Ctx;

/// How long the addresses work: enough to begin every download, too short to be passed on.
const LIFETIME: Duration = Duration::from_mins(15);

/// Makes addresses from which the files of an export can be downloaded for fifteen minutes.
#[utoipa::path(
    post,
    path = "/v1/exports/{id}/links",
    tag = "exports",
    params(("id" = String, Path, description = "The export")),
    responses(
        (status = OK, description = "The addresses", body = ExportLinks),
        (status = CONFLICT, description = "It is not ready: `export_not_ready`"),
    )
)]
pub(crate) async fn link_export(
    State(ctx): State<Ctx>,
    caller: Can<ExportTenant>,
    Path(id): Path<ExportId>,
) -> api::Result<Json<ExportLinks>> {
    Ok(Json(ctx.links(&caller, id).await?))
}

impl Ctx {
    async fn links(&self, caller: &Can<ExportTenant>, id: ExportId) -> Result<ExportLinks> {
        let export = self.export(caller, id).await?;
        match export.state {
            ExportState::Ready { .. } => {}
            ExportState::Running | ExportState::Failed => {
                return Err(Error::conflict(
                    "export_not_ready",
                    "it is not ready: wait until its state is ready, or ask for another one",
                ));
            }
        }
        let now = self.clock.now();
        let tenant = self.table.tenant(&caller.scope);
        let lifetime = SignedDuration::try_from(LIFETIME).unwrap_or_default();
        let expires_at = now.saturating_add(lifetime).unwrap_or(now);
        let mut items = Vec::new();
        for volume in tenant.export_volumes(id).await? {
            let key = ObjectKey::volume(export.tenant, id, &volume)
                .ok_or_else(|| Error::corrupt("export", "the hash of a volume is none"))?;
            let url = self.objects.presign_read(key, LIFETIME).await?;
            items.push(VolumeLink::new(volume, url.into(), expires_at));
        }
        let act = Act {
            actor: caller.actor(),
            at: now,
        };
        let subject = Subject::Export(id);
        let detail = json!({ "volumes": export.volumes });
        let kind = EventKind::ExportDownloaded;
        tenant.record(&act, kind, subject, detail).await?;
        Ok(ExportLinks { items })
    }
}
