//! One look at everything that wants attention soon.

use domain::delivery::timing::LOOK_AHEAD;
use domain::{Error, Result};
use engine::{Reconciled, Wakeup};
use futures::{StreamExt, TryStreamExt, stream};
use jiff::Timestamp;
use store::AttentionEntry;

use crate::Ctx;
use crate::fair::interleave;

/// Entries that one query reads: about 30 KB, well below the 1 MB of a page.
const PAGE: i32 = 100;
/// Entries that are worked on at once.
const AT_ONCE: usize = 16;

/// What a tick did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tick {
    /// Entries that were looked at.
    pub seen: usize,
    /// Messages that were sent for first or further tries.
    pub woken: usize,
    /// Other things that were done.
    pub done: usize,
    /// Entries that could not be dealt with; they stay for the next tick.
    pub failed: usize,
    /// Age of the oldest entry, in milliseconds: how far behind we are.
    pub head_age_ms: u64,
}

/// Looks at the heads of all shards and does what each entry asks for, until nothing is left, the time is up or the
/// limit is reached.
pub async fn tick(ctx: &Ctx) -> Result<Tick> {
    let clock = &ctx.reconciler.waker.clock;
    let started = clock.now();
    let stop_at = started
        .saturating_add(ctx.time_max)
        .unwrap_or(Timestamp::MAX);
    let mut tick = Tick::default();
    loop {
        let entries = heads(ctx).await?;
        if tick.seen == 0 {
            tick.head_age_ms = head_age_ms(&entries, started);
        }
        let acted = work(ctx, entries, &mut tick).await;
        // Whoever acted moved its entries away, so the heads are new; without that, the next look would see the same.
        if acted == 0 || tick.seen >= ctx.entries_max || clock.now() >= stop_at {
            return Ok(tick);
        }
    }
}

async fn heads(ctx: &Ctx) -> Result<Vec<AttentionEntry>> {
    let system = ctx.reconciler.waker.table.system();
    let until = ctx
        .reconciler
        .waker
        .clock
        .now()
        .saturating_add(LOOK_AHEAD)
        .unwrap_or(Timestamp::MAX);
    let pages: Vec<Vec<AttentionEntry>> = stream::iter(0..system.shards())
        .map(|shard| async move { system.attention(shard, until, PAGE).await })
        .buffer_unordered(AT_ONCE)
        .try_collect()
        .await?;
    let mut entries: Vec<AttentionEntry> = pages.into_iter().flatten().collect();
    entries.sort_by_key(|entry| entry.at);
    Ok(entries)
}

/// Answers how many entries moved.
async fn work(ctx: &Ctx, entries: Vec<AttentionEntry>, tick: &mut Tick) -> usize {
    tick.seen = tick.seen.saturating_add(entries.len());
    let outcomes: Vec<Result<Reconciled>> = stream::iter(entries)
        .map(|entry| ctx.reconciler.reconcile(entry))
        .buffered(AT_ONCE)
        .collect()
        .await;
    let mut wakeups: Vec<Wakeup> = Vec::new();
    let mut done: usize = 0;
    for outcome in outcomes {
        match outcome {
            Ok(Reconciled::Wake(wakeup)) => wakeups.push(wakeup),
            Ok(Reconciled::Done) => done = done.saturating_add(1),
            Ok(Reconciled::Nothing | Reconciled::Unknown) => {}
            Err(error) => {
                tick.failed = tick.failed.saturating_add(1);
                log(&error);
            }
        }
    }
    let woken = ctx.reconciler.waker.wake(&interleave(wakeups)).await;
    tick.woken = tick.woken.saturating_add(woken);
    tick.done = tick.done.saturating_add(done);
    woken.saturating_add(done)
}

fn log(error: &Error) {
    tracing::warn!(
        error = error as &dyn std::error::Error,
        "an entry could not be dealt with; the next tick tries again"
    );
}

fn head_age_ms(entries: &[AttentionEntry], now: Timestamp) -> u64 {
    let oldest = entries.iter().map(|entry| entry.at).min();
    oldest.map_or(0, |at| {
        u64::try_from(now.duration_since(at).as_millis()).unwrap_or(0)
    })
}
