//! Publishes one delivery: claim, prepare, intent, call, evidence, settle.

use std::time::Duration;

use cloud::telemetry::Metric;
use domain::delivery::decisions::{Settlement, is_long_enough_for_a_call};
use domain::delivery::protocol::Claim;
use domain::delivery::timing::{EARLY, PREPARE};
use domain::delivery::{Attempt, Delivery, DeliveryKey, faults, protocol};
use domain::{Error, Result};
use jiff::Timestamp;
use store::Step;

use crate::Ctx;
use crate::call::{call, record};
use crate::material::{self, Material};
use crate::prepare::{Ready, prepare};
use crate::settle::settle;

/// A delivery that this worker owns.
#[derive(Clone, Debug)]
pub(crate) struct Owned {
    /// As it was right after the claim.
    pub(crate) delivery: Delivery,
    /// The proof of ownership that every later write carries.
    pub(crate) claim: Claim,
}

impl Owned {
    pub(crate) fn key(&self) -> DeliveryKey {
        DeliveryKey::of(&self.delivery)
    }
}

/// Publishes the delivery, or records why not. Does nothing when somebody else owns it or its plan changed.
pub(crate) async fn publish(ctx: &Ctx, delivery: &Delivery) -> Result<()> {
    let Some(owned) = claim(ctx, delivery).await? else {
        return Ok(());
    };
    if ctx.clock.now() > owned.delivery.latest_start() {
        return settle(ctx, &owned, Settlement::Missed(faults::missed())).await;
    }
    let longest = Duration::try_from(PREPARE).unwrap_or_default();
    let ready = match tokio::time::timeout(longest, ready(ctx, &owned)).await {
        Ok(Ok(ready)) => ready,
        Ok(Err(settlement)) => {
            let is_of_own_key = settlement.is_of_own_key();
            settle(ctx, &owned, *settlement).await?;
            if is_of_own_key {
                ctx.notifier.own_key_refused(owned.delivery.tenant).await;
            }
            return Ok(());
        }
        Err(_elapsed) => {
            let (fault, now) = (faults::slow(), ctx.clock.now());
            let retry = Settlement::retry(&owned.delivery, now, fault, None);
            return settle(ctx, &owned, retry).await;
        }
    };
    if let Some(start) = owned.delivery.not_before {
        ctx.clock.wait_until(start).await;
    }
    let called_at = match intend(ctx, &owned).await {
        Intent::Void => return Ok(()),
        Intent::TooLate => return give_back(ctx, &owned).await,
        Intent::Unknown => return not_called(ctx, &owned).await,
        Intent::Recorded(at) => at,
    };
    // Whoever stood still since the claim may have been declared dead: its call would come out of the blue.
    if !is_long_enough_for_a_call(owned.delivery.lease, ctx.clock.now()) {
        return not_called(ctx, &owned).await;
    }
    let settlement = call(ctx, &owned, &ready, called_at).await?;
    settle(ctx, &owned, settlement).await
}

/// What became of an intent.
enum Intent {
    /// It is recorded: the call may begin.
    Recorded(Timestamp),
    /// Somebody edited, cancelled or took over the delivery.
    Void,
    /// The claim would run out while the call is under way: nothing was recorded.
    TooLate,
    /// Whether it is recorded is not known.
    Unknown,
}

async fn claim(ctx: &Ctx, delivery: &Delivery) -> Result<Option<Owned>> {
    let now = ctx.clock.now();
    let startable = now.saturating_add(EARLY).unwrap_or(now);
    let transition = protocol::claim(delivery.revision, now, startable);
    match ctx
        .table
        .system()
        .step(&DeliveryKey::of(delivery), &transition)
        .await?
    {
        Step::Done(delivery) => {
            let claim = Claim::of(&delivery);
            Ok(Some(Owned {
                delivery: *delivery,
                claim,
            }))
        }
        Step::Refused(_) | Step::Absent => {
            ctx.metrics
                .count(Metric::ClaimLost, Some(&delivery.network));
            Ok(None)
        }
    }
}

/// Everything that may be repeated: content, account, credential, media at the network.
async fn ready(ctx: &Ctx, owned: &Owned) -> std::result::Result<Ready, Box<Settlement>> {
    let material = material::load(ctx, &owned.delivery)
        .await
        .map_err(|error| infrastructure(ctx, owned, &error))?;
    match material {
        Material::Present(present) => prepare(ctx, owned, *present).await,
        Material::Missing(settlement) => Err(settlement),
    }
}

/// A fault of our own, or of the tenant's own key, before the intent: nothing happened.
#[expect(
    clippy::unnecessary_box_returns,
    reason = "it is the error of results, which should be small"
)]
pub(crate) fn infrastructure(ctx: &Ctx, owned: &Owned, error: &Error) -> Box<Settlement> {
    tracing::warn!(
        delivery.id = %owned.delivery.id,
        error = error as &dyn std::error::Error,
        "a delivery could not be prepared"
    );
    let (delivery, now) = (&owned.delivery, ctx.clock.now());
    Box::new(match error {
        Error::OwnKeyRefused { refusal, .. } => {
            Settlement::own_key_refused(delivery, now, *refusal)
        }
        _ => Settlement::own_fault(delivery, now),
    })
}

/// The intent, right before the call.
async fn intend(ctx: &Ctx, owned: &Owned) -> Intent {
    let now = ctx.clock.now();
    if !is_long_enough_for_a_call(owned.delivery.lease, now) {
        return Intent::TooLate;
    }
    let transition = protocol::intent(owned.claim, now);
    match ctx.table.system().step(&owned.key(), &transition).await {
        Ok(Step::Done(_)) => Intent::Recorded(now),
        Ok(Step::Refused(_) | Step::Absent) => Intent::Void,
        Err(error) => {
            tracing::warn!(
                delivery.id = %owned.delivery.id,
                error = &error as &dyn std::error::Error,
                "an intent could not be recorded; nothing is called"
            );
            Intent::Unknown
        }
    }
}

/// Leaves the delivery to another claim.
async fn give_back(ctx: &Ctx, owned: &Owned) -> Result<()> {
    let postponed = Settlement::Postponed {
        at: ctx.clock.now(),
        fault: None,
    };
    settle(ctx, owned, postponed).await
}

/// Leaves the delivery to another claim after an intent that no call followed. The evidence of that is for whoever has
/// declared this worker dead meanwhile: it need not look for a call that never was.
async fn not_called(ctx: &Ctx, owned: &Owned) -> Result<()> {
    let attempt = Attempt::NoEffect {
        fault: faults::not_called(),
    };
    record(ctx, owned, &attempt).await;
    give_back(ctx, owned).await
}
