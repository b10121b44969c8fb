//! Exact limits over all instances: the generic cell rate algorithm (GCRA) on one number per subject, the *theoretical
//! arrival time*.

use domain::{Error, Result};
use jiff::{SignedDuration, Timestamp};

use crate::attribute::{Attributes, instant, number, text};
use crate::condition::{Action, Condition, Write};
use crate::item::TYPE;
use crate::key::Key;
use crate::schema::TTL;
use crate::scope::SystemTable;
use crate::table::Written;

/// How often something may happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RateLimit {
    /// How many may come at once.
    pub burst: u32,
    /// How long it takes until one more may come.
    pub interval: SignedDuration,
}

impl RateLimit {
    /// `burst` at once, and as many again in every `period`.
    pub fn per(burst: u32, period: SignedDuration) -> Self {
        let burst = burst.max(1);
        let interval = period
            .checked_div(i32::try_from(burst).unwrap_or(i32::MAX))
            .unwrap_or(period);
        Self { burst, interval }
    }
}

impl SystemTable<'_> {
    /// Counts one act of `subject`; [`Error::RateLimited`] if it is one too many. At most two conditional updates,
    /// each atomic, so that all instances together keep the limit.
    pub async fn admit(
        &self,
        purpose: &'static str,
        subject: &str,
        limit: RateLimit,
        now: Timestamp,
    ) -> Result<()> {
        let key = Key::rate_limit(purpose, subject);
        let after = |duration: SignedDuration| now.saturating_add(duration).unwrap_or(now);
        let tolerance = limit
            .interval
            .saturating_mul(i32::try_from(limit.burst.saturating_sub(1)).unwrap_or(i32::MAX));
        let forget_at = after(tolerance.saturating_add(limit.interval)).as_second() + 60;

        let idle = Condition::Any(vec![
            Condition::item_absent(),
            Condition::Below("tat", instant(now)),
        ]);
        let first = vec![
            Action::Set(TYPE, text("rate_limit")),
            Action::Set("tat", instant(after(limit.interval))),
            Action::Set(TTL, number(forget_at)),
        ];
        let write = Write::update(key.clone(), first).when(idle);
        if let Written::Applied(_) = self.table.write(write).await? {
            return Ok(());
        }

        let within_burst = Condition::AtMost("tat", instant(after(tolerance)));
        let one_more = vec![
            Action::Add("tat", number(limit.interval.as_millis())),
            Action::Set(TTL, number(forget_at)),
        ];
        let write = Write::update(key, one_more).when(within_burst);
        match self.table.write(write).await? {
            Written::Applied(_) => Ok(()),
            Written::Refused(old) => {
                let free_at = old
                    .and_then(|old| arrival_time(&old))
                    .and_then(|arrival| arrival.saturating_sub(tolerance).ok());
                let retry_at = free_at.unwrap_or_else(|| after(limit.interval));
                Err(Error::RateLimited { retry_at })
            }
        }
    }

    /// Takes back one act that [`Self::admit`] counted, once it turns out to be none of those that are limited.
    pub async fn give_back(
        &self,
        purpose: &'static str,
        subject: &str,
        limit: RateLimit,
    ) -> Result<()> {
        let less = vec![Action::Add("tat", number(-limit.interval.as_millis()))];
        let write = Write::update(Key::rate_limit(purpose, subject), less);
        // Where the item is gone by now, nothing is counted any more.
        self.table
            .write(write.when(Condition::item_exists()))
            .await?;
        Ok(())
    }
}

/// The write, for a transaction, that something of `subject` happens once in `pause`: refused until then.
pub(crate) fn once(
    purpose: &'static str,
    subject: &str,
    pause: SignedDuration,
    now: Timestamp,
) -> Write {
    let until = now.saturating_add(pause).unwrap_or(now);
    let actions = vec![
        Action::Set(TYPE, text("rate_limit")),
        Action::Set("tat", instant(until)),
        Action::Set(TTL, number(until.as_second() + 60)),
    ];
    let is_over = Condition::Any(vec![
        Condition::item_absent(),
        Condition::AtMost("tat", instant(now)),
    ]);
    Write::update(Key::rate_limit(purpose, subject), actions).when(is_over)
}

fn arrival_time(attributes: &Attributes) -> Option<Timestamp> {
    let millis = attributes.get("tat")?.as_n().ok()?.parse().ok()?;
    Timestamp::from_millisecond(millis).ok()
}
