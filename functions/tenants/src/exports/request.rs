//! `POST /v1/exports`

use api::permission::ExportTenant;
use api::{Can, Json};
use axum::extract::State;
use domain::export::{Export, ExportState};
use domain::{Error, ExportId, Result};
use http::StatusCode;
use jiff::{SignedDuration, Timestamp};
use store::{Act, RateLimit, TenantTable};

use super::must_reach_all;
use super::view::ExportView;
use crate::Ctx;

/// Exports of a tenant at once, and again in every day: each reads all that the tenant has.
const A_DAY: u32 = 3;

/// Asks for an export of everything that the tenant has. While one is being made, that one is the answer. Whoever asked
/// gets a mail when it is ready.
#[utoipa::path(
    post,
    path = "/v1/exports",
    tag = "exports",
    responses(
        (status = ACCEPTED, description = "It is being made", body = ExportView),
        (status = TOO_MANY_REQUESTS, description = "Three at once, and one more every eight hours: `rate_limited`"),
    )
)]
pub(crate) async fn request_export(
    State(ctx): State<Ctx>,
    caller: Can<ExportTenant>,
) -> api::Result<(StatusCode, Json<ExportView>)> {
    let export = ctx.running_or_new(&caller).await?;
    Ok((StatusCode::ACCEPTED, Json(export.into())))
}

impl Ctx {
    async fn running_or_new(&self, caller: &Can<ExportTenant>) -> Result<Export> {
        must_reach_all(caller)?;
        let now = self.clock.now();
        let tenant = self.table.tenant(&caller.scope);
        let newest = tenant.newest_export().await?;
        if let Some(running) = running(&tenant, now).await? {
            return Ok(running);
        }
        let subject = caller.tenant.id.to_string();
        let limit = RateLimit::per(A_DAY, SignedDuration::from_hours(24));
        let system = self.table.system();
        system.admit("export", &subject, limit, now).await?;
        let id = ExportId::generate(self.table.ids());
        let export = Export::new(id, caller.tenant.id, caller.user, now);
        let act = Act {
            actor: caller.actor(),
            at: now,
        };
        if tenant.request_export(&export, newest, &act).await? {
            return Ok(export);
        }
        // Somebody else asked for one in this moment; it would have to be done by now not to be running.
        running(&tenant, now).await?.ok_or(Error::StaleVersion)
    }
}

async fn running(tenant: &TenantTable<'_>, now: Timestamp) -> Result<Option<Export>> {
    let exports = tenant.exports(now).await?;
    let mut exports = exports.into_iter();
    Ok(exports.find(|export| export.state == ExportState::Running))
}
