//! The table: what the protocol keeps, with the conditions of the domain and an index that may lag.

use std::collections::BTreeMap;

use domain::delivery::{Attempt, Delivery, Fence, State, Transition};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, civil::Date};

use crate::account::Account;

/// Number of a delivery in a simulation.
pub(crate) type Id = usize;

/// Number of a text: equal where readers see the same.
pub(crate) type Text = u32;

/// What a write of a transition came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    Done(Delivery),
    Refused(Delivery),
}

/// What the index by attention and the one by deadline show of a delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) id: Id,
    pub(crate) attention: Option<Timestamp>,
    pub(crate) deadline: Option<Timestamp>,
    pub(crate) state: State,
    pub(crate) revision: u32,
    pub(crate) not_before: Option<Timestamp>,
}

/// A write, as it happened: what another table must answer to it.
#[derive(Clone, Debug)]
pub(crate) struct Written {
    pub(crate) id: Id,
    pub(crate) transition: Transition,
    pub(crate) verdict: Verdict,
}

#[derive(Clone, Debug)]
struct Row {
    delivery: Delivery,
    operation: u64,
    /// What the index showed since when.
    shown: Vec<(Timestamp, Entry)>,
}

/// Whether an account may post now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Slot {
    Granted,
    NotBefore(Timestamp),
}

#[derive(Clone, Debug, Default)]
struct Budget {
    next_free: Option<Timestamp>,
    day: Option<Date>,
    used: u32,
}

/// All that is stored. One account, for deliveries of several meet only there.
#[derive(Clone, Debug, Default)]
pub(crate) struct Table {
    rows: Vec<Row>,
    attempts: BTreeMap<(Id, Fence), Attempt>,
    budget: Budget,
    /// The text of each revision of a body.
    texts: BTreeMap<(Id, u32), Text>,
    /// Which delivery a remote post counts for.
    owners: BTreeMap<String, Id>,
    pub(crate) account: Account,
    /// Everything that was written, if somebody wants to know.
    pub(crate) written: Option<Vec<Written>>,
}

impl Table {
    pub(crate) fn create(&mut self, delivery: Delivery, text: Text, now: Timestamp) -> Id {
        let id = self.rows.len();
        self.texts.insert((id, delivery.body), text);
        let shown = vec![(now, entry(id, &delivery))];
        self.rows.push(Row {
            delivery,
            operation: 0,
            shown,
        });
        id
    }

    pub(crate) fn len(&self) -> usize {
        self.rows.len()
    }

    pub(crate) fn delivery(&self, id: Id) -> &Delivery {
        &self.rows[id].delivery
    }

    /// This table as it was when `backup` was made. What was written is history all the same.
    pub(crate) fn restore(&mut self, backup: &Self, now: Timestamp) {
        let written = self.written.take();
        self.clone_from(backup);
        self.written = written;
        for (id, row) in self.rows.iter_mut().enumerate() {
            row.shown.push((now, entry(id, &row.delivery)));
        }
    }

    pub(crate) fn deliveries(&self) -> impl Iterator<Item = (Id, &Delivery)> {
        self.rows.iter().map(|row| &row.delivery).enumerate()
    }

    /// One conditional write. `operation` is the writer's: a repeat of a write that happened is refused, and `Err` tells
    /// the writer so, with the delivery as it is.
    pub(crate) fn step(
        &mut self,
        id: Id,
        transition: &Transition,
        operation: u64,
        now: Timestamp,
    ) -> Result<Verdict, Box<Delivery>> {
        let row = &mut self.rows[id];
        let verdict = match row.delivery.apply(transition) {
            Ok(next) => {
                row.delivery = next.clone();
                row.operation = operation;
                let entry = entry(id, &next);
                if row.shown.last().is_none_or(|(_, last)| *last != entry) {
                    row.shown.push((now, entry));
                }
                Verdict::Done(next)
            }
            Err(_) if row.operation == operation => return Err(Box::new(row.delivery.clone())),
            Err(_) => Verdict::Refused(row.delivery.clone()),
        };
        if let Some(written) = &mut self.written {
            written.push(Written {
                id,
                transition: transition.clone(),
                verdict: verdict.clone(),
            });
        }
        Ok(verdict)
    }

    /// The text of a body; a revision that is new gets `new`.
    pub(crate) fn write_text(&mut self, id: Id, body: u32, new: Text) {
        self.texts.entry((id, body)).or_insert(new);
    }

    pub(crate) fn text(&self, id: Id, body: u32) -> Text {
        self.texts[&(id, body)]
    }

    /// Takes a remote post for a delivery; `false` where another delivery has it.
    pub(crate) fn own_remote_post(&mut self, id: Id, remote_id: &str) -> bool {
        *self.owners.entry(remote_id.to_owned()).or_insert(id) == id
    }

    pub(crate) fn record(&mut self, id: Id, fence: Fence, attempt: Attempt) {
        self.attempts.insert((id, fence), attempt);
    }

    pub(crate) fn attempt(&self, id: Id, fence: Fence) -> Option<Attempt> {
        self.attempts.get(&(id, fence)).cloned()
    }

    /// What the indexes showed at `at`.
    pub(crate) fn index(&self, at: Timestamp) -> Vec<Entry> {
        self.rows
            .iter()
            .filter_map(|row| {
                let shown = row.shown.iter().rev().find(|(since, _)| *since <= at);
                shown.map(|(_, entry)| *entry)
            })
            .collect()
    }

    /// The account's pace, as `shared/store` keeps it.
    pub(crate) fn reserve_slot(
        &mut self,
        gap: SignedDuration,
        daily: u32,
        reserved: Option<Timestamp>,
        now: Timestamp,
    ) -> Slot {
        if gap.is_zero() && daily == 0 {
            return Slot::Granted;
        }
        let budget = &mut self.budget;
        let day = now.to_zoned(TimeZone::UTC).date();
        let later = |at: Timestamp| at.checked_add(gap).unwrap();
        let holds_turn = reserved.is_some_and(|turn| turn <= now && now < later(turn));
        let is_new_day = budget.day.is_none_or(|counted| counted < day);
        let has_room = is_new_day || daily == 0 || budget.used < daily;
        let is_free = holds_turn || budget.next_free.is_none_or(|free| free <= now);
        if has_room && is_free {
            budget.used = if is_new_day { 1 } else { budget.used + 1 };
            budget.day = Some(day);
            if !holds_turn {
                budget.next_free = Some(later(now));
            }
            return Slot::Granted;
        }
        if !has_room {
            let tomorrow = day.tomorrow().unwrap().to_zoned(TimeZone::UTC).unwrap();
            return Slot::NotBefore(tomorrow.timestamp());
        }
        let turn = budget.next_free.unwrap_or(now);
        budget.next_free = Some(later(turn));
        Slot::NotBefore(turn)
    }
}

fn entry(id: Id, delivery: &Delivery) -> Entry {
    Entry {
        id,
        attention: delivery.attention,
        deadline: delivery.deadline,
        state: delivery.state,
        revision: delivery.revision,
        not_before: delivery.not_before,
    }
}
