//! The table of the local run: an embedded emulator on a SQLite file, behind the real SDK client.

use std::path::Path;

use anyhow::{Context as _, anyhow};
use aws_sdk_dynamodb::Client;
use cloud::aws::Aws;
use cloud::config::AwsConfig;
use dynoxide::Database;

use connector::Connector;

mod connector;

/// An embedded table service. Its file is closed with the last client.
#[derive(Debug)]
pub struct EmbeddedTable {
    connector: Connector,
}

impl EmbeddedTable {
    /// Opens the file at `path`, or makes it.
    pub fn open(path: &Path) -> anyhow::Result<Self> {
        let shown = path.display().to_string();
        let database = Database::new(&shown)
            .map_err(|error| anyhow!("{error}"))
            .with_context(|| format!("the table's file {shown} cannot be opened"))?;
        // It opens with settings for bulk loading, which give up durability.
        database
            .disable_bulk_loading()
            .map_err(|error| anyhow!("{error}"))
            .context("the table cannot be made durable")?;
        Ok(Self {
            connector: Connector::new(database),
        })
    }

    /// A client of it.
    pub fn client(&self) -> Client {
        Aws::with_http_client(AwsConfig::embedded(), self.connector.http_client()).dynamodb()
    }

    /// Removes expired items, as the service would by itself. Reads the whole table.
    pub(crate) async fn sweep(&self) -> anyhow::Result<usize> {
        let database = self.connector.database().clone();
        tokio::task::spawn_blocking(move || database.sweep_ttl())
            .await?
            .map_err(|error| anyhow!("{error}"))
    }
}
