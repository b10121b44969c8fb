//! How a try is recorded to have ended, and what comes next.

use domain::account::AccountState;
use domain::delivery::decisions::Settlement;
use domain::delivery::{Fault, HoldReason, protocol};
use jiff::SignedDuration;

use super::publish::Try;
use crate::process::{NoAnswer, Process, Result};
use crate::table::Verdict;
use crate::words::number_of;

const TRIES: u32 = 5;
const FIRST_PAUSE: SignedDuration = SignedDuration::from_millis(200);

pub(super) async fn settle(process: &Process, attempt: &Try) -> Result<()> {
    match &attempt.ending {
        Some(settlement) => record(process, attempt, settlement).await,
        None => Ok(()),
    }
}

/// Leaves the delivery to another claim.
pub(super) async fn give_back(process: &Process, attempt: &Try) -> Result<()> {
    let at = process.now();
    record(process, attempt, &Settlement::Postponed { at, fault: None }).await
}

async fn record(process: &Process, attempt: &Try, settlement: &Settlement) -> Result<()> {
    let mut pause = FIRST_PAUSE;
    for is_last in (1..=TRIES).map(|number| number == TRIES) {
        match record_once(process, attempt, settlement).await {
            Ok(Verdict::Done(delivery)) => {
                process.follow_up(&delivery).await;
                return Ok(());
            }
            Ok(Verdict::Refused(_)) => return Ok(()),
            Err(NoAnswer) if is_last => return Err(NoAnswer),
            Err(NoAnswer) => process.sleep(pause).await,
        }
        pause *= 2;
    }
    Ok(())
}

async fn record_once(process: &Process, attempt: &Try, settlement: &Settlement) -> Result<Verdict> {
    if let Settlement::Held(HoldReason::Account, fault) = settlement {
        return hold_for_account(process, attempt, fault).await;
    }
    let latest_start = attempt.delivery.latest_start();
    let decision = settlement
        .clone()
        .decision(attempt.claim, latest_start, process.now());
    process.decide(number_of(&attempt.delivery), decision).await
}

/// Only while the account waits for a person; else there is another try.
async fn hold_for_account(process: &Process, attempt: &Try, fault: &Fault) -> Result<Verdict> {
    let (id, claim) = (number_of(&attempt.delivery), attempt.claim);
    let latest_start = attempt.delivery.latest_start();
    let hold = protocol::held_by_owner(claim, HoldReason::Account, latest_start, fault.clone());
    let operation = process.world.outside().operation();
    let held = process.table("hold for the account", |outside| {
        let waits = outside.table.account.state == AccountState::ReconnectNeeded;
        waits.then(|| outside.step(id, hold.clone(), operation))
    });
    if let Some(verdict) = held.await? {
        return Ok(verdict);
    }
    let retry = protocol::retry(claim, process.now(), Some(fault.clone()));
    process.step(id, &retry).await
}
