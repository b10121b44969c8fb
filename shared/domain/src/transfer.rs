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
        Self {
            failures,
            next_at: later(now, pause(failures)),
        }
    }

    /// The same once nobody is to make a further step, from `now` on: what is left is the end of the step that may be made
    /// right now.
    #[must_use]
    pub fn ended(self, now: Timestamp) -> Self {
        let left = self.last_step().filter(|step| !step.is_due(now));
        left.unwrap_or(Self::due_at(now))
    }

    /// Whether the step that was begun last may still be made.
    pub fn may_be_stepping(self, now: Timestamp) -> bool {
        self.last_step().is_some_and(|step| !step.is_due(now))
    }

    /// The pace of the step that was begun last, alone; `None` where it has ended. No step takes longer than the shortest
    /// pause, after which somebody else makes it.
    pub fn last_step(self) -> Option<Self> {
        let rest = pause(self.failures).saturating_sub(FIRST_PAUSE);
        (self.failures > 0).then(|| Self {
            failures: 1,
            next_at: self.next_at.saturating_sub(rest).unwrap_or(self.next_at),
        })
    }
}

/// From the beginning of the last of so many steps in a row that did not end to the next one.
fn pause(failures: u32) -> SignedDuration {
    let factor = 2_i32.saturating_pow(failures.saturating_sub(1));
    FIRST_PAUSE.saturating_mul(factor).min(LONGEST_PAUSE)
}

/// From when on what was asked for at `at` is not shown any more.
pub(crate) fn expires_at(at: Timestamp) -> Timestamp {
    later(at, KEPT)
}

pub(crate) fn later(instant: Timestamp, by: SignedDuration) -> Timestamp {
    instant.saturating_add(by).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn step_that_was_begun_is_over_a_minute_later_however_long_the_pause_behind_it_is() {
        let now = Timestamp::UNIX_EPOCH;
        let second = |seconds| later(now, SignedDuration::from_secs(seconds));
        let mut pace = Pace::due_at(now);
        assert!(!pace.may_be_stepping(now));
        assert_eq!(pace.ended(now), pace);
        for _ in 0..9 {
            pace = pace.stepping(now);

            let ended = pace.ended(second(10));

            for pace in [pace, ended] {
                assert!(pace.may_be_stepping(second(59)));
                assert!(!pace.may_be_stepping(second(60)));
            }
            assert!(ended.is_due(second(60)), "another beginning need not wait");
            assert_eq!(pace.ended(second(60)), Pace::due_at(second(60)));
        }
    }
}
