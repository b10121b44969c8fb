//! What a tenant has used of its limits. Every counter is changed in the transaction of the act that it counts.

use domain::{Error, Result};
use jiff::Timestamp;

use crate::attribute::{Attributes, number, number_of, text, text_of};
use crate::condition::{Action, Condition, Write};
use crate::item::{SCHEMA, TYPE};
use crate::key::{Counter, Key};
use crate::schema::SK;
use crate::scope::{TenantScope, TenantTable};

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
        Error::QuotaExceeded {
            what: match self.counter {
                Counter::Accounts => "connected accounts",
                Counter::Members => "members",
                Counter::ApiKeys => "API keys",
                Counter::Roles => "roles",
                Counter::AccountGroups => "account groups",
                Counter::MediaBytes => "bytes of media",
                Counter::PostsOf(_) => "posts in a month",
            },
            limit: self.limit,
        }
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
    /// Posts created in the month (UTC).
    pub posts: u64,
    /// Bytes of media, also those that are announced and not uploaded yet.
    pub media_bytes: u64,
}

impl TenantTable<'_> {
    /// What was used by `now`, in one read.
    pub async fn usage(&self, now: Timestamp) -> Result<Usage> {
        let counters = [
            Counter::Accounts,
            Counter::Members,
            Counter::PostsOf(now),
            Counter::MediaBytes,
        ];
        let keys = counters.map(|counter| Key::usage(&self.scope, counter));
        let items = self.table.batch_get(&keys).await?;
        let used = |key: &Key| {
            let item = items.iter().find(|item| text_of(item, SK) == Some(&key.sk));
            item.and_then(used_in).unwrap_or(0)
        };
        let [accounts, members, posts, media_bytes] = keys.each_ref().map(used);
        Ok(Usage {
            accounts,
            members,
            posts,
            media_bytes,
        })
    }

    /// Posts of the month (UTC) of `now`, as counted.
    pub async fn posts_used(&self, now: Timestamp) -> Result<u64> {
        self.used(Counter::PostsOf(now)).await
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
