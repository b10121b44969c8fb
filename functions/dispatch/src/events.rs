//! The timer's event.

use cloud::telemetry::{Metric, Metrics};
use domain::Result;
use serde::de::IgnoredAny;

use crate::{Ctx, Tick, tick};

/// One run for one event of the timer. The event says nothing that the table does not know better.
pub async fn on_timer(ctx: &Ctx, metrics: &Metrics, _event: IgnoredAny) -> Result<Tick> {
    let outcome = tick(ctx).await;
    if let Ok(tick) = &outcome {
        metrics.record(Metric::EntriesSeen, count(tick.seen), None);
        metrics.record(Metric::EntriesFailed, count(tick.failed), None);
        metrics.record(Metric::AttentionHeadAge, tick.head_age_ms / 1000, None);
    }
    metrics.flush(ctx.reconciler.waker.clock.now());
    outcome
}

fn count(entries: usize) -> u64 {
    u64::try_from(entries).unwrap_or(u64::MAX)
}
