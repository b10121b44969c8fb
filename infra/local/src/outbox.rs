//! The mailer of the local run: mails go into an outbox that people and tests can read.

use std::sync::Arc;

use async_trait::async_trait;
use cloud::mail::{Mail, Mailer};
use domain::{Clock, Error, Result};
use jiff::Timestamp;
use rusqlite::{Connection, Row};
use serde::Serialize;

use crate::sqlite::Sqlite;

/// The outbox's part of the database.
pub(crate) const SCHEMA: &str = "
    CREATE TABLE IF NOT EXISTS outbox (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        recipient TEXT NOT NULL,
        subject TEXT NOT NULL,
        text TEXT NOT NULL,
        html TEXT NOT NULL,
        sent_at INTEGER NOT NULL
    );
    CREATE INDEX IF NOT EXISTS outbox_by_recipient ON outbox (recipient COLLATE NOCASE, id);
";

/// Most mails in one answer.
const LIMIT: u32 = 200;

/// A mail that would have gone out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct SentMail {
    /// The address.
    pub(crate) to: String,
    /// The subject.
    pub(crate) subject: String,
    /// The plain text.
    pub(crate) text: String,
    /// The same as HTML.
    pub(crate) html: String,
    /// Every address in the plain text, in order.
    pub(crate) links: Vec<String>,
    /// When.
    pub(crate) sent_at: Timestamp,
}

/// Keeps mails instead of sending them.
#[derive(Clone, Debug)]
pub(crate) struct Outbox {
    sqlite: Sqlite,
    clock: Arc<dyn Clock>,
}

impl Outbox {
    /// An outbox in the host's database.
    pub(crate) fn new(sqlite: Sqlite, clock: Arc<dyn Clock>) -> Self {
        Self { sqlite, clock }
    }

    /// The mails to an address, or to anybody, newest first.
    pub(crate) async fn mails(&self, to: Option<String>) -> Result<Vec<SentMail>> {
        self.sqlite
            .transaction(move |sqlite| read(sqlite, to.as_deref()))
            .await
    }
}

#[async_trait]
impl Mailer for Outbox {
    async fn send(&self, mail: &Mail) -> Result<()> {
        let (mail, sent_at) = (mail.clone(), self.clock.now().as_millisecond());
        self.sqlite
            .transaction(move |sqlite| {
                sqlite.execute(
                    "INSERT INTO outbox (recipient, subject, text, html, sent_at) VALUES (?1, ?2, ?3, ?4, ?5)",
                    (mail.to, mail.subject, mail.text, mail.html, sent_at),
                )?;
                Ok(())
            })
            .await
            .map_err(|error| Error::unavailable("the outbox", error))
    }
}

fn read(sqlite: &Connection, to: Option<&str>) -> rusqlite::Result<Vec<SentMail>> {
    let mut statement = sqlite.prepare_cached(
        "SELECT recipient, subject, text, html, sent_at FROM outbox
         WHERE ?1 IS NULL OR recipient = ?1 COLLATE NOCASE ORDER BY id DESC LIMIT ?2",
    )?;
    statement.query_map((to, LIMIT), mail)?.collect()
}

fn mail(row: &Row<'_>) -> rusqlite::Result<SentMail> {
    let text: String = row.get(2)?;
    Ok(SentMail {
        to: row.get(0)?,
        subject: row.get(1)?,
        links: links(&text),
        text,
        html: row.get(3)?,
        sent_at: Timestamp::from_millisecond(row.get(4)?).unwrap_or_default(),
    })
}

fn links(text: &str) -> Vec<String> {
    text.split(|end: char| end.is_whitespace() || "<>\"".contains(end))
        .filter(|word| word.starts_with("http://") || word.starts_with("https://"))
        .map(|word| word.trim_end_matches(['.', ',', ')', ';']).to_owned())
        .collect()
}

#[cfg(test)]
mod tests {
    use cloud::clock::SystemClock;

    use super::*;

    fn mail_to(to: &str, subject: &str) -> Mail {
        Mail {
            to: to.to_owned(),
            subject: subject.to_owned(),
            text: "Open <http://127.0.0.1:8080/verify?token=abc>, or http://127.0.0.1:8080/help."
                .to_owned(),
            html: "<p>Hello</p>".to_owned(),
        }
    }

    #[tokio::test]
    async fn mails_to_an_address_are_listed_newest_first_with_their_links() {
        let folder = tempfile::tempdir().unwrap();
        let sqlite = Sqlite::open(&folder.path().join("host.sqlite"), SCHEMA).unwrap();
        let outbox = Outbox::new(sqlite, Arc::new(SystemClock));
        for (to, subject) in [
            ("ada@example.com", "1"),
            ("bob@example.com", "2"),
            ("ada@example.com", "3"),
        ] {
            outbox.send(&mail_to(to, subject)).await.unwrap();
        }

        let mails = outbox
            .mails(Some("Ada@example.com".to_owned()))
            .await
            .unwrap();

        let subjects: Vec<_> = mails.iter().map(|mail| mail.subject.as_str()).collect();
        assert_eq!(subjects, ["3", "1"]);
        assert_eq!(
            mails[0].links,
            [
                "http://127.0.0.1:8080/verify?token=abc",
                "http://127.0.0.1:8080/help"
            ]
        );
    }
}
