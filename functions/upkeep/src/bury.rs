//! Tenants that a restored table has once more, though they were erased: the archive, which no restore sets back, knows
//! them.

use std::collections::BTreeSet;

use domain::{Error, Result, TenantId};
use futures::{StreamExt, stream};
use store::TenantScope;

use crate::Ctx;
use crate::erase::{FOLDER, erase_all, kept_certificate};

/// Tenants that are buried at once.
const AT_ONCE: usize = 16;

/// What came of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Buried {
    /// Tenants that the table had once more, and of which nothing is left but a tombstone.
    pub(crate) erased: usize,
    /// Tenants of which something is left.
    pub(crate) failed: usize,
}

/// Erases again whatever was erased before. The keys and the heads of all of them go first: nobody enters them any more, and
/// nothing is published for them. May be repeated, and goes on where it ended.
pub(crate) async fn bury_erased(ctx: &Ctx) -> Result<Buried> {
    let waker = &ctx.reconciler.waker;
    let system = waker.table.system();
    let erased = kept_erasures(ctx).await?;
    let alive = system.tenants_to_bury_again(&erased).await?;
    let unburied: usize = stream::iter(alive)
        .map(|scope| async move { usize::from(!is_buried(ctx, &scope).await) })
        .buffer_unordered(AT_ONCE)
        .fold(0, async |sum: usize, one| sum.saturating_add(one))
        .await;
    let known: BTreeSet<TenantId> = erased.into_iter().collect();
    let mut due = system.tenants_to_erase(waker.clock.now()).await?;
    // Whoever deleted another one may have taken that back in the lost time.
    due.retain(|scope| known.contains(&scope.tenant()));
    let erasures = erase_all(ctx, due).await;
    Ok(Buried {
        erased: erasures.erased,
        failed: erasures.begun.saturating_add(unburied),
    })
}

async fn is_buried(ctx: &Ctx, scope: &TenantScope) -> bool {
    let buried = bury(ctx, scope).await;
    if let Err(error) = &buried {
        tracing::error!(
            tenant.id = %scope.tenant(),
            error = error as &dyn std::error::Error,
            "a tenant that was erased is still there"
        );
    }
    buried.is_ok()
}

async fn bury(ctx: &Ctx, scope: &TenantScope) -> Result<()> {
    let waker = &ctx.reconciler.waker;
    let kept = kept_certificate(ctx, scope.tenant()).await?;
    let tenant = waker.table.tenant(scope);
    let now = waker.clock.now();
    if tenant.bury_again(&kept.certificate, now).await? {
        Ok(())
    } else {
        Err(Error::StaleVersion)
    }
}

/// All tenants that were erased, as the archive knows them.
async fn kept_erasures(ctx: &Ctx) -> Result<Vec<TenantId>> {
    let names = ctx.archive.names(FOLDER).await?;
    Ok(names
        .iter()
        .filter_map(|name| {
            let id = name.strip_prefix(FOLDER)?.strip_suffix(".json")?;
            id.parse().ok()
        })
        .collect())
}
