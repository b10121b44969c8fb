//! What is counted by the month (UTC): posts that are made in it, and targets that are due in it.
//!
//! A target counts from the act that plans it until one that takes its time away, so what is out was counted before:
//! nothing is refused, and nothing is counted, when its time has come.

use std::collections::BTreeMap;

use domain::delivery::Delivery;
use domain::tenant::Limits;
use domain::{Error, Result};
use jiff::Timestamp;

use super::{USED, refusal_of};
use crate::attribute::{Attributes, number, number_of, text, text_of};
use crate::condition::{Action, Condition, Write};
use crate::item::{SCHEMA, TYPE};
use crate::key::{Key, month_text};
use crate::schema::SK;
use crate::scope::{TenantScope, TenantTable};
use crate::transaction::RefusedWrite;

/// Targets that are due in the month. What was planned before targets were counted is given back without having been
/// taken, so the count can be below zero.
const TARGETS: &str = "targets";

/// What was counted in a month (UTC).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MonthUsage {
    /// Posts that were made in it.
    pub posts: u64,
    /// Targets that are due in it and not cancelled: scheduled, and out.
    pub targets: u64,
}

impl MonthUsage {
    pub(super) fn of(item: &Attributes) -> Self {
        Self {
            posts: number_of(item, USED).unwrap_or(0),
            targets: number_of(item, TARGETS).unwrap_or(0),
        }
    }
}

impl TenantTable<'_> {
    /// What is counted by now in the months of these instants, in their order, in one read.
    pub async fn months_used<const N: usize>(
        &self,
        months: [Timestamp; N],
    ) -> Result<[MonthUsage; N]> {
        let keys = months.map(|month| Key::month(&self.scope, &month_text(month)));
        let mut wanted = keys.to_vec();
        wanted.sort();
        wanted.dedup();
        let items = self.table.batch_get(&wanted).await?;
        Ok(keys.map(|key| {
            let mut items = items.iter();
            let item = items.find(|item| text_of(item, SK) == Some(&key.sk));
            item.map(MonthUsage::of).unwrap_or_default()
        }))
    }
}

/// What an act takes of the months of a tenant, and gives back.
#[derive(Debug)]
pub(crate) struct MonthlyDemand {
    limits: Limits,
    months: BTreeMap<String, Taken>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Taken {
    posts: u64,
    /// Below zero where more is given back.
    targets: i64,
}

impl MonthlyDemand {
    pub(crate) fn new(limits: Limits) -> Self {
        Self {
            limits,
            months: BTreeMap::new(),
        }
    }

    /// A post is made.
    pub(crate) fn make_post(&mut self, at: Timestamp) {
        self.month(at).posts += 1;
    }

    /// A delivery becomes another one; `None` is one that does not exist. Whether that moves a count, so that it may
    /// happen only to the plan that was seen.
    pub(crate) fn change(&mut self, before: Option<&Delivery>, after: Option<&Delivery>) -> bool {
        let [before, after] =
            [before, after].map(|delivery| delivery.and_then(Delivery::counted_at));
        if before.map(month_text) == after.map(month_text) {
            return false;
        }
        if let Some(month) = before {
            self.month(month).targets -= 1;
        }
        if let Some(month) = after {
            self.month(month).targets += 1;
        }
        true
    }

    /// The writes, one for each month whose counts change; refused where a limit does not allow them.
    pub(crate) fn writes(&mut self, scope: &TenantScope) -> Result<Vec<Write>> {
        self.months
            .retain(|_, taken| taken.posts != 0 || taken.targets != 0);
        let months = self.months.iter();
        months
            .map(|(month, taken)| self.write(Key::month(scope, month), *taken))
            .collect()
    }

    /// What the tenant is told when these of the writes were refused.
    pub(crate) fn refusal(&self, refused: &[RefusedWrite]) -> Error {
        let is_of_posts = refused.iter().any(|write| {
            let taken = self.months.values().nth(write.index).copied();
            let old = write.old.as_ref().map(MonthUsage::of).unwrap_or_default();
            taken.is_some_and(|taken| {
                old.posts.saturating_add(taken.posts) > self.limits.posts_per_month
            })
        });
        if is_of_posts {
            self.refusal_of_posts()
        } else {
            self.refusal_of_targets()
        }
    }

    fn write(&self, key: Key, Taken { posts, targets }: Taken) -> Result<Write> {
        let mut actions = Vec::new();
        let mut fits = Vec::new();
        if posts > 0 {
            let before = self.limits.posts_per_month.checked_sub(posts);
            let before = before.ok_or_else(|| self.refusal_of_posts())?;
            fits.push(at_most(USED, before));
            actions.push(Action::Add(USED, number(posts)));
        }
        if let Ok(targets @ 1..) = u64::try_from(targets) {
            let before = self.limits.targets_per_month.checked_sub(targets);
            let before = before.ok_or_else(|| self.refusal_of_targets())?;
            fits.push(at_most(TARGETS, before));
        }
        if targets != 0 {
            actions.push(Action::Add(TARGETS, number(targets)));
        }
        let write = update(key, actions);
        Ok(if fits.is_empty() {
            write
        } else {
            write.when(Condition::All(fits))
        })
    }

    fn month(&mut self, of: Timestamp) -> &mut Taken {
        self.months.entry(month_text(of)).or_default()
    }

    fn refusal_of_posts(&self) -> Error {
        refusal_of("posts in a month", self.limits.posts_per_month)
    }

    fn refusal_of_targets(&self) -> Error {
        let what = "scheduled and published targets in a month";
        refusal_of(what, self.limits.targets_per_month)
    }
}

/// The write that gives back what a delivery counts that is cancelled.
pub(crate) fn give_back(scope: &TenantScope, delivery: &Delivery) -> Option<Write> {
    let month = Key::month(scope, &month_text(delivery.counted_at()?));
    Some(update(month, vec![Action::Add(TARGETS, number(-1))]))
}

fn update(month: Key, mut actions: Vec<Action>) -> Write {
    actions.push(Action::Set(TYPE, text("usage")));
    actions.push(Action::Set(SCHEMA, number(1)));
    Write::update(month, actions)
}

fn at_most(counter: &'static str, before: u64) -> Condition {
    Condition::Any(vec![
        Condition::Absent(counter),
        Condition::AtMost(counter, number(before)),
    ])
}
