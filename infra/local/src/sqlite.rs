//! The host's own database file: queue and outbox.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use domain::{Error, Result};
use rusqlite::Connection;

const NAME: &str = "the local database";

/// A database file. Clones share the connection.
#[derive(Clone, Debug)]
pub(crate) struct Sqlite(Arc<Mutex<Connection>>);

impl Sqlite {
    /// Opens the file, or makes it. With a write-ahead log every committed transaction survives the death of the process.
    pub(crate) fn open(path: &Path, schema: &str) -> rusqlite::Result<Self> {
        let connection = Connection::open(path)?;
        connection.execute_batch("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;")?;
        connection.execute_batch(schema)?;
        Ok(Self(Arc::new(Mutex::new(connection))))
    }

    /// Runs `work` in one transaction, off the async threads.
    pub(crate) async fn transaction<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T> {
        let shared = Arc::clone(&self.0);
        let task = tokio::task::spawn_blocking(move || {
            let mut connection = shared.lock().unwrap_or_else(PoisonError::into_inner);
            let transaction = connection.transaction()?;
            let output = work(&transaction)?;
            transaction.commit()?;
            Ok(output)
        });
        let output: rusqlite::Result<T> = task
            .await
            .map_err(|error| Error::unavailable(NAME, error))?;
        output.map_err(|error| Error::unavailable(NAME, error))
    }
}
