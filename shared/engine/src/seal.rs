//! Sealing of the audit log: all events of one owner that wait for it go into the log together.

use std::collections::BTreeMap;

use domain::event::Owner;
use domain::{Error, Result};
use futures::{StreamExt, stream};
use jiff::{SignedDuration, Timestamp};
use store::audit::EventPlace;
use store::{AttentionEntry, AttentionWork};

use crate::reconcile::Reconciler;

/// Owners whose events are sealed at once.
const AT_ONCE: usize = 16;
/// Events of one owner that have a turn together: a block takes no more.
const TURN: usize = 100;

/// Events that wait to be sealed, by owner, with the times at which they happened.
#[derive(Clone, Debug, Default)]
pub struct Seals(BTreeMap<Owner, Vec<(Timestamp, EventPlace)>>);

/// What came of sealing.
#[derive(Debug, Default)]
pub struct Sealing {
    /// How many events are part of their owners' logs now.
    pub sealed: usize,
    /// The longest that one of them had waited when it was sealed, or by now where it could not be.
    pub longest_wait: SignedDuration,
    /// Why those of an owner could not be sealed; they stay where they are.
    pub failures: Vec<Error>,
    /// What there was no time for.
    pub left: Seals,
}

/// Events of one owner that go into one block.
type Turn = (Owner, Vec<(Timestamp, EventPlace)>);

impl Seals {
    /// Takes the events out of what wants attention; the rest keeps its order.
    pub fn take_from(entries: Vec<AttentionEntry>) -> (Self, Vec<AttentionEntry>) {
        let mut seals = Self::default();
        let mut rest = Vec::with_capacity(entries.len());
        for entry in entries {
            match entry.work {
                AttentionWork::Seal { owner, event } => {
                    seals.0.entry(owner).or_default().push((entry.at, event));
                }
                work => rest.push(AttentionEntry { work, ..entry }),
            }
        }
        (seals, rest)
    }

    /// These and those.
    #[must_use]
    pub fn and(mut self, others: Self) -> Self {
        for (owner, events) in others.0 {
            self.0.entry(owner).or_default().extend(events);
        }
        self
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How long the oldest has waited.
    pub fn longest_wait(&self, now: Timestamp) -> SignedDuration {
        let waits = self.0.values().map(|events| longest_wait(events, now));
        waits.max().unwrap_or_default()
    }

    /// The next events of every owner, and what comes after them.
    fn turns(self) -> (Vec<Turn>, Self) {
        let mut later = BTreeMap::new();
        let turns = self.0.into_iter().map(|(owner, mut events)| {
            let rest = events.split_off(events.len().min(TURN));
            if !rest.is_empty() {
                later.insert(owner, rest);
            }
            (owner, events)
        });
        (turns.collect(), Self(later))
    }
}

impl Reconciler {
    /// Seals events until there are none, or the time is up: a block of every owner's, then the next of every owner's.
    pub async fn seal(&self, mut seals: Seals, stop_at: Timestamp) -> Sealing {
        let mut sealing = Sealing::default();
        while !seals.is_empty() {
            let (turns, mut later) = seals.turns();
            let outcomes: Vec<_> = stream::iter(turns)
                .map(|turn| self.seal_turn(turn, stop_at))
                .buffer_unordered(AT_ONCE)
                .collect()
                .await;
            for ((owner, events), outcome) in outcomes {
                let Some((outcome, wait)) = outcome else {
                    let rest = later.0.remove(&owner).unwrap_or_default();
                    let left = sealing.left.0.entry(owner).or_default();
                    left.extend(events.into_iter().chain(rest));
                    continue;
                };
                sealing.longest_wait = sealing.longest_wait.max(wait);
                match outcome {
                    Ok(count) => sealing.sealed = sealing.sealed.saturating_add(count),
                    Err(error) => {
                        // What comes after it would fail alike, or out of its order.
                        later.0.remove(&owner);
                        sealing.failures.push(error);
                    }
                }
            }
            seals = later;
        }
        sealing
    }

    /// What came of it and how long its oldest had waited by then; `None` where there is no time for it.
    async fn seal_turn(
        &self,
        turn: Turn,
        stop_at: Timestamp,
    ) -> (Turn, Option<(Result<usize>, SignedDuration)>) {
        let now = self.waker.clock.now();
        if now >= stop_at {
            return (turn, None);
        }
        let (owner, events) = turn;
        let places: Vec<EventPlace> = events.iter().map(|(_, event)| event.clone()).collect();
        let sealed = self.waker.table.system().seal(owner, &places, now).await;
        let wait = longest_wait(&events, self.waker.clock.now());
        ((owner, events), Some((sealed, wait)))
    }
}

fn longest_wait(events: &[(Timestamp, EventPlace)], now: Timestamp) -> SignedDuration {
    let waits = events.iter().map(|(at, _)| now.duration_since(*at));
    waits.max().unwrap_or_default()
}
