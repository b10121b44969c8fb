//! The pace of an account: a gap between posts and a number per day, each kept by one conditional update.

use domain::network::Rules;
use domain::{AccountId, Result};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use crate::attribute::{Attributes, instant, number, number_of, text, text_of};
use crate::condition::{Action, Condition, Write};
use crate::item::{SCHEMA, TYPE};
use crate::key::Key;
use crate::scope::TenantTable;
use crate::table::Written;

/// The instant from which the next post may go out.
const NEXT_FREE: &str = "free";
/// The day (UTC) that is counted.
const DAY: &str = "day";
/// Posts on that day.
const USED: &str = "used";

/// Whether an account may post now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Slot {
    /// It may, and this post is counted.
    Granted,
    /// Not now. The instant is reserved for the caller, who comes back then and names it.
    Reserved(Timestamp),
    /// Not today: the network's daily number is used up until this instant. Nothing is reserved.
    DayIsFull(Timestamp),
}

impl TenantTable<'_> {
    /// Asks whether an account may post at `now`, within the gap and the daily number of `rules`. `reserved` is the
    /// instant that an earlier answer reserved; it is honoured until a gap after it, so that everybody who waited gets
    /// a turn and nobody's late arrival makes two posts at once.
    pub async fn reserve_slot(
        &self,
        account: AccountId,
        rules: &Rules,
        reserved: Option<Timestamp>,
        now: Timestamp,
    ) -> Result<Slot> {
        let pace = Pace {
            key: Key::account_budget(&self.scope, account),
            gap: SignedDuration::from_secs(i64::from(rules.gap_seconds)),
            daily: rules.daily_posts_max,
            now,
        };
        if pace.is_free() {
            return Ok(Slot::Granted);
        }
        let holds_turn = reserved.is_some_and(|turn| turn <= now && now < later(turn, pace.gap));
        let Written::Refused(old) = self.table.write(pace.one_more_today(holds_turn)).await? else {
            return Ok(Slot::Granted);
        };
        let old = old.unwrap_or_default();
        if pace.is_new_day(&old) {
            let first = pace.first_today(holds_turn);
            if let Written::Applied(_) = self.table.write(first).await? {
                return Ok(Slot::Granted);
            }
        } else if pace.is_day_full(&old) {
            return Ok(Slot::DayIsFull(pace.next_day()));
        }
        match self.table.write(pace.next_turn()).await? {
            Written::Applied(new) => Ok(Slot::Reserved(pace.turn_before(&new))),
            // The gap ended between the writes: this very moment is as good as any.
            Written::Refused(_) => Ok(Slot::Reserved(now)),
        }
    }
}

struct Pace {
    key: Key,
    gap: SignedDuration,
    daily: u32,
    now: Timestamp,
}

impl Pace {
    fn is_free(&self) -> bool {
        self.gap.is_zero() && self.daily == 0
    }

    fn day(&self) -> Date {
        self.now.to_zoned(TimeZone::UTC).date()
    }

    fn next_day(&self) -> Timestamp {
        self.day()
            .tomorrow()
            .and_then(|day| day.to_zoned(TimeZone::UTC))
            .map_or(self.now, |midnight| midnight.timestamp())
    }

    fn is_new_day(&self, budget: &Attributes) -> bool {
        text_of(budget, DAY) != Some(self.day().to_string().as_str())
    }

    fn is_day_full(&self, budget: &Attributes) -> bool {
        self.daily > 0 && number_of::<u32>(budget, USED).is_some_and(|used| used >= self.daily)
    }

    fn one_more_today(&self, holds_turn: bool) -> Write {
        let mut conditions = vec![Condition::Equals(DAY, text(self.day()))];
        if self.daily > 0 {
            conditions.push(Condition::Below(USED, number(self.daily)));
        }
        let mut actions = vec![Action::Add(USED, number(1))];
        self.add_gap(holds_turn, &mut conditions, &mut actions);
        Write::update(self.key.clone(), actions).when(Condition::All(conditions))
    }

    fn first_today(&self, holds_turn: bool) -> Write {
        let mut conditions = vec![Condition::Any(vec![
            Condition::Absent(DAY),
            Condition::Below(DAY, text(self.day())),
        ])];
        let mut actions = vec![
            Action::Set(DAY, text(self.day())),
            Action::Set(USED, number(1)),
            Action::Set(TYPE, text("account_budget")),
            Action::Set(SCHEMA, number(1)),
        ];
        self.add_gap(holds_turn, &mut conditions, &mut actions);
        Write::update(self.key.clone(), actions).when(Condition::All(conditions))
    }

    /// Whoever holds a turn has moved the next free instant already.
    fn add_gap(
        &self,
        holds_turn: bool,
        conditions: &mut Vec<Condition>,
        actions: &mut Vec<Action>,
    ) {
        if !holds_turn {
            conditions.push(Condition::Any(vec![
                Condition::Absent(NEXT_FREE),
                Condition::AtMost(NEXT_FREE, instant(self.now)),
            ]));
            actions.push(Action::Set(NEXT_FREE, instant(later(self.now, self.gap))));
        }
    }

    fn next_turn(&self) -> Write {
        let gap = Action::Add(NEXT_FREE, number(self.gap.as_millis()));
        let is_taken = Condition::Below(NEXT_FREE, instant(Timestamp::MAX));
        Write::update(self.key.clone(), vec![gap]).when(is_taken)
    }

    fn turn_before(&self, budget: &Attributes) -> Timestamp {
        number_of::<i64>(budget, NEXT_FREE)
            .and_then(|millis| Timestamp::from_millisecond(millis).ok())
            .and_then(|free| free.checked_sub(self.gap).ok())
            .unwrap_or(self.now)
    }
}

fn later(instant: Timestamp, by: SignedDuration) -> Timestamp {
    instant.saturating_add(by).unwrap_or(instant)
}
