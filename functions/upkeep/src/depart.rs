//! Removing what is left of people whose accounts ended.

use domain::{Result, UserId};
use futures::{StreamExt, stream};

use crate::Ctx;

/// People at once.
const AT_ONCE: usize = 8;

/// Removes what is still stored of some people whose accounts ended a while ago: of how many nothing is left. A later run
/// goes on with the others.
pub async fn finish_departures(ctx: &Ctx) -> Result<usize> {
    let waker = &ctx.reconciler.waker;
    let due = waker.table.system();
    let due = due.departures_to_finish(waker.clock.now()).await?;
    let finished: Vec<bool> = stream::iter(due)
        .map(|user| is_finished(ctx, user))
        .buffer_unordered(AT_ONCE)
        .collect()
        .await;
    Ok(finished.into_iter().filter(|finished| *finished).count())
}

async fn is_finished(ctx: &Ctx, user: UserId) -> bool {
    let waker = &ctx.reconciler.waker;
    let system = waker.table.system();
    let finished = system.finish_departure(user, waker.clock.now()).await;
    let is_finished = finished.unwrap_or_else(|error| {
        tracing::warn!(
            user.id = %user,
            error = &error as &dyn std::error::Error,
            "what is left of somebody whose account ended could not be removed; a later run goes on"
        );
        false
    });
    if !is_finished {
        postpone(ctx, user).await;
    }
    is_finished
}

async fn postpone(ctx: &Ctx, user: UserId) {
    let waker = &ctx.reconciler.waker;
    let system = waker.table.system();
    if let Err(error) = system.postpone_departure(user, waker.clock.now()).await {
        tracing::warn!(
            user.id = %user,
            error = &error as &dyn std::error::Error,
            "the follow-up of somebody's end could not be postponed; the next run tries it again"
        );
    }
}
