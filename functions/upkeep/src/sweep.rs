//! One look at everything that is past its deadline, and at everything that the dispatcher should have dealt with.

use domain::Result;
use engine::{Reconciled, Wakeup};
use futures::{StreamExt, stream};
use jiff::SignedDuration;
use serde::Serialize;
use store::{AttentionEntry, Overdue};

use crate::Ctx;

/// Entries of one shard that one sweep looks at.
const PAGE: i32 = 100;
/// Entries that are worked on at once.
const AT_ONCE: usize = 16;
/// Entries that are younger than this are the dispatcher's: three of its ticks.
const DISPATCHER_LATE: SignedDuration = SignedDuration::from_mins(3);

/// What a sweep found: each number but zero is an alarm.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Sweep {
    /// Deliveries past their deadline that were settled.
    pub overdue: usize,
    /// Entries that no tick dealt with.
    pub neglected: usize,
    /// Entries that could not be dealt with; they stay for the next sweep.
    pub failed: usize,
}

/// Sweeps all shards.
pub async fn sweep(ctx: &Ctx) -> Result<Sweep> {
    let mut sweep = Sweep::default();
    for shard in 0..ctx.reconciler.waker.table.system().shards() {
        settle_overdue(ctx, shard, &mut sweep).await?;
        take_up_neglected(ctx, shard, &mut sweep).await?;
    }
    Ok(sweep)
}

async fn settle_overdue(ctx: &Ctx, shard: u32, sweep: &mut Sweep) -> Result<()> {
    let now = ctx.reconciler.waker.clock.now();
    let overdue = ctx
        .reconciler
        .waker
        .table
        .system()
        .overdue(shard, now, PAGE)
        .await?;
    let outcomes: Vec<Result<bool>> = stream::iter(overdue)
        .map(|Overdue { key, deadline }| async move {
            let settled = ctx.reconciler.settle_overdue(&key).await;
            if matches!(settled, Ok(true)) {
                tracing::error!(delivery.id = %key.delivery, %deadline, "a delivery was past its deadline");
            }
            settled
        })
        .buffered(AT_ONCE)
        .collect()
        .await;
    for outcome in outcomes {
        match outcome {
            Ok(true) => sweep.overdue = sweep.overdue.saturating_add(1),
            Ok(false) => {}
            Err(error) => count_failure(sweep, &error),
        }
    }
    Ok(())
}

async fn take_up_neglected(ctx: &Ctx, shard: u32, sweep: &mut Sweep) -> Result<()> {
    let reconciler = &ctx.reconciler;
    let until = reconciler
        .waker
        .clock
        .now()
        .saturating_sub(DISPATCHER_LATE)
        .unwrap_or(jiff::Timestamp::MIN);
    let entries: Vec<AttentionEntry> = reconciler
        .waker
        .table
        .system()
        .attention(shard, until, PAGE)
        .await?;
    sweep.neglected = sweep.neglected.saturating_add(entries.len());
    let outcomes: Vec<Result<Reconciled>> = stream::iter(entries)
        .map(|entry| reconciler.reconcile(entry))
        .buffered(AT_ONCE)
        .collect()
        .await;
    let mut wakeups: Vec<Wakeup> = Vec::new();
    for outcome in outcomes {
        match outcome {
            Ok(Reconciled::Wake(wakeup)) => wakeups.push(wakeup),
            Ok(Reconciled::Done | Reconciled::Nothing | Reconciled::Unknown) => {}
            Err(error) => count_failure(sweep, &error),
        }
    }
    reconciler.waker.wake(&wakeups).await;
    Ok(())
}

fn count_failure(sweep: &mut Sweep, error: &domain::Error) {
    sweep.failed = sweep.failed.saturating_add(1);
    tracing::warn!(
        error = error as &dyn std::error::Error,
        "an entry could not be swept; the next sweep tries again"
    );
}
