//! One step of an export: its next volume.

mod collect;
mod packing;

use bytes::Bytes;
use cloud::objects::ObjectKey;
use domain::export::{Export, ExportState, Volume};
use domain::notice::NoticeCause;
use domain::tenant::TenantState;
use domain::{Error, ExportId, Result};
use store::{ExportAdvance, TenantScope};

use crate::Ctx;
use crate::bundle::sha256;
use collect::Collector;
use packing::Packing;

/// The type of a volume.
const CONTENT_TYPE: &str = "application/zip";

/// Makes the next volume of an export; answers whether the export is further now.
///
/// It is claimed first. Then the volume's bytes come, at a place that their own hash names, then the export's position
/// moves. Whoever dies in between, or is so slow that another claims it, too, has stored bytes that nobody names and that
/// the store forgets.
pub(crate) async fn step(ctx: &Ctx, scope: &TenantScope, id: ExportId) -> Result<bool> {
    let now = ctx.clock.now();
    let tenant = ctx.table.tenant(scope);
    let Some(seen) = tenant.export(id, now).await? else {
        return Ok(false);
    };
    if seen.state != ExportState::Running || !seen.pace.is_due(now) {
        return Ok(false);
    }
    let head = tenant.head().await?;
    let is_gone = match head.state {
        TenantState::Active | TenantState::Suspended => false,
        TenantState::Deleted | TenantState::Erased => true,
    };
    if is_gone || seen.is_overdue(now) {
        tenant.give_up_export(&seen).await?;
        tracing::error!(export.id = %id, "an export is given up");
        return Ok(true);
    }
    let claimed = seen.claimed(now);
    if !tenant.claim_export(&seen, &claimed).await? {
        return Ok(false);
    }
    let seen = claimed;
    let mut packing = Packing::new(seen.counts, ctx.volume_bytes);
    let collector = Collector {
        table: &ctx.table,
        objects: &*ctx.objects,
        tenant,
        head: &head,
    };
    let position = collector.collect(seen.position, &mut packing).await?;
    let counts = packing.counts;
    let bytes = packing.finish(&seen, position)?;
    let volume = Volume {
        number: seen.volumes.saturating_add(1),
        bytes: u64::try_from(bytes.len()).unwrap_or(u64::MAX),
        sha256: sha256(&bytes),
    };
    let key = ObjectKey::volume(seen.tenant, id, &volume)
        .ok_or_else(|| Error::internal("a volume has no place", "its hash is none"))?;
    ctx.objects
        .put(key, CONTENT_TYPE, Bytes::from(bytes))
        .await?;
    let next = seen.with(&volume, counts, position, now);
    let is_further = advance(ctx, scope, &seen, &next, &volume).await?;
    Ok(is_further)
}

/// Counts the volume. Whoever asked for the export is told after the last one.
async fn advance(
    ctx: &Ctx,
    scope: &TenantScope,
    seen: &Export,
    next: &Export,
    volume: &Volume,
) -> Result<bool> {
    let notice = match next.state {
        ExportState::Ready { since } => {
            let cause = NoticeCause::ExportReady { export: next.id };
            let of = Some(next.tenant);
            Some(store::notices::notice(of, next.requested_by, cause, since)?)
        }
        ExportState::Running | ExportState::Failed => None,
    };
    let advance = ExportAdvance {
        seen,
        next,
        volume,
        owes: notice.as_ref(),
    };
    let is_further = ctx.table.tenant(scope).advance_export(&advance).await?;
    if let Some(notice) = notice.filter(|_| is_further) {
        ctx.notifier.send_inline(&notice).await;
    }
    Ok(is_further)
}
