//! What the items of exports and imports have in common.

use domain::transfer::Pace;
use domain::{Error, Result, TenantId, UserId};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::attribute::{millis, optional_millis};
use crate::item::{Item, decode};
use crate::key::{Key, exports_partition};
use crate::schema::BY_ATTENTION;
use crate::scope::TenantTable;
use crate::shard::{AttentionKind, TRANSFERS_PARTITION, attention_at};
use crate::table::{Query, Range};

/// Who asked for an export or an import, and when its next step may be made: attributes of its own item.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Head<Id> {
    pub(super) id: Id,
    pub(super) ten: TenantId,
    pub(super) by: UserId,
    #[serde(with = "millis")]
    pub(super) ca: Timestamp,
    #[serde(default)]
    pub(super) fails: u32,
    #[serde(
        default,
        with = "optional_millis",
        skip_serializing_if = "Option::is_none"
    )]
    pub(super) next: Option<Timestamp>,
    pub(super) kind: AttentionKind,
    pub(super) exp: i64,
}

impl<Id: std::fmt::Display> Head<Id> {
    /// When its steps are made.
    pub(super) fn pace(&self) -> Pace {
        Pace {
            failures: self.fails,
            next_at: self.next.unwrap_or(self.ca),
        }
    }

    /// What puts it into the index while somebody must work on it.
    pub(super) fn index_keys(&self, is_under_way: bool) -> Vec<(&'static str, String)> {
        if !is_under_way {
            return Vec::new();
        }
        let at = attention_at(self.pace().next_at, &self.id);
        vec![
            (BY_ATTENTION.partition, TRANSFERS_PARTITION.to_owned()),
            (BY_ATTENTION.sort, at),
        ]
    }
}

/// An export or an import, as it is kept until it expires.
pub(super) trait Kept: Sized {
    /// How it is stored.
    type Item: Item;

    fn expires_at(&self) -> Timestamp;
}

impl TenantTable<'_> {
    /// The one at `key`, unless it has expired: the table removes it days later.
    pub(super) async fn kept<T>(&self, key: &Key, now: Timestamp) -> Result<Option<T>>
    where
        T: Kept + TryFrom<T::Item, Error = Error>,
    {
        let found: Option<T::Item> = self.table.get(key).await?;
        let found = found.map(T::try_from).transpose()?;
        Ok(found.filter(|found| now < found.expires_at()))
    }

    /// The newest that have not expired, `limit` at the most, newest first.
    pub(super) async fn newest_kept<T>(
        &self,
        prefix: &str,
        limit: i32,
        now: Timestamp,
    ) -> Result<Vec<T>>
    where
        T: Kept + TryFrom<T::Item, Error = Error>,
    {
        let partition = exports_partition(self.scope.tenant());
        let query = Query::of_table(partition, Range::Prefix(prefix.to_owned()))
            .descending()
            .limit(limit);
        let items = self.table.query(&query, None).await?.items.into_iter();
        let found: Result<Vec<T>> = items.map(|item| T::try_from(decode(item)?)).collect();
        let found = found?.into_iter();
        Ok(found.filter(|found| now < found.expires_at()).collect())
    }
}

/// Ids are random: one that is taken is a fault of ours.
pub(super) fn id_taken() -> Error {
    Error::internal("an export or import is not new", "its id is taken")
}
