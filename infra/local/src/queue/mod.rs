//! The queue of the local run: messages in a SQLite file, with delays, redelivery, fair turns and a dead-letter store.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use cloud::queue::{DeliveryQueue, Outgoing};
use domain::{Clock, Result};
use jiff::{SignedDuration, Timestamp};
use rusqlite::{Connection, OptionalExtension as _};
use tokio::sync::Notify;

use crate::sqlite::Sqlite;

mod pool;

pub(crate) use pool::{BatchHandler, Pool};

/// The queue's part of the database.
pub(crate) const SCHEMA: &str = "
    CREATE TABLE IF NOT EXISTS message (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        tenant TEXT NOT NULL,
        body TEXT NOT NULL,
        visible_at INTEGER NOT NULL,
        receives INTEGER NOT NULL DEFAULT 0
    );
    CREATE INDEX IF NOT EXISTS message_by_tenant ON message (tenant, visible_at, id);
    CREATE INDEX IF NOT EXISTS message_by_time ON message (visible_at);
    CREATE INDEX IF NOT EXISTS message_in_work ON message (tenant, visible_at) WHERE receives > 0;
    CREATE TABLE IF NOT EXISTS dead_message (
        id INTEGER PRIMARY KEY,
        tenant TEXT NOT NULL,
        body TEXT NOT NULL,
        died_at INTEGER NOT NULL
    );
";

/// Most messages in one batch, as in the deployed queue.
pub(crate) const BATCH: usize = 10;
/// How long a received message stays invisible: longer than the publisher's time-out of 60 s.
const VISIBILITY: SignedDuration = SignedDuration::from_secs(90);
/// Receptions after which a message counts as dead.
const RECEIVES_MAX: u32 = 5;

/// A received message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Received {
    /// Its id.
    pub(crate) id: i64,
    /// As it was sent.
    pub(crate) body: String,
    /// How often it was received, this time included.
    pub(crate) receives: u32,
    /// The reception: a message that was received again is no longer this one's to delete.
    receipt: i64,
}

/// The queue. Clones share it.
#[derive(Clone, Debug)]
pub(crate) struct LocalQueue {
    sqlite: Sqlite,
    clock: Arc<dyn Clock>,
    sent: Arc<Notify>,
}

impl LocalQueue {
    /// A queue in the host's database. What a process that died had received is visible again at once: nobody else can
    /// be working on it.
    pub(crate) async fn open(sqlite: Sqlite, clock: Arc<dyn Clock>) -> Result<Self> {
        let now = clock.now().as_millisecond();
        sqlite
            .transaction(move |sqlite| {
                sqlite.execute(
                    "UPDATE message SET visible_at = ?1 WHERE receives > 0 AND visible_at > ?1",
                    [now],
                )
            })
            .await?;
        Ok(Self {
            sqlite,
            clock,
            sent: Arc::default(),
        })
    }

    /// Up to `most` visible messages, each of the tenant of whose messages the fewest are being worked on; among equals, of
    /// the one that has waited longest. So a long backlog or a slow network of one tenant delays no other.
    pub(crate) async fn receive(&self, most: usize) -> Result<Vec<Received>> {
        let now = self.clock.now();
        self.sqlite
            .transaction(move |sqlite| take(sqlite, most, now))
            .await
    }

    /// Removes messages that were dealt with, except those that were received again since.
    pub(crate) async fn delete(&self, messages: &[Received]) -> Result<()> {
        let receptions: Vec<_> = messages
            .iter()
            .map(|message| (message.id, message.receipt))
            .collect();
        self.sqlite
            .transaction(move |sqlite| {
                let mut delete = sqlite
                    .prepare_cached("DELETE FROM message WHERE id = ?1 AND visible_at = ?2")?;
                for reception in receptions {
                    delete.execute(reception)?;
                }
                Ok(())
            })
            .await
    }

    /// Waits until a message may be visible: one was sent, or the earliest becomes due.
    pub(crate) async fn wait(&self) -> Result<()> {
        let sent = self.sent.notified();
        let earliest: Option<i64> = self
            .sqlite
            .transaction(|sqlite| {
                sqlite.query_row("SELECT MIN(visible_at) FROM message", [], |row| row.get(0))
            })
            .await?;
        let due = earliest.and_then(|at| Timestamp::from_millisecond(at).ok());
        match due {
            Some(due) => {
                tokio::select! {
                    () = sent => {}
                    () = self.clock.wait_until(due) => {}
                }
            }
            None => sent.await,
        }
        Ok(())
    }
}

#[async_trait]
impl DeliveryQueue for LocalQueue {
    async fn send(&self, messages: &[Outgoing]) -> Vec<Result<()>> {
        let mut results = Vec::with_capacity(messages.len());
        for batch in messages.chunks(BATCH) {
            let (now, rows) = (self.clock.now(), batch.to_vec());
            let sent = self
                .sqlite
                .transaction(move |sqlite| put(sqlite, &rows, now))
                .await;
            match sent {
                Ok(()) => results.extend(batch.iter().map(|_| Ok(()))),
                Err(error) => {
                    let reason = error.to_string();
                    results.extend(
                        batch
                            .iter()
                            .map(|_| Err(domain::Error::unavailable("the queue", reason.clone()))),
                    );
                }
            }
        }
        self.sent.notify_one();
        results
    }
}

fn put(sqlite: &Connection, messages: &[Outgoing], now: Timestamp) -> rusqlite::Result<()> {
    let mut insert = sqlite
        .prepare_cached("INSERT INTO message (tenant, body, visible_at) VALUES (?1, ?2, ?3)")?;
    for message in messages {
        let delay = Duration::from_secs(message.delay.seconds().into());
        let visible_at = now.saturating_add(delay).unwrap_or(now).as_millisecond();
        insert.execute((message.tenant.to_string(), &message.body, visible_at))?;
    }
    Ok(())
}

fn take(sqlite: &Connection, most: usize, now: Timestamp) -> rusqlite::Result<Vec<Received>> {
    let now_ms = now.as_millisecond();
    let until = now
        .saturating_add(VISIBILITY)
        .unwrap_or(now)
        .as_millisecond();
    let in_work = in_work(sqlite, now_ms)?;
    let mut turns: BTreeSet<(usize, i64, String)> = waiting(sqlite)?
        .into_iter()
        .map(|(tenant, first)| (in_work.get(&tenant).copied().unwrap_or(0), first, tenant))
        .collect();
    let mut taken = Vec::new();
    while taken.len() < most
        && let Some((in_work, _, tenant)) = turns.pop_first()
    {
        let Some(mut message) = next_of(sqlite, &tenant, now_ms)? else {
            continue;
        };
        if message.receives >= RECEIVES_MAX {
            bury(sqlite, message.id, now_ms)?;
            turns.insert((in_work, message.receipt, tenant));
            continue;
        }
        turns.insert((in_work + 1, message.receipt, tenant));
        message.receives += 1;
        message.receipt = until;
        sqlite
            .prepare_cached("UPDATE message SET visible_at = ?2, receives = ?3 WHERE id = ?1")?
            .execute((message.id, until, message.receives))?;
        taken.push(message);
    }
    Ok(taken)
}

/// How many messages of each tenant are being worked on.
fn in_work(sqlite: &Connection, now: i64) -> rusqlite::Result<HashMap<String, usize>> {
    sqlite
        .prepare_cached(
            "SELECT tenant, COUNT(*) FROM message WHERE receives > 0 AND visible_at > ?1 GROUP BY tenant",
        )?
        .query_map([now], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect()
}

/// Tenants with messages, and when the first of each becomes visible. Steps from tenant to tenant through the index, so a
/// long backlog of one costs nothing.
fn waiting(sqlite: &Connection) -> rusqlite::Result<Vec<(String, i64)>> {
    let mut next = sqlite.prepare_cached(
        "SELECT tenant, visible_at FROM message WHERE tenant > ?1 ORDER BY tenant, visible_at LIMIT 1",
    )?;
    let mut found: Vec<(String, i64)> = Vec::new();
    loop {
        let last = found.last().map_or("", |(tenant, _)| tenant.as_str());
        let following = next
            .query_row([last], |row| Ok((row.get(0)?, row.get(1)?)))
            .optional()?;
        match following {
            Some(following) => found.push(following),
            None => return Ok(found),
        }
    }
}

fn next_of(sqlite: &Connection, tenant: &str, now: i64) -> rusqlite::Result<Option<Received>> {
    sqlite
        .prepare_cached(
            "SELECT id, body, receives, visible_at FROM message WHERE tenant = ?1 AND visible_at <= ?2
             ORDER BY visible_at, id LIMIT 1",
        )?
        .query_row((tenant, now), |row| {
            Ok(Received {
                id: row.get(0)?,
                body: row.get(1)?,
                receives: row.get(2)?,
                receipt: row.get(3)?,
            })
        })
        .optional()
}

fn bury(sqlite: &Connection, id: i64, now: i64) -> rusqlite::Result<()> {
    sqlite.execute(
        "INSERT INTO dead_message (id, tenant, body, died_at) SELECT id, tenant, body, ?2 FROM message WHERE id = ?1",
        (id, now),
    )?;
    sqlite.execute("DELETE FROM message WHERE id = ?1", [id])?;
    tracing::error!(message = id, "a message was received too often and is dead");
    Ok(())
}

#[cfg(test)]
mod tests;
