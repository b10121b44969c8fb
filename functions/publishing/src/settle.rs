//! Records how a try ended, and sets off what comes next.

use std::time::Duration;

use domain::Result;
use domain::delivery::decisions::{Decision, Settlement, next_message};
use domain::delivery::{Delivery, DeliveryKey, Fault, HoldReason, protocol};
use store::{HeldForAccount, Step};

use crate::Ctx;
use crate::claim::Owned;
use crate::measure;

/// Tries to record an outcome before the message is given back: together shorter than the time that is left after the
/// longest call.
const TRIES: u32 = 5;
const FIRST_PAUSE: Duration = Duration::from_millis(200);

/// Records the settlement. When that is refused somebody else decided meanwhile, and what this worker knows stands in
/// its attempt.
pub(crate) async fn settle(ctx: &Ctx, owned: &Owned, settlement: Settlement) -> Result<()> {
    let mut pause = FIRST_PAUSE;
    for attempt in 1..=TRIES {
        match record(ctx, owned, &settlement).await {
            Ok(Step::Done(delivery)) => {
                follow_up(ctx, &delivery).await;
                return Ok(());
            }
            Ok(Step::Refused(_) | Step::Absent) => return Ok(()),
            Err(error) if attempt == TRIES => return Err(error),
            Err(_) => tokio::time::sleep(pause).await,
        }
        pause = pause.saturating_mul(2);
    }
    Ok(())
}

async fn record(ctx: &Ctx, owned: &Owned, settlement: &Settlement) -> Result<Step> {
    if let Settlement::Held(HoldReason::Account, fault) = settlement {
        return hold_for_account(ctx, owned, fault).await;
    }
    let latest_start = owned.delivery.latest_start();
    let decision = settlement
        .clone()
        .decision(owned.claim, latest_start, ctx.clock.now());
    step(ctx, &owned.delivery, decision).await
}

/// The delivery waits for its account, unless that is connected again by now: then there is another try. The mail about
/// the account covers all posts that it holds up.
async fn hold_for_account(ctx: &Ctx, owned: &Owned, fault: &Fault) -> Result<Step> {
    let (key, claim) = (owned.key(), owned.claim);
    let latest_start = owned.delivery.latest_start();
    let now = ctx.clock.now();
    let hold = protocol::held_by_owner(claim, HoldReason::Account, latest_start, fault.clone());
    let system = ctx.table.system();
    Ok(match system.hold_for_account(&key, &hold, now).await? {
        HeldForAccount::Held(delivery) => Step::Done(delivery),
        HeldForAccount::AccountChanged => {
            let retry = protocol::retry(claim, now, Some(fault.clone()));
            system.step(&key, &retry).await?
        }
        HeldForAccount::Refused => Step::Absent,
    })
}

/// Makes a decision happen, together with the mail that it owes.
pub(crate) async fn step(ctx: &Ctx, delivery: &Delivery, decision: Decision) -> Result<Step> {
    let key = DeliveryKey::of(delivery);
    let step = ctx.notifier.decide(&key, decision).await?;
    if let Step::Done(delivery) = &step {
        measure::reached(ctx, delivery);
    }
    Ok(step)
}

/// Sends the message for what comes next, if that is near. A message that is lost is replaced by the next tick.
pub(crate) async fn follow_up(ctx: &Ctx, delivery: &Delivery) {
    ctx.waker.nudge(std::slice::from_ref(delivery)).await;
    if let Some(message) = next_message(delivery, ctx.clock.now()) {
        ctx.waker.send(&[message]).await;
    }
}
