//! Some consecutive events of a chain, as one item.

use domain::event::{EventKind, Owner};
use domain::{Error, Result};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::chain::{AuditEvent, AuditRecord, ChainHash};
use crate::attribute::{millis, text, value};
use crate::condition::{Condition, Write};
use crate::events::{OwnerAttribute, forgotten_at};
use crate::item::{Item, decode, encode};
use crate::key::{Key, audit_partition};
use crate::schema::BY_ATTENTION;
use crate::shard::{AttentionKind, attention_at, checkpoint_partition, shard_of};
use crate::table::{Query, Range, Table};

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct BlockItem {
    #[serde(flatten)]
    owner: OwnerAttribute,
    /// The place of its first event.
    pub(super) first: u64,
    /// Where the block before it begins, if there is one.
    #[serde(default)]
    pub(super) before: Option<u64>,
    /// The link before its first event.
    prev: ChainHash,
    /// Its events in their canonical forms, with their links.
    links: Vec<LinkAttribute>,
    /// While some of its events may not know their place.
    #[serde(default)]
    pub(super) open: Option<bool>,
    /// Where it is no block, but keeps the place of the next one: the log has ended.
    #[serde(default)]
    pub(super) closed: Option<bool>,
    /// When it was written.
    #[serde(with = "millis")]
    pub(super) at: Timestamp,
    /// When it is forgotten. The last block of a chain has it only where its person has left: nothing need build on it.
    #[serde(default)]
    exp: Option<i64>,
}

#[derive(Debug, Serialize, Deserialize)]
struct LinkAttribute {
    event: String,
    hash: ChainHash,
}

impl Item for BlockItem {
    const TYPE: &'static str = "audit_block";

    fn key(&self) -> Key {
        Key::audit_block(self.owner(), self.first)
    }
}

impl BlockItem {
    /// The block of these events after the end of their owner's chain.
    pub(super) fn new(
        owner: Owner,
        end: End,
        events: &[AuditEvent],
        at: Timestamp,
    ) -> Result<Self> {
        let mut prev = end.hash;
        let mut links = Vec::with_capacity(events.len());
        for event in events {
            let event = event.canonical()?;
            prev = prev.followed_by(&event);
            links.push(LinkAttribute { event, hash: prev });
        }
        let is_farewell = |event: &AuditEvent| event.kind == EventKind::UserDeleted.name();
        let has_left = end.has_left || events.iter().any(is_farewell);
        Ok(Self {
            owner: owner.into(),
            first: end.next(),
            before: end.block,
            prev: end.hash,
            links,
            open: Some(true),
            closed: None,
            at,
            exp: forgotten_at(owner, at).filter(|_| has_left),
        })
    }

    /// What takes the place of the next block, until `exp`.
    pub(super) fn closing(owner: Owner, end: End, at: Timestamp, exp: i64) -> Self {
        Self {
            owner: owner.into(),
            first: end.next(),
            before: end.block,
            prev: end.hash,
            links: Vec::new(),
            open: None,
            closed: Some(true),
            at,
            exp: Some(exp),
        }
    }

    /// The block as it is stored at first: it wants to be part of a checkpoint.
    pub(super) fn creation_write(&self, shards: u32) -> Result<Write> {
        let owner = self.owner();
        let mut attributes = encode(self)?;
        let shard = checkpoint_partition(shard_of(owner.as_uuid(), shards));
        attributes.insert("kind".to_owned(), value(&AttentionKind::Checkpoint)?);
        attributes.insert(BY_ATTENTION.partition.to_owned(), text(shard));
        let at = attention_at(self.at, owner);
        attributes.insert(BY_ATTENTION.sort.to_owned(), text(at));
        Ok(Write::put(self.key(), attributes).when(Condition::item_absent()))
    }

    /// Whose it is.
    pub(super) fn owner(&self) -> Owner {
        self.owner.into()
    }

    /// Its events with their links.
    pub(super) fn records(&self) -> Result<Vec<AuditRecord>> {
        let mut prev = self.prev;
        let mut records = Vec::with_capacity(self.links.len());
        for LinkAttribute { event, hash } in &self.links {
            let event = serde_json::from_str(event)
                .map_err(|error| Error::corrupt("audit block", error))?;
            records.push(AuditRecord {
                event,
                prev,
                hash: *hash,
            });
            prev = *hash;
        }
        Ok(records)
    }

    /// Where the chain ends with it.
    pub(super) fn end(&self) -> End {
        let length = u64::try_from(self.links.len()).unwrap_or(u64::MAX);
        End {
            seq: self.first.saturating_add(length).saturating_sub(1),
            hash: self.links.last().map_or(self.prev, |link| link.hash),
            block: Some(self.first),
            has_left: self.exp.is_some(),
        }
    }
}

impl Table {
    /// The newest block of an owner's chain.
    pub(super) async fn last_block(&self, owner: Owner) -> Result<Option<BlockItem>> {
        // `:` follows the digits: other items of the partition come after the blocks.
        let blocks = Query::of_table(audit_partition(owner), Range::Below(":".to_owned()));
        let newest = self.query(&blocks.descending().limit(1), None).await?;
        newest.items.into_iter().next().map(decode).transpose()
    }
}

/// The end of a chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct End {
    /// The place of its last event; 0 where it has none.
    pub(super) seq: u64,
    /// The link of that.
    pub(super) hash: ChainHash,
    /// Where the block begins that has it.
    block: Option<u64>,
    /// Whether its person has left. Something may follow all the same: an act of a request that was let in before, or
    /// an event that the index had later.
    has_left: bool,
}

impl End {
    /// Of a chain without events.
    pub(super) const EMPTY: Self = Self {
        seq: 0,
        hash: ChainHash::GENESIS,
        block: None,
        has_left: false,
    };

    /// The place of the next event.
    pub(super) fn next(self) -> u64 {
        self.seq.saturating_add(1)
    }
}
