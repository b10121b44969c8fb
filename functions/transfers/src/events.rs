//! The timer's event.

use cloud::telemetry::{Metric, Metrics};
use domain::Result;
use serde::Deserialize;

use crate::{Ctx, Run, run};

/// What starts a run: whatever it says, the table knows better.
#[derive(Clone, Copy, Debug, Deserialize)]
pub struct Event {}

/// One run for one event.
pub async fn on_event(ctx: &Ctx, metrics: &Metrics, _event: Event) -> Result<Run> {
    let outcome = run(ctx).await;
    if let Ok(run) = &outcome {
        metrics.count_many(Metric::EntriesFailed, run.failed);
    }
    metrics.flush(ctx.clock.now());
    outcome
}
