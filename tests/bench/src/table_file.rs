//! The host's table while no host runs: seeded in bulk, or called alone.

use std::path::Path;
use std::sync::Arc;

use anyhow::Result;
use cloud::clock::{SystemClock, SystemRandom};
use domain::{Clock, Ids};
use local::EmbeddedTable;
use store::{Settings, Table};

/// As in the host (`infra/local/src/services.rs`).
const FILE: &str = "table.sqlite";
const NAME: &str = "m1autoposter";
const SHARDS: u32 = 16;

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
