//! One run over all exports and imports that are being made.

use std::collections::BTreeSet;

use domain::{Result, TenantId};
use serde::Serialize;
use store::Transfer;

use crate::Ctx;
use crate::{export, import};

/// What a run did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Run {
    /// Volumes that were made or read, and exports that were given up.
    pub steps: usize,
    /// Steps that failed; they are tried again after a pause.
    pub failed: usize,
}

/// Makes steps until none is left to make or the time is up: one of each tenant, then the next of each, so that a large
/// tenant keeps no small one waiting. A step that fails, or takes the process with it, is made again after a pause, so that
/// it does not either.
pub async fn run(ctx: &Ctx) -> Result<Run> {
    let began = ctx.clock.now();
    let stop_at = began.saturating_add(ctx.time_max).unwrap_or(began);
    let mut run = Run::default();
    let mut failed: BTreeSet<Transfer> = BTreeSet::new();
    loop {
        let steps = run.steps;
        let now = ctx.clock.now();
        let mut tenants: BTreeSet<TenantId> = BTreeSet::new();
        for (scope, transfer) in ctx.table.system().waiting_transfers(now).await? {
            if failed.contains(&transfer) || tenants.contains(&scope.tenant()) {
                continue;
            }
            if run.steps > 0 && ctx.clock.now() >= stop_at {
                return Ok(run);
            }
            let step = match transfer {
                Transfer::Export(id) => export::step(ctx, &scope, id).await,
                Transfer::Import(id) => import::step(ctx, &scope, id, stop_at).await,
            };
            match step {
                Ok(true) => {
                    run.steps = run.steps.saturating_add(1);
                    tenants.insert(scope.tenant());
                }
                // Somebody else was faster, or the index lags.
                Ok(false) => {}
                Err(error) => {
                    failed.insert(transfer);
                    run.failed = run.failed.saturating_add(1);
                    tracing::warn!(
                        ?transfer,
                        error = &error as &dyn std::error::Error,
                        "a step could not be made; it is tried again after a pause"
                    );
                }
            }
        }
        if run.steps == steps {
            return Ok(run);
        }
    }
}
