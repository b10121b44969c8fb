//! What exports and imports have in common: how their steps follow one another, and how long they are shown.

use jiff::{SignedDuration, Timestamp};

/// How long after the request an export or an import is shown.
const KEPT: SignedDuration = SignedDuration::from_hours(7 * 24);
/// The pause after a step that failed, from its beginning on; each further one is twice as long.
const FIRST_PAUSE: SignedDuration = SignedDuration::from_mins(1);
/// The longest pause.
const LONGEST_PAUSE: SignedDuration = SignedDuration::from_hours(1);

/// When the steps of an export or an import are made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pace {
    /// Steps in a row that were begun and did not end.
    pub failures: u32,
    /// From when on the next step may be made.
    pub next_at: Timestamp,
}

impl Pace {
    /// No step has failed, and one may be made from `at` on: others, which wait longer, come first.
    pub fn due_at(at: Timestamp) -> Self {
        Self {
            failures: 0,
            next_at: at,
        }
    }

    /// Whether a step may be made.
    pub fn is_due(self, now: Timestamp) -> bool {
        now >= self.next_at
    }

    /// The same while a step is made, from `now` on: it counts as failed until it ends. So one that takes its process with
    /// it has to wait like any other that fails, and while it is made nobody else makes it.
    #[must_use]
    pub fn stepping(self, now: Timestamp) -> Self {
        let failures = self.failures.saturating_add(1);
        let factor = 2_i32.saturating_pow(failures.saturating_sub(1));
        let pause = FIRST_PAUSE.saturating_mul(factor).min(LONGEST_PAUSE);
        Self {
            failures,
            next_at: later(now, pause),
        }
    }
}

/// From when on what was asked for at `at` is not shown any more.
pub(crate) fn expires_at(at: Timestamp) -> Timestamp {
    later(at, KEPT)
}

pub(crate) fn later(instant: Timestamp, by: SignedDuration) -> Timestamp {
    instant.saturating_add(by).unwrap_or(Timestamp::MAX)
}
