//! A worker that had begun a call seems dead since a lease ago.

use domain::Result;
use domain::delivery::{Delivery, DeliveryKey, Fence, faults, protocol};
use store::Step;

use crate::Ctx;
use crate::look::settle_from_attempt;
use crate::settle::follow_up;

/// Declares the outcome uncertain, unless the dead worker left its evidence or another one took over.
pub(crate) async fn reap(ctx: &Ctx, delivery: Delivery, fence: Fence) -> Result<()> {
    if settle_from_attempt(ctx, &delivery).await? {
        return Ok(());
    }
    let transition = protocol::reap(fence, ctx.clock.now(), faults::owner_died());
    if let Step::Done(delivery) = ctx
        .table
        .system()
        .step(&DeliveryKey::of(&delivery), &transition)
        .await?
    {
        follow_up(ctx, &delivery).await;
    }
    Ok(())
}
