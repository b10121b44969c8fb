//! One look at everything that is past its deadline, and at everything that the dispatcher should have dealt with.

use domain::Result;
use engine::{Reconciled, Seals, Wakeup};
use futures::{StreamExt, stream};
use jiff::SignedDuration;
use serde::Serialize;
use store::{AttentionEntry, Overdue};

use crate::Ctx;

/// Entries that one query reads.
const PAGE: i32 = 100;
/// Pages of one shard that one sweep passes over: entries that fail each time keep nobody from the rest, and one shard
/// does not take the time of all others.
const PAGES: usize = 10;
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
    /// Entries and shards that could not be dealt with; they stay for the next sweep.
    pub failed: usize,
}

/// Sweeps all shards. A shard that cannot be read keeps nobody from the rest; fails only where none can be read.
pub async fn sweep(ctx: &Ctx) -> Result<Sweep> {
    let mut sweep = Sweep::default();
    let mut is_read = false;
    let mut failure = None;
    for shard in 0..ctx.reconciler.waker.table.system().shards() {
        let settled = settle_overdue(ctx, shard, &mut sweep).await;
        let taken_up = take_up_neglected(ctx, shard, &mut sweep).await;
        for passed in [settled, taken_up] {
            match passed {
                Ok(()) => is_read = true,
                Err(error) => {
                    count_failure(&mut sweep, &error);
                    failure = Some(error);
                }
            }
        }
    }
    match failure {
        Some(error) if !is_read => Err(error),
        _ => Ok(sweep),
    }
}

async fn settle_overdue(ctx: &Ctx, shard: u32, sweep: &mut Sweep) -> Result<()> {
    let now = ctx.reconciler.waker.clock.now();
    let system = ctx.reconciler.waker.table.system();
    let mut after = None;
    for _ in 0..PAGES {
        let page = system.overdue(shard, now, PAGE, after).await?;
        settle(ctx, page.entries, sweep).await;
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    Ok(())
}

async fn settle(ctx: &Ctx, entries: Vec<Result<Overdue>>, sweep: &mut Sweep) {
    let outcomes: Vec<Result<bool>> = stream::iter(entries)
        .map(|entry| async move {
            let Overdue { key, deadline } = entry?;
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
}

async fn take_up_neglected(ctx: &Ctx, shard: u32, sweep: &mut Sweep) -> Result<()> {
    let reconciler = &ctx.reconciler;
    let until = reconciler
        .waker
        .clock
        .now()
        .saturating_sub(DISPATCHER_LATE)
        .unwrap_or(jiff::Timestamp::MIN);
    let mut after = None;
    for _ in 0..PAGES {
        let page = reconciler
            .waker
            .table
            .system()
            .attention_page(shard, until, PAGE, after)
            .await?;
        take_up(ctx, page.entries, sweep).await;
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    Ok(())
}

async fn take_up(ctx: &Ctx, entries: Vec<AttentionEntry>, sweep: &mut Sweep) {
    let reconciler = &ctx.reconciler;
    sweep.neglected = sweep.neglected.saturating_add(entries.len());
    let (seals, entries) = Seals::take_from(entries);
    let sealing = reconciler.seal(seals, jiff::Timestamp::MAX).await;
    for error in &sealing.failures {
        count_failure(sweep, error);
    }
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
}

fn count_failure(sweep: &mut Sweep, error: &domain::Error) {
    sweep.failed = sweep.failed.saturating_add(1);
    tracing::warn!(
        error = error as &dyn std::error::Error,
        "an entry could not be swept; the next sweep tries again"
    );
}
