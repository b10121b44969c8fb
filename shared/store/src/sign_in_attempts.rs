//! Unsuccessful tries in a row to prove who somebody is, exact over all instances. A try is counted before it is
//! judged, so that many at once do not get in ahead of the count, and a success forgets the count.

use domain::{Error, Result};
use jiff::{SignedDuration, Timestamp};

use crate::attribute::{Attributes, instant, number, number_of, text};
use crate::condition::{Action, Condition, Write};
use crate::item::TYPE;
use crate::key::Key;
use crate::schema::TTL;
use crate::scope::SystemTable;
use crate::table::Written;

/// How often it is tried to count while others count, too.
const TRIES: u32 = 4;
/// A wait is never longer.
const DELAY_MAX: SignedDuration = SignedDuration::from_mins(15);
/// A count that nobody added to for so long is forgotten.
const REMEMBERED: SignedDuration = SignedDuration::from_hours(90 * 24);

/// How many tries in a row may fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AttemptLimit {
    /// Without a wait between them. Then each wait is twice as long as the one before.
    pub free: u32,
    /// At all (NIST SP 800-63B-4, 3.2.2, allows 100).
    pub most: u32,
}

impl AttemptLimit {
    /// The wait after this many unsuccessful tries.
    fn delay(self, unsuccessful: u32) -> SignedDuration {
        match unsuccessful.checked_sub(self.free) {
            None => SignedDuration::ZERO,
            Some(beyond) => 1_i64
                .checked_shl(beyond.min(20))
                .map_or(DELAY_MAX, |seconds| {
                    SignedDuration::from_secs(seconds).min(DELAY_MAX)
                }),
        }
    }
}

/// What tries are counted by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AttemptCounter<'a> {
    /// What is tried.
    pub purpose: &'static str,
    /// Whom, or by whom.
    pub subject: &'a str,
}

impl AttemptCounter<'_> {
    /// The write that forgets the count.
    pub(crate) fn forgotten(&self) -> Write {
        Write::delete(Key::rate_limit(self.purpose, self.subject))
    }
}

impl SystemTable<'_> {
    /// Counts one try of `subject` as unsuccessful; how many in a row these are now. [`Error::RateLimited`] if the last
    /// one was too short ago, [`Error::Forbidden`] if there were too many.
    pub async fn count_attempt(
        &self,
        purpose: &'static str,
        subject: &str,
        limit: AttemptLimit,
        now: Timestamp,
    ) -> Result<u32> {
        let key = Key::rate_limit(purpose, subject);
        let after = |duration: SignedDuration| now.saturating_add(duration).unwrap_or(now);
        for _ in 0..TRIES {
            let seen = self.table.get_attributes(&key).await?;
            let Seen { count, next } = Seen::of(seen.as_ref(), now);
            if count >= limit.most {
                return Err(blocked());
            }
            if next > now {
                return Err(Error::RateLimited { retry_at: next });
            }
            let counted = count.saturating_add(1);
            let actions = vec![
                Action::Set(TYPE, text("attempts")),
                Action::Set("n", number(counted)),
                Action::Set("next", instant(after(limit.delay(counted)))),
                Action::Set(TTL, number(after(REMEMBERED).as_second())),
            ];
            let as_seen = match seen.as_ref().and_then(|seen| number_of::<u32>(seen, "n")) {
                Some(stored) => Condition::Equals("n", number(stored)),
                None => Condition::item_absent(),
            };
            let write = Write::update(key.clone(), actions).when(as_seen);
            if let Written::Applied(_) = self.table.write(write).await? {
                return Ok(counted);
            }
        }
        Err(Error::RateLimited {
            retry_at: after(SignedDuration::from_secs(1)),
        })
    }

    /// A try was successful: the next ones are the first again.
    pub async fn forget_attempts(&self, purpose: &'static str, subject: &str) -> Result<()> {
        let counter = AttemptCounter { purpose, subject };
        self.table.write(counter.forgotten()).await?;
        Ok(())
    }
}

/// What is known of the tries before.
struct Seen {
    count: u32,
    next: Timestamp,
}

impl Seen {
    /// Of an item that may be due to be removed.
    fn of(item: Option<&Attributes>, now: Timestamp) -> Self {
        let number = |name| item.and_then(|item| number_of::<i64>(item, name));
        let is_forgotten = number(TTL).is_none_or(|until| until <= now.as_second());
        if is_forgotten {
            return Self {
                count: 0,
                next: now,
            };
        }
        Self {
            count: number("n")
                .and_then(|count| count.try_into().ok())
                .unwrap_or(0),
            next: number("next")
                .and_then(|millis| Timestamp::from_millisecond(millis).ok())
                .unwrap_or(now),
        }
    }
}

fn blocked() -> Error {
    Error::Forbidden {
        code: "sign_in_blocked",
        detail: "too many wrong tries: sign in with a browser that you used before, let this one in by a link that we mail you, or choose a new password"
            .to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delay_doubles_after_the_free_tries_and_has_an_end() {
        let limit = AttemptLimit { free: 5, most: 100 };
        let seconds = |count| limit.delay(count).as_secs();

        assert_eq!([0, 4, 5, 6, 7].map(seconds), [0, 0, 1, 2, 4]);
        assert_eq!([14, 15, 99].map(seconds), [512, 900, 900]);
    }
}
