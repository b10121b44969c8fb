//! Sealing of events: with every tick, before anything else, and once more half a minute later.
//!
//! A timer cannot fire more often than once a minute, and sometimes fires late; a tick alone could not keep events from
//! waiting for longer than a minute. The second look is a run of its own, so a tick that has much to publish delays
//! neither. It costs a message and one small read of each shard.

use cloud::queue::{Delay, Outgoing};
use domain::Result;
use domain::tenant::ROOT_TENANT;
use engine::Seals;
use futures::{StreamExt, stream};
use jiff::{SignedDuration, Timestamp};

use crate::Ctx;
use crate::backlog::PAGE;
use crate::message::DispatchMessage;
use crate::work::{AT_ONCE, Run, later};

/// After so long a tick is followed by a look at events alone: halfway to the next.
const SECOND_LOOK: u64 = 30;
/// What publishing waits for events at most. They are sealed in a small part of it but for a backlog, of which the second
/// look does the rest.
const SHARE: SignedDuration = SignedDuration::from_secs(5);

/// Asks for the second look at events. Where the queue does not take it, they wait for the next tick.
pub async fn ask_for_second_look(ctx: &Ctx) {
    let message = Outgoing {
        body: DispatchMessage::Seal.to_text(),
        tenant: ROOT_TENANT,
        delay: Delay::from_seconds(SECOND_LOOK),
    };
    for sent in ctx.shards.send(&[message]).await {
        if let Err(error) = sent {
            tracing::warn!(
                error = &error as &dyn std::error::Error,
                "events that happen from now on wait for the next tick"
            );
        }
    }
}

/// Seals what waits in all shards, and does nothing else.
pub async fn seal(ctx: &Ctx) -> Result<Run> {
    let started = ctx.reconciler.waker.clock.now();
    let system = ctx.reconciler.waker.table.system();
    let looks: Vec<Result<Seals>> = stream::iter(0..system.shards())
        .map(|shard| waiting(ctx, shard, started))
        .buffer_unordered(AT_ONCE)
        .collect()
        .await;
    let (mut run, mut seals, mut failure) = (Run::default(), Seals::default(), None);
    let shards = looks.len();
    for look in looks {
        match look {
            Ok(waiting) => seals = seals.and(waiting),
            Err(error) => {
                run.fail(&error);
                failure = Some(error);
            }
        }
    }
    if let Some(error) = failure
        && run.failed == shards
    {
        return Err(error);
    }
    let stop_at = later(started, ctx.time_max);
    finish_sealing(ctx, seals, stop_at, &mut run).await;
    Ok(run)
}

/// The events that wait in a shard.
async fn waiting(ctx: &Ctx, shard: u32, until: Timestamp) -> Result<Seals> {
    let system = ctx.reconciler.waker.table.system();
    let (mut found, mut after) = (Seals::default(), None);
    loop {
        let page = system.attention_page(shard, until, PAGE, after).await?;
        found = found.and(Seals::take_from(page.entries).0);
        after = page.next;
        if after.is_none() {
            return Ok(found);
        }
    }
}

/// Seals as much as publishing can wait for; answers the rest.
pub(crate) async fn begin_sealing(
    ctx: &Ctx,
    seals: Seals,
    stop_at: Timestamp,
    run: &mut Run,
) -> Seals {
    let share = later(ctx.reconciler.waker.clock.now(), SHARE);
    seal_until(ctx, seals, stop_at.min(share), run).await
}

/// Seals as much as there is time for, and notes how long the rest has waited.
pub(crate) async fn finish_sealing(ctx: &Ctx, seals: Seals, stop_at: Timestamp, run: &mut Run) {
    let left = seal_until(ctx, seals, stop_at, run).await;
    run.note_wait(left.longest_wait(ctx.reconciler.waker.clock.now()));
}

async fn seal_until(ctx: &Ctx, seals: Seals, stop_at: Timestamp, run: &mut Run) -> Seals {
    let sealing = ctx.reconciler.seal(seals, stop_at).await;
    run.sealed = run.sealed.saturating_add(sealing.sealed);
    run.note_wait(sealing.longest_wait);
    for error in &sealing.failures {
        run.fail(error);
    }
    sealing.left
}
