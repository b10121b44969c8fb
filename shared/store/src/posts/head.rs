//! The stored form of a post's head: its root, whose version every act of a person raises.

use domain::post::Post;
use domain::schedule::Schedule;
use domain::{Error, PostId, Result, TenantId, UserId};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::attribute::{millis, number};
use crate::condition::{Condition, Write};
use crate::item::{Item, encode};
use crate::key::{Key, calendar_partition, tenant_partition, time_text};
use crate::scope::TenantScope;

const VERSION: &str = "ver";

#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct HeadItem {
    id: PostId,
    ten: TenantId,
    ver: u64,
    body: u32,
    #[serde(default)]
    when: Option<Schedule>,
    #[serde(default)]
    tags: Vec<String>,
    snip: String,
    /// How many targets it has: a card that has fewer is not complete.
    n: u32,
    by: UserId,
    #[serde(with = "millis")]
    ca: Timestamp,
    #[serde(with = "millis")]
    ua: Timestamp,
}

impl HeadItem {
    pub(super) fn new(post: &Post, targets: usize) -> Self {
        let Post {
            id,
            tenant,
            version,
            body,
            schedule,
            tags,
            snippet,
            created_by,
            created_at,
            updated_at,
        } = post.clone();
        Self {
            id,
            ten: tenant,
            ver: version,
            body,
            when: schedule,
            tags,
            snip: snippet,
            n: u32::try_from(targets).unwrap_or(u32::MAX),
            by: created_by,
            ca: created_at,
            ua: updated_at,
        }
    }

    /// The write that stores the head of a new post.
    pub(super) fn creation_write(&self) -> Result<Write> {
        Ok(Write::put(self.key(), encode(self)?).when(Condition::item_absent()))
    }

    /// The write that replaces the head, if its version is still `seen`.
    pub(super) fn replacement_write(&self, seen: u64) -> Result<Write> {
        Ok(Write::put(self.key(), encode(self)?).when(version_is(seen)))
    }
}

/// Nobody acted on the post since this version was read.
pub(super) fn version_is(seen: u64) -> Condition {
    Condition::Equals(VERSION, number(seen))
}

impl Item for HeadItem {
    const TYPE: &'static str = "post";

    fn key(&self) -> Key {
        Key::post(&TenantScope::of_own_item(self.ten), self.id)
    }

    fn index_keys(&self) -> Vec<(&'static str, String)> {
        let mut keys = vec![
            ("cr_ten", tenant_partition(self.ten)),
            ("cr_post", self.id.to_string()),
        ];
        if let Some(schedule) = &self.when {
            keys.push(("cal_month", calendar_partition(self.ten, schedule.due)));
            keys.push(("cal_at", calendar_sort(schedule.due, self.id)));
        }
        keys
    }
}

/// Sorts a head before its deliveries, whose keys have the account's id at this place.
fn calendar_sort(due: Timestamp, post: PostId) -> String {
    format!("{}#{post}#-", time_text(due))
}

impl TryFrom<HeadItem> for Post {
    type Error = Error;

    fn try_from(item: HeadItem) -> Result<Self> {
        let HeadItem {
            id,
            ten,
            ver,
            body,
            when,
            tags,
            snip,
            n: _,
            by,
            ca,
            ua,
        } = item;
        Ok(Self {
            id,
            tenant: ten,
            version: ver,
            body,
            schedule: when,
            tags,
            snippet: snip,
            created_by: by,
            created_at: ca,
            updated_at: ua,
        })
    }
}
