//! The table of the local run: an embedded emulator on a SQLite file, behind the real SDK client.

use std::path::Path;
use std::sync::mpsc;
use std::thread::JoinHandle;

use anyhow::{Context as _, anyhow};
use cloud::aws::Aws;
use cloud::config::AwsConfig;
use dynoxide::Database;
use dynoxide::server::serve_with_shutdown;
use tokio::net::TcpListener;
use tokio::sync::oneshot;

/// Threads for the emulator: its SQLite work blocks, so it has a runtime of its own.
const THREADS: usize = 2;

/// An embedded table service. Dropping it stops the service and closes its file.
#[derive(Debug)]
pub(crate) struct EmbeddedTable {
    database: DebugDatabase,
    endpoint: String,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Clone)]
struct DebugDatabase(Database);

impl std::fmt::Debug for DebugDatabase {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Database")
    }
}

impl EmbeddedTable {
    /// Opens the file at `path`, or makes it, and serves it on a free port of the loopback interface.
    pub(crate) fn open(path: &Path) -> anyhow::Result<Self> {
        let shown = path.display().to_string();
        let database = Database::new(&shown)
            .map_err(|error| anyhow!("{error}"))
            .with_context(|| format!("the table's file {shown} cannot be opened"))?;
        // It opens with settings for bulk loading, which give up durability.
        database
            .disable_bulk_loading()
            .map_err(|error| anyhow!("{error}"))
            .context("the table cannot be made durable")?;
        let (stop, stopped) = oneshot::channel::<()>();
        let (ready, opened) = mpsc::channel();
        let served = database.clone();
        let thread = std::thread::Builder::new()
            .name("table".to_owned())
            .spawn(move || serve(served, stopped, &ready))
            .context("the table's thread cannot be started")?;
        let port = opened.recv().context("the table did not start")??;
        Ok(Self {
            database: DebugDatabase(database),
            endpoint: format!("http://127.0.0.1:{port}"),
            stop: Some(stop),
            thread: Some(thread),
        })
    }

    /// A client of it.
    pub(crate) fn client(&self) -> aws_sdk_dynamodb::Client {
        let mut config = AwsConfig::embedded();
        config.endpoints.dynamodb = Some(self.endpoint.clone());
        Aws::new(config).dynamodb()
    }

    /// Removes expired items, as the service would by itself. Reads the whole table: at most once a minute.
    pub(crate) async fn sweep(&self) -> anyhow::Result<usize> {
        let database = self.database.clone();
        tokio::task::spawn_blocking(move || database.0.sweep_ttl())
            .await?
            .map_err(|error| anyhow!("{error}"))
    }
}

impl Drop for EmbeddedTable {
    fn drop(&mut self) {
        if let Some(stop) = self.stop.take() {
            // The thread may have ended by itself.
            let _ = stop.send(());
        }
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn serve(
    database: Database,
    stopped: oneshot::Receiver<()>,
    ready: &mpsc::Sender<anyhow::Result<u16>>,
) {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(THREADS)
        .thread_name("table")
        .enable_all()
        .build();
    let runtime = match runtime {
        Ok(runtime) => runtime,
        Err(error) => {
            let _ = ready.send(Err(error.into()));
            return;
        }
    };
    runtime.block_on(async {
        let listener = match TcpListener::bind("127.0.0.1:0").await {
            Ok(listener) => listener,
            Err(error) => {
                let _ = ready.send(Err(error.into()));
                return;
            }
        };
        let port = listener.local_addr().map(|address| address.port());
        let _ = ready.send(port.map_err(Into::into));
        // Pooled connections of our own clients stay open: waiting for them would hold up every stop.
        tokio::select! {
            result = serve_with_shutdown(listener, database, std::future::pending()) => {
                if let Err(error) = result {
                    tracing::error!(error, "the embedded table stopped");
                }
            }
            _ = stopped => {}
        }
    });
    runtime.shutdown_background();
}
