//! The dispatcher and the sweeper, step for step as in `functions/dispatch`, `functions/upkeep` and `shared/engine`.

use domain::delivery::decisions::{
    Decision, Wakeup, is_start_near, on_held_too_long, on_overdue, on_start, to_follow,
};
use domain::delivery::timing::LOOK_AHEAD;
use domain::delivery::{DeliveryKey, State};
use jiff::{SignedDuration, Timestamp};

use crate::account;
use crate::process::{Process, Result};
use crate::table::{Entry, Id, Verdict};
use crate::worker;

/// Entries that are younger are the dispatcher's.
const DISPATCHER_LATE: SignedDuration = SignedDuration::from_mins(3);
/// Looks of one tick: what moved is not seen again, so that more are not needed.
const LOOKS_MAX: usize = 4;

/// What was done with an entry.
enum Reconciled {
    Wake(Wakeup),
    Done,
    Nothing,
}

/// Once a minute.
pub(crate) async fn tick(process: Process) {
    for _ in 0..LOOKS_MAX {
        let Ok(mut entries) = index(&process, |entry| entry.attention).await else {
            break;
        };
        let until = process.now() + LOOK_AHEAD;
        entries.retain(|(at, _)| *at <= until);
        entries.sort_by_key(|(at, _)| *at);
        if work(&process, entries).await == 0 {
            break;
        }
    }
    let is_followed = process.world.outside().table.account.is_followed;
    if !is_followed {
        account::align(&process).await;
    }
}

/// Every five minutes.
pub(crate) async fn sweep(process: Process) {
    let now = process.now();
    if let Ok(entries) = index(&process, |entry| entry.deadline).await {
        for (_, entry) in entries.into_iter().filter(|(deadline, _)| *deadline <= now) {
            // What fails stays for the next sweep.
            let _ = settle_overdue(&process, entry.id).await;
        }
    }
    if let Ok(mut entries) = index(&process, |entry| entry.attention).await {
        entries.retain(|(at, _)| *at <= now - DISPATCHER_LATE);
        work(&process, entries).await;
    }
}

/// Entries that have a time, by what the index shows: it may lag.
async fn index(
    process: &Process,
    time: impl Fn(&Entry) -> Option<Timestamp>,
) -> Result<Vec<(Timestamp, Entry)>> {
    let entries = process.table("query the index", |outside| {
        let lag = if outside.weather.stale_index {
            outside.tape.pick(&[0, 1, 5])
        } else {
            0
        };
        outside
            .table
            .index(outside.now - SignedDuration::from_secs(lag))
    });
    let entries = entries.await?.into_iter();
    Ok(entries
        .filter_map(|entry| Some((time(&entry)?, entry)))
        .collect())
}

/// Answers how many entries moved.
async fn work(process: &Process, entries: Vec<(Timestamp, Entry)>) -> usize {
    let mut wakeups = Vec::new();
    let mut done = 0;
    for (seen, entry) in entries {
        match reconcile(process, seen, entry).await {
            Ok(Reconciled::Wake(wakeup)) => wakeups.push(wakeup),
            Ok(Reconciled::Done) => done += 1,
            Ok(Reconciled::Nothing) | Err(_) => {}
        }
    }
    done + process.wake(&wakeups).await
}

async fn reconcile(process: &Process, seen: Timestamp, entry: Entry) -> Result<Reconciled> {
    let now = process.now();
    let id = entry.id;
    match entry.state {
        State::Scheduled | State::Queued | State::RetryWait => {
            let not_before = entry.not_before.unwrap();
            if !is_start_near(seen, not_before, now) {
                return Ok(Reconciled::Nothing);
            }
            match on_start(seen, entry.deadline, now) {
                Some(decision) => carry_out(process, id, decision).await,
                None => Ok(Reconciled::Wake(Wakeup {
                    key: DeliveryKey::of(process.world.outside().table.delivery(id)),
                    revision: entry.revision,
                    not_before,
                    seen,
                })),
            }
        }
        _ if seen > now => Ok(Reconciled::Nothing),
        State::Held => carry_out(process, id, on_held_too_long(seen)).await,
        State::Claimed | State::Calling | State::Processing | State::Uncertain => {
            follow(process, id, seen, now).await
        }
        State::Draft
        | State::Asking
        | State::Published
        | State::HandedOver
        | State::Failed
        | State::Cancelled
        | State::Missed => Ok(Reconciled::Nothing),
    }
}

async fn follow(process: &Process, id: Id, seen: Timestamp, now: Timestamp) -> Result<Reconciled> {
    let delivery = process.read(id).await?;
    let Some((message, mark)) = to_follow(&delivery, seen, now) else {
        return Ok(Reconciled::Nothing);
    };
    if process.send(message).await.is_ok() {
        process.step(id, &mark).await?;
    }
    Ok(Reconciled::Done)
}

async fn carry_out(process: &Process, id: Id, decision: Decision) -> Result<Reconciled> {
    process.decide(id, decision).await?;
    Ok(Reconciled::Done)
}

async fn settle_overdue(process: &Process, id: Id) -> Result<bool> {
    let delivery = process.read(id).await?;
    let attempt = worker::attempt(process, &delivery).await?;
    let Some(decision) = on_overdue(&delivery, attempt, process.now()) else {
        return Ok(false);
    };
    let verdict = process.decide(id, decision).await?;
    Ok(matches!(verdict, Verdict::Done(_)))
}
