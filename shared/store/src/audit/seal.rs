//! Sealing: the events that wait for it become the next block of their owner's chain.

use std::collections::HashMap;

use domain::Result;
use domain::event::Owner;
use futures::{StreamExt, TryStreamExt, stream};
use jiff::Timestamp;

use super::block::{BlockItem, End};
use super::chain::{AuditEvent, AuditRecord};
use crate::attribute::{Attributes, number, text, text_of};
use crate::condition::{Action, Condition, Write};
use crate::events::{EventItem, forgotten_at};
use crate::item::{Item, decode};
use crate::key::Key;
use crate::schema::{BY_ATTENTION, TTL};
use crate::scope::SystemTable;
use crate::table::Written;

/// Events of one block, of which one read takes all. An event is a few hundred bytes, an item takes 400 KB.
const BLOCK_MAX: usize = 100;
/// Bytes of a block's events, from which on it takes no more.
const BLOCK_BYTES: usize = 200_000;
/// Events that learn their places at once. One takes some milliseconds, so a whole block does in a twentieth of a second.
const MARKS_AT_ONCE: usize = 16;
/// Tries while others seal the same owner's events; they are sealed then.
const TRIES: usize = 5;

/// Where an event is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventPlace(pub(crate) Key);

impl SystemTable<'_> {
    /// Seals those of an owner's events that are not sealed yet, and answers how many that were. May be repeated, and
    /// run twice at once.
    pub async fn seal(&self, owner: Owner, events: &[EventPlace], now: Timestamp) -> Result<usize> {
        let mut sealed: usize = 0;
        for chunk in events.chunks(BLOCK_MAX) {
            let keys: Vec<Key> = chunk.iter().map(|EventPlace(key)| key.clone()).collect();
            for _ in 0..TRIES {
                match self.seal_some(owner, &keys, now).await? {
                    Round::Sealed(count) => sealed = sealed.saturating_add(count),
                    Round::Nothing => break,
                    Round::Overtaken => {}
                }
            }
        }
        Ok(sealed)
    }

    async fn seal_some(&self, owner: Owner, keys: &[Key], now: Timestamp) -> Result<Round> {
        // In this order: what the last block holds is marked before anything is found to be unsealed.
        let Some(end) = self.finished_end(owner).await? else {
            return Ok(Round::Nothing);
        };
        let mut waiting = Vec::new();
        for attributes in self.table.batch_get(keys).await? {
            let item: EventItem = decode(attributes.clone())?;
            if item.seq.is_none() && item.owner() == owner {
                waiting.push((item, attributes));
            }
        }
        // The chain has them in the order in which they happened, as far as anybody knows.
        waiting.sort_by_key(|(item, _)| (item.at, item.id));
        let mut events = Vec::with_capacity(waiting.len());
        let mut bytes: usize = 0;
        for ((item, _), seq) in waiting.iter().zip(end.next()..) {
            let event = AuditEvent::new(item, seq);
            bytes = bytes.saturating_add(event.canonical()?.len());
            if bytes > BLOCK_BYTES && !events.is_empty() {
                break;
            }
            events.push(event);
        }
        if events.is_empty() {
            return Ok(Round::Nothing);
        }
        let block = BlockItem::new(owner, end, &events, now)?;
        let write = block.creation_write(self.table.settings.shards)?;
        match self.table.write(write).await? {
            Written::Refused(_) => Ok(Round::Overtaken),
            Written::Applied(_) => {
                let attributes = waiting.into_iter().map(|(_, attributes)| attributes);
                self.finish(&block, attributes.take(events.len()).collect())
                    .await?;
                Ok(Round::Sealed(events.len()))
            }
        }
    }

    /// The end of the chain, once every event of its last block knows its place; `None` where nothing follows any more.
    async fn finished_end(&self, owner: Owner) -> Result<Option<End>> {
        let Some(block) = self.table.last_block(owner).await? else {
            return Ok(Some(End::EMPTY));
        };
        if block.closed.is_some() {
            return Ok(None);
        }
        if block.open.is_some() {
            let records = block.records()?;
            let places = records.iter().map(|record| EventItem::place(&record.event));
            let events = self.table.batch_get(&places.collect::<Vec<_>>()).await?;
            self.finish(&block, events).await?;
        }
        Ok(Some(block.end()))
    }

    /// Tells the block's events their places, and closes it.
    async fn finish(&self, block: &BlockItem, events: Vec<Attributes>) -> Result<()> {
        let records = block.records()?;
        let places: HashMap<String, &AuditRecord> = records
            .iter()
            .map(|record| (record.event.id.to_string(), record))
            .collect();
        let marked = events.into_iter().filter_map(|event| {
            let record = places.get(text_of(&event, "id")?)?;
            Some(marked(event, record))
        });
        stream::iter(marked)
            .map(|mark| self.table.write(mark))
            .buffer_unordered(MARKS_AT_ONCE)
            .try_for_each(async |_| Ok(()))
            .await?;
        self.forget_before(block).await?;
        let close = Write::update(block.key(), vec![Action::Remove("open")]);
        self.table
            .write(close.when(Condition::item_exists()))
            .await?;
        Ok(())
    }

    /// Has the block before this one forgotten in time, where its owner's record is kept for a time only. The last
    /// block of a chain stays as long as its person does: the next one builds on it.
    async fn forget_before(&self, block: &BlockItem) -> Result<()> {
        let owner = block.owner();
        let (Some(before), Some(at)) = (block.before, forgotten_at(owner, block.at)) else {
            return Ok(());
        };
        let forget = Action::Set(TTL, number(at));
        let update = Write::update(Key::audit_block(owner, before), vec![forget]);
        self.table
            .write(update.when(Condition::item_exists()))
            .await?;
        Ok(())
    }
}

/// How one try ended.
enum Round {
    /// That many were sealed.
    Sealed(usize),
    /// None waits any more.
    Nothing,
    /// Somebody else has written the next block.
    Overtaken,
}

/// An event never changes but for this, so it can be put as a whole. One that was erased meanwhile stays erased.
fn marked(mut event: Attributes, record: &AuditRecord) -> Write {
    event.remove(BY_ATTENTION.partition);
    event.remove(BY_ATTENTION.sort);
    event.insert("seq".to_owned(), number(record.event.seq));
    event.insert("hash".to_owned(), text(record.hash));
    Write::put(EventItem::place(&record.event), event).when(Condition::item_exists())
}
