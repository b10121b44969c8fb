//! Everything that something must happen with at some time: one sparse index, cut into shards.

use domain::delivery::DeliveryKey;
use domain::event::Owner;
use domain::{AccountId, DeliveryId, Error, MediaId, NoticeId, PostId, Result, TenantId};
use jiff::Timestamp;
use serde::Deserialize;

use crate::attribute::{Attributes, optional_millis, text_of};
use crate::audit::EventPlace;
use crate::key::{Key, owner_of, time_text};
use crate::schema::{BY_ATTENTION, BY_DEADLINE};
use crate::scope::{SystemTable, TenantScope};
use crate::shard::{attention_partition, deadline_partition};
use crate::support::SupportVisitPlace;
use crate::table::{Query, Range};

/// Something that wants to be looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AttentionEntry {
    /// Since when.
    pub at: Timestamp,
    /// What to do with it.
    pub work: AttentionWork,
}

/// What to do with something that wants to be looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AttentionWork {
    /// A delivery waits for its time: send the message that wakes a worker.
    Start {
        /// Which.
        key: DeliveryKey,
        /// Its plan.
        revision: u32,
        /// When a try may begin.
        not_before: Timestamp,
        /// Until when it must be final.
        deadline: Option<Timestamp>,
    },
    /// The owner of a delivery's claim seems dead.
    Owner(DeliveryKey),
    /// A delivery's outcome must be looked for at the network.
    Look(DeliveryKey),
    /// A held delivery has waited too long for a person.
    Person(DeliveryKey),
    /// A mail about a cause is owed.
    Notice(NoticeId),
    /// A ready mail is owed.
    Mail(NoticeId),
    /// Deliveries of an account must be held, resumed or cancelled.
    Account {
        /// Whose it is.
        scope: TenantScope,
        /// The account.
        account: AccountId,
    },
    /// The network of a disconnected account must be told.
    SignOut {
        /// Whose it is.
        scope: TenantScope,
        /// The account.
        account: AccountId,
    },
    /// A tenant was deleted: its accounts must be disconnected.
    Tenant(TenantScope),
    /// The bytes of a medium were announced long ago.
    Upload {
        /// Whose it is.
        scope: TenantScope,
        /// The medium.
        media: MediaId,
    },
    /// Somebody looks into a tenant for support: whether that is over must be found out.
    SupportVisit {
        /// Which tenant.
        scope: TenantScope,
        /// Their look.
        visit: SupportVisitPlace,
    },
    /// An event must become part of its owner's audit log.
    Seal {
        /// Whose it is.
        owner: Owner,
        /// The event.
        event: EventPlace,
    },
    /// Code that is newer than this one wrote it, or it cannot be read: leave it alone and count it.
    Unknown {
        /// What it calls itself.
        kind: String,
    },
}

/// Some entries of a shard.
#[derive(Clone, Debug)]
pub struct AttentionPage {
    /// The entries, oldest first.
    pub entries: Vec<AttentionEntry>,
    /// Where to go on; `None` when nothing more of the shard is due.
    pub next: Option<AttentionCursor>,
}

/// A place in a shard of the index, right after an entry that was read.
#[derive(Clone, Debug)]
pub struct AttentionCursor(Attributes);

/// A delivery that is past the time at which it had to be final.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Overdue {
    /// Which.
    pub key: DeliveryKey,
    /// When it had to be final.
    pub deadline: Timestamp,
}

/// Some deliveries that are past their deadlines.
#[derive(Debug)]
pub struct OverduePage {
    /// Which, oldest first. An entry that cannot be read keeps nobody from the rest.
    pub entries: Vec<Result<Overdue>>,
    /// Where to go on; `None` when nothing more of the shard is overdue.
    pub next: Option<AttentionCursor>,
}

/// Some deliveries that are not final, and where to go on; `None` at the end.
#[derive(Debug)]
pub struct UnsettledPage {
    /// Which. An entry that cannot be read keeps nobody from the rest.
    pub keys: Vec<Result<DeliveryKey>>,
    /// For the next call.
    pub next: Option<UnsettledPosition>,
}

/// A place among the deliveries that are not final.
#[derive(Clone, Debug)]
pub struct UnsettledPosition(String);

impl AttentionEntry {
    /// The tenant that it belongs to; `None` for mails, which belong to people.
    pub fn tenant(&self) -> Option<TenantId> {
        match &self.work {
            AttentionWork::Start { key, .. }
            | AttentionWork::Owner(key)
            | AttentionWork::Look(key)
            | AttentionWork::Person(key) => Some(key.tenant),
            AttentionWork::Account { scope, .. }
            | AttentionWork::SignOut { scope, .. }
            | AttentionWork::Tenant(scope)
            | AttentionWork::Upload { scope, .. }
            | AttentionWork::SupportVisit { scope, .. } => Some(scope.tenant()),
            AttentionWork::Seal {
                owner: Owner::Tenant(tenant),
                ..
            } => Some(*tenant),
            AttentionWork::Seal {
                owner: Owner::User(_),
                ..
            }
            | AttentionWork::Notice(_)
            | AttentionWork::Mail(_)
            | AttentionWork::Unknown { .. } => None,
        }
    }
}

impl SystemTable<'_> {
    /// The number of shards of the index.
    pub fn shards(&self) -> u32 {
        self.table.settings.shards
    }

    /// Up to `limit` entries of one shard whose time is at or before `until`, oldest first.
    pub async fn attention(
        &self,
        shard: u32,
        until: Timestamp,
        limit: i32,
    ) -> Result<Vec<AttentionEntry>> {
        let page = self.attention_page(shard, until, limit, None).await?;
        Ok(page.entries)
    }

    /// Up to `limit` entries of one shard whose time is at or before `until`, oldest first, from `after` on. Passing over
    /// a shard page by page meets every entry once, also those that whoever passes leaves where they are.
    pub async fn attention_page(
        &self,
        shard: u32,
        until: Timestamp,
        limit: i32,
        after: Option<AttentionCursor>,
    ) -> Result<AttentionPage> {
        let query = due_query(BY_ATTENTION, attention_partition(shard), until).limit(limit);
        let page = self
            .table
            .query(&query, after.map(|AttentionCursor(key)| key))
            .await?;
        Ok(AttentionPage {
            entries: page.items.into_iter().map(entry).collect(),
            next: page.next.map(AttentionCursor),
        })
    }

    /// Up to `limit` deliveries of one shard that are not final, whenever they must be.
    pub async fn unsettled(
        &self,
        shard: u32,
        after: Option<UnsettledPosition>,
        limit: i32,
    ) -> Result<UnsettledPage> {
        let range = after.map_or(Range::All, |UnsettledPosition(place)| Range::Above(place));
        let query = Query::of_index(BY_DEADLINE, deadline_partition(shard), range).limit(limit);
        let page = self.table.query(&query, None).await?;
        let last = page.items.last();
        let place = last.and_then(|entry| text_of(entry, BY_DEADLINE.sort).map(ToOwned::to_owned));
        let next = page.next.and(place).map(UnsettledPosition);
        let keys = page.items.into_iter();
        let keys = keys.map(|entry| delivery_key(&projection(entry)?));
        Ok(UnsettledPage {
            keys: keys.collect(),
            next,
        })
    }

    /// Up to `limit` deliveries of one shard that had to be final at or before `until`, oldest first, from `after` on.
    pub async fn overdue(
        &self,
        shard: u32,
        until: Timestamp,
        limit: i32,
        after: Option<AttentionCursor>,
    ) -> Result<OverduePage> {
        let query = due_query(BY_DEADLINE, deadline_partition(shard), until).limit(limit);
        let page = self
            .table
            .query(&query, after.map(|AttentionCursor(key)| key))
            .await?;
        Ok(OverduePage {
            entries: page.items.into_iter().map(overdue).collect(),
            next: page.next.map(AttentionCursor),
        })
    }
}

fn overdue(attributes: Attributes) -> Result<Overdue> {
    let deadline = time_in(text_of(&attributes, BY_DEADLINE.sort))?;
    Ok(Overdue {
        key: delivery_key(&projection(attributes)?)?,
        deadline,
    })
}

/// `~` sorts after `#` and everything in an id.
fn due_query(index: crate::schema::Index, partition: String, until: Timestamp) -> Query {
    Query::of_index(
        index,
        partition,
        Range::Below(format!("{}~", time_text(until))),
    )
}

#[derive(Debug, Deserialize)]
struct Projection {
    #[serde(rename = "PK", default)]
    pk: String,
    #[serde(rename = "SK", default)]
    sk: String,
    kind: Option<String>,
    wait: Option<String>,
    id: String,
    ten: Option<TenantId>,
    post: Option<PostId>,
    acc: Option<AccountId>,
    #[serde(default)]
    rev: u32,
    #[serde(default, with = "optional_millis")]
    nb: Option<Timestamp>,
    #[serde(default, with = "optional_millis")]
    dl: Option<Timestamp>,
}

/// An entry that cannot be read is one of an unknown kind: it is counted and left alone, and keeps nobody from the rest.
fn entry(attributes: Attributes) -> AttentionEntry {
    let at = time_in(text_of(&attributes, "att_at")).unwrap_or(Timestamp::UNIX_EPOCH);
    let read = projection(attributes).and_then(|entry| work(&entry));
    let work = read.unwrap_or_else(|error| AttentionWork::Unknown {
        kind: format!("unreadable ({error})"),
    });
    AttentionEntry { at, work }
}

fn projection(attributes: Attributes) -> Result<Projection> {
    serde_dynamo::from_item(attributes).map_err(|error| Error::corrupt("index entry", error))
}

fn work(entry: &Projection) -> Result<AttentionWork> {
    let unknown = |kind: String| AttentionWork::Unknown { kind };
    Ok(match entry.kind.as_deref() {
        Some("delivery") => match entry.wait.as_deref() {
            Some("start") => AttentionWork::Start {
                revision: entry.rev,
                not_before: entry
                    .nb
                    .ok_or_else(|| Error::corrupt("index entry", "nb"))?,
                deadline: entry.dl,
                key: delivery_key(entry)?,
            },
            Some("owner") => AttentionWork::Owner(delivery_key(entry)?),
            Some("look") => AttentionWork::Look(delivery_key(entry)?),
            Some("person") => AttentionWork::Person(delivery_key(entry)?),
            other => unknown(format!("delivery/{}", other.unwrap_or("-"))),
        },
        Some("notice") => AttentionWork::Notice(parse(&entry.id)?),
        Some("mail") => AttentionWork::Mail(parse(&entry.id)?),
        Some("account") => AttentionWork::Account {
            scope: scope(entry)?,
            account: parse(&entry.id)?,
        },
        Some("sign_out") => AttentionWork::SignOut {
            scope: scope(entry)?,
            account: parse(&entry.id)?,
        },
        Some("tenant") => AttentionWork::Tenant(TenantScope::of_own_item(parse(&entry.id)?)),
        Some("upload") => AttentionWork::Upload {
            scope: scope(entry)?,
            media: parse(&entry.id)?,
        },
        Some("support_visit") => AttentionWork::SupportVisit {
            scope: scope(entry)?,
            visit: SupportVisitPlace(Key {
                pk: entry.pk.clone(),
                sk: entry.sk.clone(),
            }),
        },
        Some("seal") => AttentionWork::Seal {
            owner: owner_of(&entry.pk).ok_or_else(|| Error::corrupt("index entry", "PK"))?,
            event: EventPlace(Key {
                pk: entry.pk.clone(),
                sk: entry.sk.clone(),
            }),
        },
        other => unknown(other.unwrap_or("-").to_owned()),
    })
}

fn scope(entry: &Projection) -> Result<TenantScope> {
    let tenant = entry
        .ten
        .ok_or_else(|| Error::corrupt("index entry", "ten"))?;
    Ok(TenantScope::of_own_item(tenant))
}

fn delivery_key(entry: &Projection) -> Result<DeliveryKey> {
    let missing = |name: &'static str| move || Error::corrupt("index entry", name);
    Ok(DeliveryKey {
        tenant: entry.ten.ok_or_else(missing("ten"))?,
        post: entry.post.ok_or_else(missing("post"))?,
        account: entry.acc.ok_or_else(missing("acc"))?,
        delivery: parse::<DeliveryId>(&entry.id)?,
    })
}

fn parse<T: std::str::FromStr<Err: std::error::Error + Send + Sync + 'static>>(
    text: &str,
) -> Result<T> {
    text.parse()
        .map_err(|error: T::Err| Error::corrupt("index entry", error))
}

pub(crate) fn time_in(sort_key: Option<&str>) -> Result<Timestamp> {
    let text = sort_key
        .and_then(|key| key.split('#').next())
        .unwrap_or_default();
    text.parse()
        .map_err(|error: jiff::Error| Error::corrupt("index entry", error))
}
