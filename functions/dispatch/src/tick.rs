//! One look at everything that wants attention soon.

use std::collections::BTreeSet;

use cloud::queue::{Delay, Outgoing};
use domain::Result;
use domain::delivery::timing::LOOK_AHEAD;
use domain::tenant::ROOT_TENANT;
use engine::Seals;
use futures::{StreamExt, stream};
use store::{AttentionEntry, AttentionPage};

use crate::backlog::pass;
use crate::fair::take_turns;
use crate::message::DispatchMessage;
use crate::seal::{begin_sealing, finish_sealing};
use crate::work::{AT_ONCE, Marks, Run, later, work};
use crate::{Ctx, TICK};

/// Entries of one shard that a tick does itself: about 30 KB. A shard with more is left to a run of its own.
pub const HEAD: i32 = 100;

/// Looks at the heads of all shards and does what each entry asks for; events are sealed first, as far as the rest can wait
/// for it. A shard with more than its head goes to the
/// dispatch queue, for a run of its own; those that the queue does not take are worked on here.
pub async fn tick(ctx: &Ctx) -> Result<Run> {
    let clock = &ctx.reconciler.waker.clock;
    let started = clock.now();
    let stop_at = later(started, ctx.time_max);
    let mut run = Run::default();
    let mut shards: BTreeSet<u32> = (0..ctx.reconciler.waker.table.system().shards()).collect();
    loop {
        let heads = heads(ctx, &shards, &mut run).await?;
        let (crowded, entries) = sort_out(heads);
        let (seals, entries) = Seals::take_from(entries);
        if run.seen == 0 {
            run.note_ages(&entries, started);
        }
        shards.retain(|shard| !crowded.contains(shard));
        let kept = hand_over(ctx, crowded, &mut run).await;

        let seals = begin_sealing(ctx, seals, stop_at, &mut run).await;
        let done = run.done;
        let soon = later(clock.now(), TICK);
        work(ctx, take_turns(entries, soon), Marks::OfAllShards, &mut run).await;
        finish_sealing(ctx, seals, stop_at, &mut run).await;
        for shard in kept {
            if let Err(error) = pass(ctx, shard, stop_at, &mut run).await {
                run.fail(&error);
            }
        }
        // What was sent has moved away. What was done may go on: an account's posts follow it in steps.
        if run.done == done || clock.now() >= stop_at {
            return Ok(run);
        }
    }
}

/// The heads of the shards. One that cannot be read keeps nobody from the rest; fails only where none can be read.
async fn heads(
    ctx: &Ctx,
    shards: &BTreeSet<u32>,
    run: &mut Run,
) -> Result<Vec<(u32, AttentionPage)>> {
    let system = ctx.reconciler.waker.table.system();
    let until = later(ctx.reconciler.waker.clock.now(), LOOK_AHEAD);
    let looks: Vec<Result<(u32, AttentionPage)>> = stream::iter(shards.iter().copied())
        .map(|shard| async move {
            let page = system.attention_page(shard, until, HEAD, None).await?;
            Ok((shard, page))
        })
        .buffer_unordered(AT_ONCE)
        .collect()
        .await;
    let mut heads = Vec::with_capacity(looks.len());
    let mut failure = None;
    for look in looks {
        match look {
            Ok(head) => heads.push(head),
            Err(error) => {
                run.fail(&error);
                failure = Some(error);
            }
        }
    }
    match failure {
        Some(error) if heads.is_empty() => Err(error),
        _ => Ok(heads),
    }
}

/// Shards with more than their heads, and the entries of all others, oldest first.
fn sort_out(heads: Vec<(u32, AttentionPage)>) -> (Vec<u32>, Vec<AttentionEntry>) {
    let (crowded, small): (Vec<_>, Vec<_>) =
        heads.into_iter().partition(|(_, page)| page.next.is_some());
    let crowded = crowded.into_iter().map(|(shard, _)| shard).collect();
    let mut entries: Vec<AttentionEntry> = small
        .into_iter()
        .flat_map(|(_, page)| page.entries)
        .collect();
    entries.sort_by_key(|entry| entry.at);
    (crowded, entries)
}

/// Answers the shards that the queue did not take.
async fn hand_over(ctx: &Ctx, shards: Vec<u32>, run: &mut Run) -> Vec<u32> {
    if shards.is_empty() {
        return shards;
    }
    let messages: Vec<Outgoing> = shards
        .iter()
        .map(|shard| Outgoing {
            body: DispatchMessage::Shard(*shard).to_text(),
            tenant: ROOT_TENANT,
            delay: Delay::NONE,
        })
        .collect();
    let sent = ctx.shards.send(&messages).await;
    let mut kept = Vec::new();
    for (shard, sent) in shards.into_iter().zip(sent) {
        match sent {
            Ok(()) => run.handed_over = run.handed_over.saturating_add(1),
            Err(error) => {
                tracing::warn!(
                    shard,
                    error = &error as &dyn std::error::Error,
                    "a shard could not be handed over; this run works on it"
                );
                kept.push(shard);
            }
        }
    }
    kept
}
