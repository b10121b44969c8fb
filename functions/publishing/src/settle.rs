//! Records how a try ended, and sets off what comes next.

use std::time::Duration;

use domain::Result;
use domain::delivery::retry::next_try;
use domain::delivery::{
    Delivery, Evidence, Fault, HoldReason, RemoteJob, State, Transition, protocol,
};
use domain::notice::NoticeCause;
use engine::look_message;
use jiff::{SignedDuration, Timestamp};
use store::Step;

use crate::Ctx;
use crate::claim::Owned;
use crate::measure;

/// Tries to record an outcome before the message is given back: together shorter than the time that is left after the
/// longest call.
const TRIES: u32 = 5;
const FIRST_PAUSE: Duration = Duration::from_millis(200);

/// How a try ended.
#[derive(Clone, Debug)]
pub(crate) enum Settlement {
    /// It is out.
    Published(Evidence),
    /// A person must finish it at the network.
    HandedOver(Evidence),
    /// The network works on it.
    Processing(RemoteJob),
    /// Nothing happened; the next try may begin then.
    Retry {
        /// When.
        at: Timestamp,
        /// Why.
        fault: Fault,
    },
    /// Nothing happened, and that was no try: another one may begin then.
    Postponed {
        /// When.
        at: Timestamp,
    },
    /// Nothing happened; the account has its turn then.
    Paced {
        /// When.
        at: Timestamp,
    },
    /// It will not go out.
    Failed(Fault),
    /// It may be out.
    Uncertain(Fault),
    /// A person must act first.
    Held(HoldReason, Fault),
    /// Its account is gone.
    Cancelled(Fault),
    /// Its time has passed.
    Missed(Fault),
}

impl Settlement {
    /// The next try after one without effect, or the end when there can be none in time.
    pub(crate) fn retry(
        ctx: &Ctx,
        owned: &Owned,
        fault: Fault,
        retry_after: Option<Duration>,
    ) -> Self {
        let retry_after = retry_after.and_then(|pause| SignedDuration::try_from(pause).ok());
        match next_try(
            owned.delivery.tries,
            ctx.clock.now(),
            retry_after,
            owned.latest_start(),
        ) {
            Some(at) => Self::Retry { at, fault },
            None => Self::Failed(fault),
        }
    }
}

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
    let claim = owned.claim;
    let now = ctx.clock.now();
    let (transition, cause): (Transition, Option<Cause>) = match settlement.clone() {
        Settlement::Published(evidence) => (protocol::published(claim, evidence), None),
        Settlement::HandedOver(evidence) => (protocol::handed_over(claim, evidence), None),
        Settlement::Processing(job) => {
            let poll_at = job.poll_at.max(now);
            (protocol::processing(claim, job, poll_at), None)
        }
        Settlement::Retry { at, fault } => (protocol::retry(claim, at, Some(fault)), None),
        Settlement::Postponed { at } => (protocol::postponed(claim, at), None),
        Settlement::Paced { at } => (protocol::paced(claim, at), None),
        Settlement::Failed(fault) => (protocol::failed(claim, fault), Some(failed)),
        Settlement::Uncertain(fault) => (protocol::uncertain(claim, now, fault), None),
        // The mail about the account covers all posts that it holds up.
        Settlement::Held(reason @ HoldReason::Account, fault) => (
            protocol::held_by_owner(claim, reason, owned.latest_start(), fault),
            None,
        ),
        Settlement::Held(reason @ (HoldReason::User | HoldReason::Tenant), fault) => (
            protocol::held_by_owner(claim, reason, owned.latest_start(), fault),
            Some(held),
        ),
        Settlement::Cancelled(fault) => (protocol::cancelled_by_owner(claim, fault), None),
        Settlement::Missed(fault) => (protocol::missed_by_owner(claim, fault), Some(missed)),
    };
    step(ctx, &owned.delivery, &transition, cause).await
}

/// Why a transition owes a mail.
pub(crate) type Cause = fn(&Delivery) -> NoticeCause;

/// Makes a transition happen, together with the mail that it owes.
pub(crate) async fn step(
    ctx: &Ctx,
    delivery: &Delivery,
    transition: &Transition,
    cause: Option<Cause>,
) -> Result<Step> {
    let key = domain::delivery::DeliveryKey::of(delivery);
    let step = match cause {
        Some(cause) => ctx.notifier.step_and_notify(&key, transition, cause).await,
        None => ctx.table.system().step(&key, transition).await,
    }?;
    if let Step::Done(delivery) = &step {
        measure::reached(ctx, delivery);
    }
    Ok(step)
}

/// Sends the message for what comes next, if that is near. A message that is lost is replaced by the next tick.
pub(crate) async fn follow_up(ctx: &Ctx, delivery: &Delivery) {
    match (delivery.state, delivery.attention) {
        (State::RetryWait, _) => ctx.waker.nudge(std::slice::from_ref(delivery)).await,
        (State::Processing | State::Uncertain, Some(at)) => {
            ctx.waker.send(&[look_message(delivery, at)]).await;
        }
        _ => {}
    }
}

pub(crate) fn failed(delivery: &Delivery) -> NoticeCause {
    NoticeCause::Failed {
        post: delivery.post,
        delivery: delivery.id,
        revision: delivery.revision,
    }
}

pub(crate) fn outcome_unknown(delivery: &Delivery) -> NoticeCause {
    NoticeCause::OutcomeUnknown {
        post: delivery.post,
        delivery: delivery.id,
        revision: delivery.revision,
    }
}

fn held(delivery: &Delivery) -> NoticeCause {
    NoticeCause::Held {
        post: delivery.post,
        delivery: delivery.id,
        revision: delivery.revision,
    }
}

fn missed(delivery: &Delivery) -> NoticeCause {
    NoticeCause::Missed {
        post: delivery.post,
        delivery: delivery.id,
        revision: delivery.revision,
    }
}
