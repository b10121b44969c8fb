//! What an operator declares after the table was restored: the time that it lost.
//!
//! Whoever was erased is erased again, and nothing that may have been called in that time is called again before the network
//! was asked. It is safe to declare the same time again: what is uncertain stays so, and is looked for anew.

use std::collections::BTreeSet;

use domain::Result;
use domain::delivery::protocol::{self, LostTime};
use domain::delivery::{DeliveryKey, Transition, faults};
use futures::{StreamExt, stream};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use store::{Step, Table};
use tracing::field;

use crate::Ctx;
use crate::bury::{Buried, bury_erased};

/// Deliveries that one query reads.
const PAGE: i32 = 500;
/// Deliveries that are written at once.
const AT_ONCE: usize = 32;

/// The time that a restored table has lost.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LostTimeDeclared {
    /// The point in time to which the table was restored.
    pub from: Timestamp,
    /// When the last worker had stopped.
    pub until: Timestamp,
    /// What was called in that time, as the log of the publisher tells: people may have planned it in that time too, so
    /// that the restored plan does not show it.
    #[serde(default)]
    pub called: Vec<DeliveryKey>,
}

/// What came of it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Declared {
    /// Tenants that the table had once more, though they were erased: nothing is left of them but a tombstone.
    pub erased: usize,
    /// Deliveries that are uncertain now: they are looked for at their networks.
    pub uncertain: usize,
    /// Those of them that were called: where a network tells posts apart by their content, they are not called again
    /// without a person, for the content that the table knows may be an older one.
    pub called: usize,
    /// Deliveries that keep their plan or were final.
    pub untouched: usize,
    /// What was called and is not in the table any more: it was written in the lost time. Nobody but its author can find
    /// it, so its author must be told.
    pub gone: Vec<DeliveryKey>,
    /// Deliveries that could not be written, and erased tenants of which something is left: declare the time again before
    /// anything starts.
    pub failed: usize,
}

/// Erases whoever was erased before, and makes everything uncertain that may have been called in the lost time.
pub async fn declare(ctx: &Ctx, declared: &LostTimeDeclared) -> Result<Declared> {
    let LostTimeDeclared {
        from,
        until,
        called,
    } = declared;
    let now = ctx.reconciler.waker.clock.now();
    let time = LostTime {
        from: *from,
        until: *until,
    };
    let called: BTreeSet<DeliveryKey> = called.iter().copied().collect();
    // First: what is erased with a tenant is not looked for, and nobody enters it in the meantime.
    let Buried { erased, failed } = bury_erased(ctx).await?;
    let mut outcome = Declared {
        erased,
        failed,
        ..Declared::default()
    };
    let may_be_called = protocol::lost(time, now, faults::forgotten());
    let system = ctx.reconciler.waker.table.system();
    for shard in 0..system.shards() {
        let mut position = None;
        loop {
            let page = system.unsettled(shard, position, PAGE).await?;
            for written in write(ctx, page.keys, &may_be_called).await {
                match written {
                    Written::Done => increase(&mut outcome.uncertain),
                    Written::Refused | Written::Absent(_) => increase(&mut outcome.untouched),
                    Written::Failed => increase(&mut outcome.failed),
                }
            }
            position = page.next;
            if position.is_none() {
                break;
            }
        }
    }
    let called_by_lost_plans = protocol::lost_call(time, now, faults::forgotten());
    for written in write(ctx, called.iter().copied().map(Ok), &called_by_lost_plans).await {
        match written {
            Written::Done => increase(&mut outcome.uncertain),
            Written::Refused => {}
            Written::Absent(key) => outcome.gone.push(key),
            Written::Failed => increase(&mut outcome.failed),
        }
    }
    let called_with_lost_content = protocol::lost_content(faults::content_lost());
    for written in write(ctx, called.into_iter().map(Ok), &called_with_lost_content).await {
        match written {
            Written::Done => increase(&mut outcome.called),
            Written::Refused | Written::Absent(_) => {}
            Written::Failed => increase(&mut outcome.failed),
        }
    }
    outcome.gone.sort();
    Ok(outcome)
}

/// What became of one delivery.
enum Written {
    Done,
    Refused,
    Absent(DeliveryKey),
    Failed,
}

async fn write(
    ctx: &Ctx,
    keys: impl IntoIterator<Item = Result<DeliveryKey>>,
    transition: &Transition,
) -> Vec<Written> {
    let table = &ctx.reconciler.waker.table;
    stream::iter(keys)
        .map(|key| async move {
            let id = key.as_ref().ok().map(|key| field::display(key.delivery));
            let written = step(table, key, transition).await;
            written.unwrap_or_else(|error| {
                tracing::error!(
                    delivery.id = id,
                    error = &error as &dyn std::error::Error,
                    "a delivery of a lost time could not be written"
                );
                Written::Failed
            })
        })
        .buffer_unordered(AT_ONCE)
        .collect()
        .await
}

async fn step(table: &Table, key: Result<DeliveryKey>, transition: &Transition) -> Result<Written> {
    let key = key?;
    Ok(match table.system().step(&key, transition).await? {
        Step::Done(_) => Written::Done,
        Step::Refused(_) => Written::Refused,
        Step::Absent => Written::Absent(key),
    })
}

fn increase(count: &mut usize) {
    *count = count.saturating_add(1);
}
