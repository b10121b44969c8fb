//! What an operator declares after the table was restored: the time that it lost.
//!
//! Nothing that may have been called in that time is called again before the network was asked. It is safe to declare
//! the same time again: what is uncertain stays so, and is looked for anew.

use domain::Result;
use domain::delivery::protocol::{self, LostTime};
use domain::delivery::{DeliveryKey, Transition, faults};
use futures::{StreamExt, stream};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use store::Step;

use crate::Ctx;

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
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Declared {
    /// Deliveries that are uncertain now: they are looked for at their networks.
    pub uncertain: usize,
    /// Deliveries that keep their plan or were final; those that were called are counted again here.
    pub untouched: usize,
    /// Deliveries that could not be written: declare the time again before anything starts.
    pub failed: usize,
}

/// Makes everything uncertain that may have been called in the lost time.
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
    let mut outcome = Declared::default();
    let may_be_called = protocol::lost(time, now, faults::forgotten());
    let system = ctx.reconciler.waker.table.system();
    for shard in 0..system.shards() {
        let mut position = None;
        loop {
            let page = system.unsettled(shard, position, PAGE).await?;
            write(ctx, page.keys, &may_be_called, &mut outcome).await;
            position = page.next;
            if position.is_none() {
                break;
            }
        }
    }
    let called_by_lost_plans = protocol::lost_call(time, now, faults::forgotten());
    write(ctx, called.clone(), &called_by_lost_plans, &mut outcome).await;
    Ok(outcome)
}

async fn write(ctx: &Ctx, keys: Vec<DeliveryKey>, transition: &Transition, outcome: &mut Declared) {
    let table = &ctx.reconciler.waker.table;
    let steps: Vec<Result<Step>> = stream::iter(keys)
        .map(|key| async move { table.system().step(&key, transition).await })
        .buffer_unordered(AT_ONCE)
        .collect()
        .await;
    for step in steps {
        let count = match step {
            Ok(Step::Done(_)) => &mut outcome.uncertain,
            Ok(Step::Refused(_) | Step::Absent) => &mut outcome.untouched,
            Err(error) => {
                tracing::error!(
                    error = &error as &dyn std::error::Error,
                    "a delivery of a lost time could not be written"
                );
                &mut outcome.failed
            }
        };
        *count = count.saturating_add(1);
    }
}
