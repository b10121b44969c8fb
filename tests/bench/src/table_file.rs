//! The host's table while no host runs: seeded in bulk, or called alone.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use cloud::clock::{SystemClock, SystemRandom};
use domain::{Clock, Ids};
use local::EmbeddedTable;
use store::{Settings, Table};

/// As in the host (`infra/local/src/services.rs`).
const FILE: &str = "table.sqlite";
const NAME: &str = "m1autoposter";
const SHARDS: u32 = 16;

/// Until a file is closed whose log of many writes must be worked off.
const CLOSED_WITHIN: Duration = Duration::from_mins(2);
const PAUSE: Duration = Duration::from_millis(50);

/// Waits until the file is closed after its last [`Table`] was dropped: a host that starts before would find it locked.
pub(crate) async fn closed(folder: &Path) -> Result<()> {
    let log = folder.join(format!("{FILE}-wal"));
    let began = Instant::now();
    while log.exists() {
        ensure!(
            began.elapsed() < CLOSED_WITHIN,
            "the table's file stays open"
        );
        tokio::time::sleep(PAUSE).await;
    }
    Ok(())
}

/// The table in the data folder of a host that does not run. Its file is closed when it is dropped.
pub(crate) fn open(folder: &Path) -> Result<Table> {
    let embedded = EmbeddedTable::open(&folder.join(FILE))?;
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let settings = Settings {
        name: NAME.to_owned(),
        shards: SHARDS,
    };
    let ids = Ids::new(clock, Arc::new(SystemRandom));
    Ok(Table::new(embedded.client(), settings, ids))
}
