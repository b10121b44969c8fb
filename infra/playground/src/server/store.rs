//! What the network keeps: one SQLite file. Each change survives the death of the process before anybody sees it; only
//! a power cut may take the last ones, as it may take the product's own.

use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, Row, Transaction, TransactionBehavior, params};

use super::behaviour::{Behaviour, CallKind, Mode};
use crate::wire::{OwnPost, PublishPart};

const SCHEMA: &str = "
    PRAGMA journal_mode = WAL;
    PRAGMA synchronous = NORMAL;
    PRAGMA busy_timeout = 5000;
    PRAGMA foreign_keys = ON;
    CREATE TABLE IF NOT EXISTS session (
        token TEXT PRIMARY KEY,
        identifier TEXT NOT NULL
    ) STRICT;
    CREATE TABLE IF NOT EXISTS behaviour (
        identifier TEXT PRIMARY KEY,
        mode TEXT NOT NULL,
        delay_ms INTEGER NOT NULL,
        times INTEGER
    ) STRICT;
    CREATE TABLE IF NOT EXISTS media (
        id TEXT PRIMARY KEY,
        identifier TEXT NOT NULL,
        content_type TEXT NOT NULL,
        bytes BLOB NOT NULL
    ) STRICT;
    CREATE TABLE IF NOT EXISTS post (
        seq INTEGER PRIMARY KEY,
        id TEXT NOT NULL UNIQUE,
        identifier TEXT NOT NULL,
        text TEXT NOT NULL,
        reply_to TEXT,
        posted_at_ms INTEGER NOT NULL
    ) STRICT;
    CREATE INDEX IF NOT EXISTS post_of ON post (identifier, posted_at_ms, seq);
    CREATE TABLE IF NOT EXISTS post_media (
        post TEXT NOT NULL REFERENCES post (id),
        position INTEGER NOT NULL,
        media TEXT NOT NULL REFERENCES media (id),
        alt_text TEXT NOT NULL,
        PRIMARY KEY (post, position)
    ) STRICT, WITHOUT ROWID;
";

/// The file. One connection: the network is small, and one writer makes its answers easy to reason about.
#[derive(Debug)]
pub(crate) struct Store(Mutex<Connection>);

/// A post as its readers see it.
#[derive(Debug)]
pub(crate) struct Post {
    pub(crate) id: String,
    pub(crate) identifier: String,
    pub(crate) text: String,
    pub(crate) reply_to: Option<String>,
    pub(crate) posted_at: Timestamp,
    pub(crate) media: Vec<PostMedia>,
}

#[derive(Debug)]
pub(crate) struct PostMedia {
    pub(crate) id: String,
    pub(crate) content_type: String,
    pub(crate) alt_text: String,
}

/// An account that the network has seen.
#[derive(Debug)]
pub(crate) struct AccountCard {
    pub(crate) identifier: String,
    pub(crate) posts: u64,
}

/// Whether all media of a post belong to its account.
#[derive(Debug)]
pub(crate) enum Inserted {
    /// The id of the first part.
    Post(String),
    UnknownMedia,
}

impl Store {
    pub(crate) fn open(path: &Path) -> rusqlite::Result<Self> {
        let connection = Connection::open(path)?;
        connection.execute_batch(SCHEMA)?;
        Ok(Self(Mutex::new(connection)))
    }

    /// A new session. It ends the behaviour `revoked`.
    pub(crate) fn sign_in(&self, identifier: &str) -> rusqlite::Result<String> {
        self.change(|change| {
            change.execute(
                "DELETE FROM behaviour WHERE identifier = ?1 AND mode = ?2",
                params![identifier, Mode::Revoked.name()],
            )?;
            change.query_row(
                "INSERT INTO session (token, identifier) VALUES (lower(hex(randomblob(16))), ?1) RETURNING token",
                [identifier],
                |row| row.get(0),
            )
        })
    }

    /// Ends a session; whether there was one. Its account stays among those that signed in, under a token that nobody has.
    pub(crate) fn sign_out(&self, token: &str) -> rusqlite::Result<bool> {
        self.change(|change| {
            let ended = change.execute(
                "UPDATE session SET token = lower(hex(randomblob(16))) WHERE token = ?1",
                [token],
            )?;
            Ok(ended > 0)
        })
    }

    /// Whose session it is and how the call is met; uses up one of the behaviour's times where it counts.
    pub(crate) fn enter(
        &self,
        token: &str,
        kind: CallKind,
    ) -> rusqlite::Result<Option<(String, Behaviour)>> {
        // Only this connection writes, so reading and writing need no transaction around them.
        let connection = self.lock();
        let identifier: Option<String> = connection
            .prepare_cached("SELECT identifier FROM session WHERE token = ?1")?
            .query_row([token], |row| row.get(0))
            .optional()?;
        let Some(identifier) = identifier else {
            return Ok(None);
        };
        let behaviour = behaviour(&connection, &identifier)?;
        let (met, left) = behaviour.take(kind);
        if left != behaviour {
            put_behaviour(&connection, &identifier, left)?;
        }
        Ok(Some((identifier, met)))
    }

    pub(crate) fn behaviour(&self, identifier: &str) -> rusqlite::Result<Behaviour> {
        behaviour(&self.lock(), identifier)
    }

    pub(crate) fn set_behaviour(
        &self,
        identifier: &str,
        behaviour: Behaviour,
    ) -> rusqlite::Result<()> {
        put_behaviour(&self.lock(), identifier, behaviour)
    }

    pub(crate) fn add_media(
        &self,
        identifier: &str,
        content_type: &str,
        bytes: &[u8],
    ) -> rusqlite::Result<String> {
        self.lock().query_row(
            "INSERT INTO media (id, identifier, content_type, bytes)
             VALUES (lower(hex(randomblob(8))), ?1, ?2, ?3) RETURNING id",
            params![identifier, content_type, bytes],
            |row| row.get(0),
        )
    }

    /// Content type and bytes.
    pub(crate) fn media(&self, id: &str) -> rusqlite::Result<Option<(String, Vec<u8>)>> {
        self.lock()
            .query_row(
                "SELECT content_type, bytes FROM media WHERE id = ?1",
                [id],
                |row| Ok((row.get(0)?, row.get(1)?)),
            )
            .optional()
    }

    /// Keeps a post with all its parts, or nothing. Never looks whether it has the like already.
    pub(crate) fn insert(
        &self,
        identifier: &str,
        parts: &[PublishPart],
        posted_at: Timestamp,
    ) -> rusqlite::Result<Inserted> {
        let mut connection = self.lock();
        let change = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let mut first = None;
        let mut before: Option<String> = None;
        for part in parts {
            let id: String = change
                .prepare_cached(
                    "INSERT INTO post (id, identifier, text, reply_to, posted_at_ms)
                     VALUES (lower(hex(randomblob(8))), ?1, ?2, ?3, ?4) RETURNING id",
                )?
                .query_row(
                    params![identifier, part.text, before, posted_at.as_millisecond()],
                    |row| row.get(0),
                )?;
            for (position, medium) in part.media.iter().enumerate() {
                let kept = change.execute(
                    "INSERT INTO post_media (post, position, media, alt_text)
                     SELECT ?1, ?2, id, ?3 FROM media WHERE id = ?4 AND identifier = ?5",
                    params![
                        id,
                        i64::try_from(position).unwrap_or(i64::MAX),
                        medium.alt_text,
                        medium.id,
                        identifier
                    ],
                )?;
                if kept == 0 {
                    return Ok(Inserted::UnknownMedia);
                }
            }
            first.get_or_insert_with(|| id.clone());
            before = Some(id);
        }
        change.commit()?;
        Ok(first.map_or(Inserted::UnknownMedia, Inserted::Post))
    }

    /// What readers of the account see, oldest first.
    pub(crate) fn visible_posts(
        &self,
        identifier: &str,
        now: Timestamp,
    ) -> rusqlite::Result<Vec<Post>> {
        let connection = self.lock();
        let mut statement = connection.prepare_cached(
            "SELECT id, identifier, text, reply_to, posted_at_ms FROM post
             WHERE identifier = ?1 AND posted_at_ms <= ?2 ORDER BY posted_at_ms, seq",
        )?;
        let mut posts = statement
            .query_map(params![identifier, now.as_millisecond()], post)?
            .collect::<rusqlite::Result<Vec<_>>>()?;
        for post in &mut posts {
            post.media = media_of(&connection, &post.id)?;
        }
        Ok(posts)
    }

    /// One post, visible or not.
    pub(crate) fn post(&self, id: &str) -> rusqlite::Result<Option<Post>> {
        let connection = self.lock();
        let found = connection
            .query_row(
                "SELECT id, identifier, text, reply_to, posted_at_ms FROM post WHERE id = ?1",
                [id],
                post,
            )
            .optional()?;
        found
            .map(|mut post| {
                post.media = media_of(&connection, &post.id)?;
                Ok(post)
            })
            .transpose()
    }

    /// The account's own posts since a time, visible or not yet.
    pub(crate) fn own_posts(
        &self,
        identifier: &str,
        since: Timestamp,
        now: Timestamp,
    ) -> rusqlite::Result<Vec<OwnPost>> {
        let connection = self.lock();
        let mut statement = connection.prepare_cached(
            "SELECT id, text, (SELECT count(*) FROM post_media WHERE post = post.id), reply_to, posted_at_ms FROM post
             WHERE identifier = ?1 AND posted_at_ms >= ?2 ORDER BY posted_at_ms, seq",
        )?;
        statement
            .query_map(params![identifier, since.as_millisecond()], |row| {
                let posted_at = timestamp(row.get(4)?);
                Ok(OwnPost {
                    id: Some(row.get(0)?),
                    text: row.get(1)?,
                    media_count: row.get(2)?,
                    reply_to: row.get(3)?,
                    posted_at,
                    visible: posted_at <= now,
                })
            })?
            .collect()
    }

    /// Every account that signed in, by name.
    pub(crate) fn accounts(&self, now: Timestamp) -> rusqlite::Result<Vec<AccountCard>> {
        let connection = self.lock();
        let mut statement = connection.prepare_cached(
            "SELECT identifier,
                    (SELECT count(*) FROM post
                     WHERE post.identifier = session.identifier AND posted_at_ms <= ?1)
             FROM session GROUP BY identifier ORDER BY identifier",
        )?;
        statement
            .query_map([now.as_millisecond()], |row| {
                Ok(AccountCard {
                    identifier: row.get(0)?,
                    posts: row.get(1)?,
                })
            })?
            .collect()
    }

    fn change<T>(
        &self,
        work: impl FnOnce(&Transaction<'_>) -> rusqlite::Result<T>,
    ) -> rusqlite::Result<T> {
        let mut connection = self.lock();
        let change = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let result = work(&change)?;
        change.commit()?;
        Ok(result)
    }

    fn lock(&self) -> MutexGuard<'_, Connection> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn behaviour(connection: &Connection, identifier: &str) -> rusqlite::Result<Behaviour> {
    let stored = connection
        .prepare_cached("SELECT mode, delay_ms, times FROM behaviour WHERE identifier = ?1")?
        .query_row([identifier], |row| {
            let mode: String = row.get(0)?;
            Ok(Behaviour {
                mode: Mode::of_name(&mode).unwrap_or_default(),
                delay_ms: row.get(1)?,
                times: row.get(2)?,
            })
        })
        .optional()?;
    Ok(stored.unwrap_or_default())
}

fn put_behaviour(
    connection: &Connection,
    identifier: &str,
    behaviour: Behaviour,
) -> rusqlite::Result<()> {
    connection.execute(
        "INSERT OR REPLACE INTO behaviour (identifier, mode, delay_ms, times) VALUES (?1, ?2, ?3, ?4)",
        params![identifier, behaviour.mode.name(), behaviour.delay_ms, behaviour.times],
    )?;
    Ok(())
}

fn post(row: &Row<'_>) -> rusqlite::Result<Post> {
    Ok(Post {
        id: row.get(0)?,
        identifier: row.get(1)?,
        text: row.get(2)?,
        reply_to: row.get(3)?,
        posted_at: timestamp(row.get(4)?),
        media: Vec::new(),
    })
}

fn media_of(connection: &Connection, post: &str) -> rusqlite::Result<Vec<PostMedia>> {
    let mut statement = connection.prepare_cached(
        "SELECT media.id, content_type, alt_text FROM post_media JOIN media ON media.id = post_media.media
         WHERE post = ?1 ORDER BY position",
    )?;
    statement
        .query_map([post], |row| {
            Ok(PostMedia {
                id: row.get(0)?,
                content_type: row.get(1)?,
                alt_text: row.get(2)?,
            })
        })?
        .collect()
}

/// Only times that were valid are ever stored.
fn timestamp(millis: i64) -> Timestamp {
    Timestamp::from_millisecond(millis).unwrap_or(Timestamp::UNIX_EPOCH)
}
