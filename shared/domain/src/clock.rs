//! Time and randomness as the product sees them: injected, so that every test decides both.

use std::fmt::Debug;
use std::future::Future;
use std::pin::Pin;

use jiff::{SignedDuration, Timestamp};

/// Tells the time and waits for a time.
pub trait Clock: Debug + Send + Sync {
    /// The present instant.
    fn now(&self) -> Timestamp;

    /// Completes once `now()` is at or past `instant`.
    fn wait_until(&self, instant: Timestamp) -> Pin<Box<dyn Future<Output = ()> + Send + '_>>;
}

/// A source of unpredictable bytes.
pub trait Random: Debug + Send + Sync {
    /// Fills `bytes` with random bytes, fit for secrets.
    fn fill(&self, bytes: &mut [u8]);
}

/// The first whole second at or after `instant`: due times and index keys have whole seconds, and nothing may
/// become due before it was meant.
pub fn whole_second_at_or_after(instant: Timestamp) -> Timestamp {
    let whole = whole_second_at_or_before(instant);
    if whole == instant {
        whole
    } else {
        whole
            .saturating_add(SignedDuration::from_secs(1))
            .unwrap_or(whole)
    }
}

/// The last whole second at or before `instant`.
pub fn whole_second_at_or_before(instant: Timestamp) -> Timestamp {
    let seconds = instant.as_nanosecond().div_euclid(1_000_000_000);
    i64::try_from(seconds)
        .ok()
        .and_then(|seconds| Timestamp::from_second(seconds).ok())
        .unwrap_or(instant)
}

/// Whole seconds from `earlier` to `later`, rounded down, never negative.
pub fn seconds_between(earlier: Timestamp, later: Timestamp) -> u64 {
    u64::try_from(later.duration_since(earlier).as_secs()).unwrap_or(0)
}

/// The time from `now` until something may be tried again, as people say it and never too short.
pub fn wait_in_words(now: Timestamp, retry_at: Timestamp) -> String {
    let millis = u64::try_from(retry_at.duration_since(now).as_millis()).unwrap_or(0);
    match millis.div_ceil(1000) {
        ..=1 => "a second".to_owned(),
        seconds @ 2..=90 => format!("{seconds} seconds"),
        seconds @ 91..=5400 => format!("{} minutes", seconds.div_ceil(60)),
        seconds => format!("{} hours", seconds.div_ceil(3600)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn whole_second_of_a_fraction_is_never_earlier() {
        assert_eq!(
            whole_second_at_or_after(at("2026-12-01T09:00:00.001Z")),
            at("2026-12-01T09:00:01Z")
        );
        assert_eq!(
            whole_second_at_or_after(at("2026-12-01T09:00:00Z")),
            at("2026-12-01T09:00:00Z")
        );
        assert_eq!(
            whole_second_at_or_before(at("1969-12-31T23:59:58.5Z")),
            at("1969-12-31T23:59:58Z")
        );
    }

    #[test]
    fn seconds_between_a_past_instant_is_zero() {
        assert_eq!(
            seconds_between(at("2026-12-01T09:00:01Z"), at("2026-12-01T09:00:00Z")),
            0
        );
        assert_eq!(
            seconds_between(at("2026-12-01T09:00:00Z"), at("2026-12-01T09:00:01.9Z")),
            1
        );
    }
    #[test]
    fn wait_is_said_as_people_say_it_and_never_too_short() {
        let now = at("2026-12-01T09:00:00Z");
        let said = |millis| wait_in_words(now, now + SignedDuration::from_millis(millis));

        assert_eq!(said(-1), "a second");
        assert_eq!(said(1), "a second");
        assert_eq!(said(1_001), "2 seconds");
        assert_eq!(said(90_000), "90 seconds");
        assert_eq!(said(90_001), "2 minutes");
        assert_eq!(said(900_000), "15 minutes");
        assert_eq!(said(900_001), "16 minutes");
        assert_eq!(said(5_400_000), "90 minutes");
        assert_eq!(said(5_400_001), "2 hours");
        assert_eq!(said(8_640_000), "3 hours");
    }
}
