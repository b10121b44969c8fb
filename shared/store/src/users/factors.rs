//! How many second factors a person has, on their item, so that nobody removes the last one that somebody else rests on.

use domain::UserId;
use jiff::Timestamp;

use super::{StoredUser, is_not_held};
use crate::attribute::{instant, number};
use crate::condition::{Action, Condition, Write};
use crate::key::Key;

/// How many second factors a person has after a change.
#[derive(Clone, Copy, Debug)]
pub(crate) enum FactorCount {
    /// One more than before.
    OneMore,
    /// One less than these: they may be the last, so it matters that there are as many as was decided on.
    OneLessThan(u64),
}

/// The change of how many second factors the person has; they must be counted already.
pub(crate) fn count_factors(user: UserId, count: FactorCount, now: Timestamp) -> Write {
    let (more, as_counted) = match count {
        FactorCount::OneMore => (1, Condition::Exists("fac")),
        FactorCount::OneLessThan(seen) => (-1, Condition::Equals("fac", number(seen))),
    };
    let actions = vec![Action::Add("fac", number(more)), settle_factors(now)];
    let as_counted = Condition::All(vec![as_counted, is_not_held(now)]);
    Write::update(Key::user(user), actions).when(as_counted)
}

/// Makes resets of second factors void that were approved until now.
pub(crate) fn settle_factors(now: Timestamp) -> Action {
    Action::Set("settled", instant(now))
}

/// That no second factor changed, and no reset was stopped, since the person was seen.
pub(crate) fn factors_as_seen(seen: &StoredUser) -> Condition {
    match seen.factors_settled_at {
        Some(settled) => Condition::Equals("settled", instant(settled)),
        None => Condition::Absent("settled"),
    }
}

/// That they are as many as then, too: two changes within a millisecond leave the same time.
pub(crate) fn factors_counted_as_seen(seen: &StoredUser) -> Condition {
    match seen.second_factors {
        Some(counted) => Condition::Equals("fac", number(counted)),
        None => Condition::Absent("fac"),
    }
}

/// The change that says how many second factors the person has.
pub(crate) fn set_factors(number_of_factors: u64) -> Action {
    Action::Set("fac", number(number_of_factors))
}
