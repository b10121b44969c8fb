//! The timer's event.

use cloud::telemetry::{Metric, Metrics};
use domain::Result;
use serde::de::IgnoredAny;

use crate::{Ctx, Sweep, sweep};

/// One run for one event of the timer. The event says nothing that the table does not know better.
pub async fn on_timer(ctx: &Ctx, metrics: &Metrics, _event: IgnoredAny) -> Result<Sweep> {
    let outcome = sweep(ctx).await;
    if let Ok(sweep) = &outcome {
        metrics.record(Metric::DeadlinePassed, count(sweep.overdue), None);
        metrics.record(Metric::EntriesNeglected, count(sweep.neglected), None);
        metrics.record(Metric::EntriesFailed, count(sweep.failed), None);
    }
    metrics.flush(ctx.reconciler.waker.clock.now());
    outcome
}

fn count(entries: usize) -> u64 {
    u64::try_from(entries).unwrap_or(u64::MAX)
}
