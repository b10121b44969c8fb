//! Limits that many instances keep together without asking for each request: an instance takes some requests at a time
//! from one item, and spends them by itself. The item is a generic cell rate algorithm (GCRA) like that of
//! [`crate::RateLimit`], in microseconds.

use domain::Result;
use jiff::{SignedDuration, Timestamp};

use crate::attribute::{Attributes, number, number_of, text};
use crate::condition::{Action, Condition, Write};
use crate::item::TYPE;
use crate::key::Key;
use crate::schema::TTL;
use crate::scope::SystemTable;
use crate::table::Written;

/// The theoretical arrival time of the next request.
const ARRIVAL: &str = "tat";
/// An item that nobody needs any more is removed after this.
const FORGOTTEN_SECONDS: i64 = 60;

/// How many requests a subject may make, all instances together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RequestRate {
    /// In each second, on the average.
    pub per_second: u32,
    /// At once, after a pause.
    pub burst: u32,
}

/// What an instance got.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lease {
    /// Requests that it may let through.
    pub granted: u32,
    /// What is left for all others, as it was then.
    pub left: u32,
    /// When there is something again, if it got nothing.
    pub retry_at: Timestamp,
}

impl RequestRate {
    /// Microseconds of one request.
    fn interval(self) -> i64 {
        1_000_000 / i64::from(self.per_second.max(1))
    }

    fn capacity(self) -> i64 {
        self.interval() * i64::from(self.burst.max(1))
    }

    /// How many fit in at `now`, if the next is expected at `arrival`.
    fn free(self, now: i64, arrival: i64) -> u32 {
        let free = (now + self.capacity() - arrival.max(now)) / self.interval();
        u32::try_from(free).unwrap_or(0)
    }
}

impl SystemTable<'_> {
    /// Takes up to `wanted` requests of a subject. One conditional update where nobody else took any lately, at most
    /// three where they did.
    pub async fn lease(
        &self,
        purpose: &'static str,
        subject: &str,
        rate: RequestRate,
        wanted: u32,
        now: Timestamp,
    ) -> Result<Lease> {
        let key = Key::rate_limit(purpose, subject);
        let micros = now.as_microsecond();
        let mut wanted = wanted.clamp(1, rate.burst.max(1));
        let taken = |count: u32| rate.interval() * i64::from(count);

        let idle = Condition::Any(vec![
            Condition::item_absent(),
            Condition::Below(ARRIVAL, number(micros)),
        ]);
        let first = vec![
            Action::Set(TYPE, text("rate_lease")),
            Action::Set(ARRIVAL, number(micros + taken(wanted))),
            Action::Set(TTL, number(now.as_second() + FORGOTTEN_SECONDS)),
        ];
        let write = Write::update(key.clone(), first).when(idle);
        let mut arrival = match self.table.write(write).await? {
            Written::Applied(after) => return Ok(granted(rate, wanted, micros, &after)),
            Written::Refused(old) => arrival_of(old.as_ref(), micros),
        };
        // Others take at the same time: what they left is tried twice.
        for _ in 0..2 {
            wanted = wanted.min(rate.free(micros, arrival));
            if wanted == 0 {
                break;
            }
            let at_most = micros + rate.capacity() - taken(wanted);
            let more = vec![
                Action::Add(ARRIVAL, number(taken(wanted))),
                Action::Set(TTL, number(now.as_second() + FORGOTTEN_SECONDS)),
            ];
            let fits = Condition::All(vec![
                Condition::AtMost(ARRIVAL, number(at_most)),
                Condition::Above(ARRIVAL, number(micros - 1)),
            ]);
            let write = Write::update(key.clone(), more).when(fits);
            arrival = match self.table.write(write).await? {
                Written::Applied(after) => return Ok(granted(rate, wanted, micros, &after)),
                Written::Refused(old) => arrival_of(old.as_ref(), micros),
            };
        }
        let full = arrival - rate.capacity() + rate.interval() - micros;
        let wait = SignedDuration::from_micros(full.max(rate.interval()));
        Ok(Lease {
            granted: 0,
            left: 0,
            retry_at: now.saturating_add(wait).unwrap_or(now),
        })
    }
}

fn granted(rate: RequestRate, count: u32, now: i64, after: &Attributes) -> Lease {
    Lease {
        granted: count,
        left: rate.free(now, arrival_of(Some(after), now)),
        retry_at: Timestamp::from_microsecond(now).unwrap_or_default(),
    }
}

fn arrival_of(item: Option<&Attributes>, now: i64) -> i64 {
    item.and_then(|item| number_of(item, ARRIVAL))
        .unwrap_or(now)
}
