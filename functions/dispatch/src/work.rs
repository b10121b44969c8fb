//! Does what entries ask for.

use domain::{Error, Result};
use engine::{Reconciled, Wakeup};
use futures::{StreamExt, stream};
use jiff::{SignedDuration, Timestamp};
use store::AttentionEntry;

use crate::Ctx;

/// Entries that are worked on at once.
pub(crate) const AT_ONCE: usize = 16;

/// What a run did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Run {
    /// Entries that were looked at, without events that wait to be sealed.
    pub seen: usize,
    /// Messages that were sent for first or further tries.
    pub woken: usize,
    /// Other things that were done.
    pub done: usize,
    /// Events that became part of their owners' audit logs.
    pub sealed: usize,
    /// Entries and shards that could not be dealt with; they stay for the next tick.
    pub failed: usize,
    /// Shards that were left to further runs.
    pub handed_over: usize,
    /// Age of the oldest entry at the start, in milliseconds: how far behind we are.
    pub head_age_ms: u64,
    /// The longest that an event had waited when it became part of its owner's audit log, or by the end where it did not,
    /// in milliseconds. Half a minute is a matter of course: they wait for a tick, or for the look between two.
    pub seal_age_ms: u64,
}

impl Run {
    /// Notes how old the entries are that are there at the start.
    pub(crate) fn note_ages(&mut self, entries: &[AttentionEntry], now: Timestamp) {
        let oldest = entries.iter().map(|entry| entry.at).min();
        let age = oldest.map_or(SignedDuration::ZERO, |at| now.duration_since(at));
        self.head_age_ms = self.head_age_ms.max(whole_ms(age));
    }

    /// Notes how long an event waited.
    pub(crate) fn note_wait(&mut self, wait: SignedDuration) {
        self.seal_age_ms = self.seal_age_ms.max(whole_ms(wait));
    }

    /// Counts and logs something that could not be dealt with.
    pub(crate) fn fail(&mut self, error: &Error) {
        self.failed = self.failed.saturating_add(1);
        tracing::warn!(
            error = error as &dyn std::error::Error,
            "something could not be dealt with; the next tick tries again"
        );
    }
}

/// How many marks are under way at once.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Marks {
    /// Of entries from all shards.
    OfAllShards,
    /// Of entries of one shard.
    OfOneShard,
}

/// Marks of one shard under way at once. A mark takes 5 to 10 ms and writes two units to the shard's partition of the
/// index, which takes 1,000 a second; four at once are 400 to 800 marks a second, as many as it can take.
pub const SHARD_MARKS_AT_ONCE: usize = 4;

/// Works on entries that are no events, and adds to `run` what became of them.
pub(crate) async fn work(ctx: &Ctx, entries: Vec<AttentionEntry>, marks: Marks, run: &mut Run) {
    run.seen = run.seen.saturating_add(entries.len());
    let outcomes: Vec<Result<Reconciled>> = stream::iter(entries)
        .map(|entry| ctx.reconciler.reconcile(entry))
        .buffered(AT_ONCE)
        .collect()
        .await;
    let mut wakeups: Vec<Wakeup> = Vec::new();
    for outcome in outcomes {
        match outcome {
            Ok(Reconciled::Wake(wakeup)) => wakeups.push(wakeup),
            Ok(Reconciled::Done) => run.done = run.done.saturating_add(1),
            Ok(Reconciled::Nothing | Reconciled::Unknown) => {}
            Err(error) => run.fail(&error),
        }
    }
    let waker = &ctx.reconciler.waker;
    let woken = match marks {
        Marks::OfAllShards => waker.wake(&wakeups).await,
        Marks::OfOneShard => waker.wake_with(&wakeups, SHARD_MARKS_AT_ONCE).await,
    };
    run.woken = run.woken.saturating_add(woken);
}

/// Of what is still to come: nothing.
fn whole_ms(age: SignedDuration) -> u64 {
    u64::try_from(age.as_millis()).unwrap_or(0)
}

pub(crate) fn later(instant: Timestamp, by: SignedDuration) -> Timestamp {
    instant.saturating_add(by).unwrap_or(Timestamp::MAX)
}
