//! The machine's clock and random source: the only place that reads either.

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use domain::{Clock, Random};
use jiff::Timestamp;

/// Longest sleep before the wall clock is read again: a clock that was set, or a machine that slept, is noticed within
/// this time.
const SLICE: Duration = Duration::from_secs(1);

/// The wall clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    /// In whole milliseconds, as everything is stored: what was answered once is read back the same.
    #[expect(clippy::disallowed_methods, reason = "this is the injected clock")]
    fn now(&self) -> Timestamp {
        let now = Timestamp::now();
        Timestamp::from_millisecond(now.as_millisecond()).unwrap_or(now)
    }

    fn wait_until(&self, instant: Timestamp) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        Box::pin(wait_by(|| self.now(), instant))
    }
}

/// Sleeps in slices until `now` is at or past `instant`.
async fn wait_by(now: impl Fn() -> Timestamp, instant: Timestamp) {
    loop {
        let remaining = instant.duration_since(now());
        if !remaining.is_positive() {
            return;
        }
        let remaining = Duration::try_from(remaining).unwrap_or(SLICE);
        tokio::time::sleep(remaining.min(SLICE)).await;
    }
}

/// The system's random source, fit for secrets.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemRandom;

impl Random for SystemRandom {
    fn fill(&self, bytes: &mut [u8]) {
        #[expect(
            clippy::expect_used,
            reason = "without randomness no secret can be made: stopping is the only safe answer"
        )]
        aws_lc_rs::rand::fill(bytes).expect("the system's random source works");
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use jiff::SignedDuration;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn wait_honours_a_clock_that_is_set_forward() {
        let start = Timestamp::UNIX_EPOCH;
        let reads = Mutex::new(0_i64);
        let now = || {
            let mut reads = reads.lock().unwrap();
            *reads += 1;
            let hours = if *reads >= 3 { 2 } else { 0 };
            start + SignedDuration::from_hours(hours)
        };
        let begun = tokio::time::Instant::now();

        wait_by(now, start + SignedDuration::from_hours(1)).await;

        assert_eq!(begun.elapsed(), 2 * SLICE);
    }

    #[tokio::test(start_paused = true)]
    async fn wait_for_a_past_instant_ends_at_once() {
        let begun = tokio::time::Instant::now();

        SystemClock.wait_until(Timestamp::UNIX_EPOCH).await;

        assert_eq!(begun.elapsed(), Duration::ZERO);
    }

    #[test]
    fn random_fills_every_call_differently() {
        let (mut first, mut second) = ([0_u8; 32], [0_u8; 32]);

        SystemRandom.fill(&mut first);
        SystemRandom.fill(&mut second);

        assert_ne!(first, second);
    }
}
