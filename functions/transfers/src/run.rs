//! One run over all exports that are being made.

use std::collections::BTreeSet;

use domain::{ExportId, Result};
use serde::Serialize;

use crate::Ctx;
use crate::export::step;

/// What a run did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Run {
    /// Volumes that were made, and exports that were given up.
    pub steps: usize,
    /// Steps that failed; the next run tries again.
    pub failed: usize,
}

/// Makes volumes until none is left to make or the time is up: one of each export, then the next of each, so that a large
/// tenant keeps no small one waiting.
pub async fn run(ctx: &Ctx) -> Result<Run> {
    let began = ctx.clock.now();
    let stop_at = began.saturating_add(ctx.time_max).unwrap_or(began);
    let mut run = Run::default();
    let mut failed: BTreeSet<ExportId> = BTreeSet::new();
    loop {
        let steps = run.steps;
        for (scope, export) in ctx.table.system().waiting_exports().await? {
            if failed.contains(&export) {
                continue;
            }
            if run.steps > 0 && ctx.clock.now() >= stop_at {
                return Ok(run);
            }
            match step(ctx, &scope, export).await {
                Ok(true) => run.steps = run.steps.saturating_add(1),
                Ok(false) => {}
                Err(error) => {
                    failed.insert(export);
                    run.failed = run.failed.saturating_add(1);
                    tracing::warn!(
                        export.id = %export,
                        error = &error as &dyn std::error::Error,
                        "a volume could not be made; the next run tries again"
                    );
                }
            }
        }
        if run.steps == steps {
            return Ok(run);
        }
    }
}
