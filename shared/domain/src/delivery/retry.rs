//! When to try again after a try that certainly had no effect.

use jiff::{SignedDuration, Timestamp};

use super::timing::after;

/// Most tries of one plan.
pub const TRIES_MAX: u32 = 12;

/// First pause; each further one is twice as long.
const FIRST_PAUSE: SignedDuration = SignedDuration::from_secs(10);
const LONGEST_PAUSE: SignedDuration = SignedDuration::from_mins(30);

/// The time of the next try after `tries` tries, or `None` when it is time to give up: too many tries, or the next one
/// would begin after `latest_start`. A network's own `retry_after` is obeyed, plus a second for its clock.
pub fn next_try(
    tries: u32,
    now: Timestamp,
    retry_after: Option<SignedDuration>,
    latest_start: Timestamp,
) -> Option<Timestamp> {
    if tries >= TRIES_MAX {
        return None;
    }
    let doublings = tries.saturating_sub(1).min(10);
    let own = FIRST_PAUSE
        .checked_mul(1 << doublings)
        .unwrap_or(LONGEST_PAUSE)
        .min(LONGEST_PAUSE);
    let pause = match retry_after {
        Some(asked) => asked.saturating_add(SignedDuration::from_secs(1)),
        None => own,
    };
    let next = after(now, pause);
    (next <= latest_start).then_some(next)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn next_try_pauses_double_up_to_half_an_hour() {
        let now = at("2026-12-01T09:00:00Z");
        let pauses: Vec<i64> = (1..=9)
            .map(|tries| {
                next_try(tries, now, None, Timestamp::MAX)
                    .unwrap()
                    .duration_since(now)
                    .as_secs()
            })
            .collect();

        assert_eq!(pauses, [10, 20, 40, 80, 160, 320, 640, 1280, 1800]);
    }

    #[test]
    fn next_try_obeys_the_network() {
        let now = at("2026-12-01T09:00:00.5Z");

        let next = next_try(1, now, Some(SignedDuration::from_secs(5)), Timestamp::MAX);

        assert_eq!(next, Some(at("2026-12-01T09:00:07Z")));
    }

    #[test]
    fn next_try_after_the_latest_start_is_none() {
        let now = at("2026-12-01T09:00:00Z");

        assert_eq!(next_try(1, now, None, at("2026-12-01T09:00:09Z")), None);
        assert_eq!(next_try(TRIES_MAX, now, None, Timestamp::MAX), None);
    }
}
