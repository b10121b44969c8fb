//! How many targets of a month are out.
//!
//! Publishing counts nothing: an item that every publication of a tenant writes would cost units, and bound how many go
//! out at once. Whoever asks counts the cards of the calendar, and what cannot change any more is not counted again.

use domain::delivery::VisibleState;
use domain::{AccountId, PostId, Result, TenantId};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::cards::{CardTarget, Entry, position_of};
use crate::attribute::text;
use crate::condition::{Condition, Write};
use crate::deliveries::calendar_sort;
use crate::item::{Item, encode};
use crate::key::{Key, calendar_partition, month_text, time_text};
use crate::schema::BY_CALENDAR;
use crate::scope::{TenantScope, TenantTable};
use crate::table::{Query, Range};

/// The index shows within seconds what is written. What was due so long ago is in it, and nothing new becomes due then.
const INDEX_LAG: SignedDuration = SignedDuration::from_mins(10);

/// What is out of a month.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Published {
    /// Targets that are out, or handed over.
    pub targets: u64,
    /// Those that were due before this time are counted. It lies back where there are more than one question may read;
    /// the next question goes on.
    pub counted_until: Timestamp,
}

/// How much one question may read.
#[derive(Clone, Copy, Debug)]
pub struct CountEffort {
    /// Most queries.
    pub queries: usize,
    /// Most entries of each.
    pub entries: i32,
}

impl CountEffort {
    /// About eight megabytes: less than a second.
    pub const DEFAULT: Self = Self {
        queries: 8,
        entries: 2_500,
    };
}

#[derive(Debug, Serialize, Deserialize)]
struct PublishedItem {
    ten: TenantId,
    month: String,
    /// Targets that are out, up to and with the entry `last`.
    n: u64,
    /// Where that stands in the calendar: nothing up to it changes any more.
    last: String,
}

impl Item for PublishedItem {
    const TYPE: &'static str = "published";

    fn key(&self) -> Key {
        Key::published(&TenantScope::of_own_item(self.ten), &self.month)
    }
}

impl TenantTable<'_> {
    /// How many targets that were due in the month (UTC) of `now`, and before it, are out.
    pub async fn published(&self, now: Timestamp, effort: CountEffort) -> Result<Published> {
        let month = month_text(now);
        let known: Option<PublishedItem> =
            self.table.get(&Key::published(&self.scope, &month)).await?;
        let (begin, targets) = match &known {
            // `~` sorts after everything that a sort key goes on with.
            Some(known) => (format!("{}~", known.last), known.n),
            None => (month.clone(), 0),
        };
        let mut count = Count {
            targets,
            horizon: now.saturating_sub(INDEX_LAG).unwrap_or(now),
            is_final: true,
            last_final: None,
        };
        let end = time_text(now);
        if begin >= end {
            // Somebody whose clock is ahead was here.
            return Ok(count.published(now));
        }
        let partition = calendar_partition(self.scope.tenant(), now);
        let query = Query::of_index(BY_CALENDAR, partition, Range::Between(begin, end))
            .without_keys()
            .limit(effort.entries);
        let mut start = None;
        for _ in 0..effort.queries {
            let page = self.table.query(&query, start).await?;
            for entry in page.items {
                if let Entry::Target(post, target) = Entry::read(entry)? {
                    count.add(post, &target);
                }
            }
            start = page.next;
            if start.is_none() {
                break;
            }
        }
        let counted_until = match &start {
            Some(place) => position_of(place)?.due,
            None => now,
        };
        if let Some(final_until) = &count.last_final {
            self.remember_published(month, final_until).await?;
        }
        Ok(count.published(counted_until))
    }

    /// Whoever got further meanwhile is right, too.
    async fn remember_published(&self, month: String, until: &Final) -> Result<()> {
        let item = PublishedItem {
            ten: self.scope.tenant(),
            month,
            n: until.targets,
            last: calendar_sort(until.due, until.post, until.account),
        };
        let is_further = Condition::Any(vec![
            Condition::item_absent(),
            Condition::Below("last", text(&item.last)),
        ]);
        self.table
            .write(Write::put(item.key(), encode(&item)?).when(is_further))
            .await?;
        Ok(())
    }
}

/// A count of entries in the order of the calendar.
struct Count {
    targets: u64,
    /// What is due later is not final.
    horizon: Timestamp,
    /// Whether everything so far is final.
    is_final: bool,
    last_final: Option<Final>,
}

/// The last entry up to which all are final, and what is out with it.
struct Final {
    targets: u64,
    due: Timestamp,
    post: PostId,
    account: AccountId,
}

impl Count {
    fn add(&mut self, post: PostId, target: &CardTarget) {
        let Some(due) = target.due else {
            return;
        };
        let end = End::of(target.state);
        if end == End::Out {
            self.targets += 1;
        }
        self.is_final &= end != End::Open && due <= self.horizon;
        if self.is_final {
            self.last_final = Some(Final {
                targets: self.targets,
                due,
                post,
                account: target.account,
            });
        }
    }

    fn published(&self, counted_until: Timestamp) -> Published {
        Published {
            targets: self.targets,
            counted_until,
        }
    }
}

/// How a target ended.
#[derive(PartialEq, Eq)]
enum End {
    /// It is, or was, out.
    Out,
    /// It did not go out at this time; a retry has another one.
    NotOut,
    /// That is not known yet.
    Open,
}

impl End {
    fn of(state: VisibleState) -> Self {
        match state {
            VisibleState::Published | VisibleState::HandedOver | VisibleState::RemovedRemotely => {
                Self::Out
            }
            VisibleState::Failed | VisibleState::Cancelled | VisibleState::Missed => Self::NotOut,
            VisibleState::Draft
            | VisibleState::InReview
            | VisibleState::Scheduled
            | VisibleState::Held
            | VisibleState::Queued
            | VisibleState::Publishing
            | VisibleState::Processing
            | VisibleState::OutcomeUnknown => Self::Open,
        }
    }
}
