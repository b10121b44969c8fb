//! What happens by the clock: the deployment's timers, and the removal of expired items, uploads and exports that the
//! real table and bucket do themselves.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt as _;
use tokio::sync::watch;
use tokio::time::{Instant, MissedTickBehavior, interval_at};

use crate::functions::Functions;
use crate::objects::DiskObjects;
use crate::table::EmbeddedTable;

/// Something that happens again and again.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Timer {
    /// The dispatcher.
    Dispatch,
    /// The dispatcher's look at events halfway to its next run.
    Seal,
    /// The independent sweeper.
    Upkeep,
    /// The checkpoint of the audit log.
    Checkpoint,
    /// The rotation of the product's own keys.
    Keys,
    /// Exports of tenants.
    Transfers,
    /// Removal of expired items, uploads and exports.
    Sweep,
}

impl Timer {
    /// Every timer.
    pub(crate) const ALL: [Self; 7] = [
        Self::Dispatch,
        Self::Seal,
        Self::Upkeep,
        Self::Checkpoint,
        Self::Keys,
        Self::Transfers,
        Self::Sweep,
    ];

    const fn every(self) -> Duration {
        match self {
            Self::Dispatch | Self::Seal => Duration::from_mins(1),
            Self::Upkeep => Duration::from_mins(5),
            // In a deployment it is a minute; here somebody looks on, and a look costs nothing.
            Self::Transfers => Duration::from_secs(3),
            // The second reads the whole table, and whoever reads an item looks at its expiry anyway.
            Self::Checkpoint | Self::Keys | Self::Sweep => Duration::from_hours(1),
        }
    }

    const fn first_after(self) -> Duration {
        match self {
            Self::Dispatch | Self::Upkeep | Self::Transfers => Duration::ZERO,
            Self::Seal => Duration::from_secs(30),
            Self::Checkpoint | Self::Keys | Self::Sweep => Duration::from_mins(10),
        }
    }

    /// Runs until `stop` changes. A run under way is finished.
    pub(crate) async fn repeat(
        self,
        functions: Functions,
        table: Arc<EmbeddedTable>,
        objects: DiskObjects,
        mut stop: watch::Receiver<bool>,
    ) {
        let mut ticks = interval_at(Instant::now() + self.first_after(), self.every());
        ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
        loop {
            tokio::select! {
                biased;
                _ = stop.changed() => return,
                _ = ticks.tick() => {}
            }
            let run = AssertUnwindSafe(self.run(&functions, &table, &objects)).catch_unwind();
            if run.await.is_err() {
                tracing::error!(timer = ?self, "a timer's run panicked; the next one comes");
            }
        }
    }

    async fn run(self, functions: &Functions, table: &EmbeddedTable, objects: &DiskObjects) {
        match self {
            Self::Dispatch => functions.dispatch().await,
            Self::Seal => functions.seal().await,
            Self::Upkeep => functions.upkeep().await,
            Self::Checkpoint => functions.checkpoint().await,
            Self::Keys => functions.rotate_own_keys().await,
            Self::Transfers => functions.transfer().await,
            Self::Sweep => {
                if let Err(error) = table.sweep().await {
                    tracing::warn!(%error, "expired items cannot be removed");
                }
                if let Err(error) = objects.forget_old_objects().await {
                    tracing::warn!(%error, "old uploads and exports cannot be removed");
                }
            }
        }
    }
}
