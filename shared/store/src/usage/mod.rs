//! What a tenant has used of its limits. Every counter is changed in the transaction of the act that it counts.

mod month;

use domain::{Error, Result};
use jiff::Timestamp;

use crate::attribute::{Attributes, number, number_of, text, text_of};
use crate::condition::{Action, Condition, Write};
use crate::item::{SCHEMA, TYPE};
use crate::key::{Counter, Key, month_text};
use crate::schema::SK;
use crate::scope::{TenantScope, TenantTable};

pub use month::MonthUsage;
pub(crate) use month::{MonthlyDemand, give_back};

pub(crate) const USED: &str = "used";

/// What is counted against a limit, and how much of it an act takes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Demand {
    pub(crate) counter: Counter,
    pub(crate) amount: u64,
    /// The most that the tenant may have altogether.
    pub(crate) limit: u64,
}

impl Demand {
    /// The write that takes the amount, refused where the limit does not allow it.
    pub(crate) fn write(self, scope: &TenantScope) -> Result<Write> {
        let Some(before) = self.limit.checked_sub(self.amount) else {
            return Err(self.refusal());
        };
        let fits = Condition::Any(vec![
            Condition::Absent(USED),
            Condition::AtMost(USED, number(before)),
        ]);
        Ok(add(scope, self.counter, i128::from(self.amount)).when(fits))
    }

    /// What the tenant is told when the write is refused.
    pub(crate) fn refusal(self) -> Error {
        let what = match self.counter {
            Counter::Accounts => "connected accounts",
            Counter::Members => "members",
            Counter::ApiKeys => "API keys",
            Counter::Roles => "roles",
            Counter::AccountGroups => "account groups",
            Counter::MediaBytes => "bytes of media",
        };
        refusal_of(what, self.limit)
    }
}

/// The write that gives an amount back.
pub(crate) fn release(scope: &TenantScope, counter: Counter, amount: u64) -> Write {
    add(scope, counter, -i128::from(amount))
}

/// What a tenant has used of its limits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// Connected accounts.
    pub accounts: u64,
    /// Members.
    pub members: u64,
    /// What is counted in the month (UTC).
    pub month: MonthUsage,
    /// Bytes of media, also those that are announced and not uploaded yet.
    pub media_bytes: u64,
}

impl TenantTable<'_> {
    /// What was used by `now`, in one read.
    pub async fn usage(&self, now: Timestamp) -> Result<Usage> {
        let [accounts, members, media_bytes] =
            [Counter::Accounts, Counter::Members, Counter::MediaBytes]
                .map(|counter| Key::usage(&self.scope, counter));
        let month = Key::month(&self.scope, &month_text(now));
        let keys = [accounts, members, media_bytes, month];
        let items = self.table.batch_get(&keys).await?;
        let [accounts, members, media_bytes, month] = keys
            .each_ref()
            .map(|key| items.iter().find(|item| text_of(item, SK) == Some(&key.sk)));
        let used = |item: Option<&Attributes>| item.and_then(used_in).unwrap_or(0);
        Ok(Usage {
            accounts: used(accounts),
            members: used(members),
            media_bytes: used(media_bytes),
            month: month.map(MonthUsage::of).unwrap_or_default(),
        })
    }

    /// Connected accounts, as counted.
    pub async fn accounts_used(&self) -> Result<u64> {
        self.used(Counter::Accounts).await
    }

    /// Members, as counted.
    pub async fn members_used(&self) -> Result<u64> {
        self.used(Counter::Members).await
    }

    /// Bytes of media, as counted: also those that are announced and not uploaded yet.
    pub async fn media_bytes_used(&self) -> Result<u64> {
        self.used(Counter::MediaBytes).await
    }

    async fn used(&self, counter: Counter) -> Result<u64> {
        let key = Key::usage(&self.scope, counter);
        let item = self.table.get_attributes(&key).await?;
        Ok(item.as_ref().and_then(used_in).unwrap_or(0))
    }
}

fn refusal_of(what: &'static str, limit: u64) -> Error {
    Error::QuotaExceeded { what, limit }
}

fn used_in(item: &Attributes) -> Option<u64> {
    number_of(item, USED)
}

fn add(scope: &TenantScope, counter: Counter, amount: i128) -> Write {
    Write::update(
        Key::usage(scope, counter),
        vec![
            Action::Add(USED, number(amount)),
            Action::Set(TYPE, text("usage")),
            Action::Set(SCHEMA, number(1)),
        ],
    )
}
