//! One run over a shard that holds more than a tick can do.

use domain::Result;
use domain::delivery::timing::LOOK_AHEAD;
use engine::Seals;
use jiff::Timestamp;
use store::{AttentionCursor, AttentionEntry};

use crate::fair::take_turns;
use crate::seal::{begin_sealing, finish_sealing};
use crate::work::{Marks, Run, later, work};
use crate::{Ctx, TICK};

/// Entries that are read before any is worked on: those of a quiet tenant among them need not wait for those of a loud
/// one before them. 20,000 are 6 MB and 750 read units, a quarter of what the shard's partition can be read in a second.
pub const WINDOW: usize = 20_000;
/// Entries that one query reads: about 300 KB, below the 1 MB of a page.
pub(crate) const PAGE: i32 = 1_000;
/// Entries between two looks at the clock: about a quarter of a second.
pub const STEP: usize = 100;

/// Works on the backlog of one shard until it is done or the time is up; the next tick goes on.
///
/// Two runs over one shard at once send some messages twice, which the claims make harmless.
pub async fn backlog(ctx: &Ctx, shard: u32) -> Result<Run> {
    let mut run = Run::default();
    let stop_at = later(ctx.reconciler.waker.clock.now(), ctx.time_max);
    pass(ctx, shard, stop_at, &mut run).await?;
    Ok(run)
}

/// Passes once over what is due in a shard, so that entries which stay where they are keep nobody from the rest. Events are
/// sealed first, as far as the rest can wait for it.
pub(crate) async fn pass(ctx: &Ctx, shard: u32, stop_at: Timestamp, run: &mut Run) -> Result<()> {
    let clock = &ctx.reconciler.waker.clock;
    let mut after = None;
    loop {
        let now = clock.now();
        let (window, next) = read(ctx, shard, later(now, LOOK_AHEAD), after).await?;
        let (seals, window) = Seals::take_from(window);
        if run.seen == 0 {
            run.note_ages(&window, now);
        }
        let seals = begin_sealing(ctx, seals, stop_at, run).await;
        let mut entries = take_turns(window, later(now, TICK)).into_iter();
        while clock.now() < stop_at {
            let step: Vec<AttentionEntry> = entries.by_ref().take(STEP).collect();
            if step.is_empty() {
                break;
            }
            work(ctx, step, Marks::OfOneShard, run).await;
        }
        finish_sealing(ctx, seals, stop_at, run).await;
        if next.is_none() || clock.now() >= stop_at {
            return Ok(());
        }
        after = next;
    }
}

/// Up to [`WINDOW`] entries, and where to go on.
async fn read(
    ctx: &Ctx,
    shard: u32,
    until: Timestamp,
    mut after: Option<AttentionCursor>,
) -> Result<(Vec<AttentionEntry>, Option<AttentionCursor>)> {
    let system = ctx.reconciler.waker.table.system();
    let mut window = Vec::new();
    loop {
        let page = system.attention_page(shard, until, PAGE, after).await?;
        window.extend(page.entries);
        if page.next.is_none() || window.len() >= WINDOW {
            return Ok((window, page.next));
        }
        after = page.next;
    }
}
