//! The one call, the evidence of how it ended, and what that means.

use domain::delivery::decisions::Settlement;
use domain::delivery::{Attempt, CallOutcome, Evidence, faults};
use domain::network::RepeatRule;
use jiff::SignedDuration;

use super::publish::Try;
use super::ready;
use crate::process::{NoAnswer, Process, Result};
use crate::table::Id;
use crate::words::number_of;

/// Tries to leave evidence.
const TRIES: u32 = 3;
const PAUSE: SignedDuration = SignedDuration::from_millis(200);

pub(super) async fn call(process: &Process, attempt: &mut Try) {
    let (id, fence) = (number_of(&attempt.delivery), attempt.claim.fence);
    let (answered, outcome) = {
        let mut outside = process.world.outside();
        outside.begin_call();
        outside.call(id, fence, attempt.material)
    };
    let pause = answered.duration_since(process.world.outside().now);
    process.sleep(pause).await;
    // The answer itself may be lost or late on its way, and whoever waits for it may die.
    let came = process.reach("take the answer", |_| ()).await;
    process.world.outside().end_call();
    attempt.outcome = Some(match came {
        Ok(()) => outcome,
        Err(NoAnswer) => CallOutcome::Unknown(faults::call_timed_out()),
    });
}

pub(super) async fn record(process: &Process, attempt: &Try, evidence: &Attempt) {
    let (id, fence) = (number_of(&attempt.delivery), attempt.claim.fence);
    for _ in 0..TRIES {
        let written = process.table("leave the evidence", |outside| {
            outside.table.record(id, fence, evidence.clone());
        });
        if written.await.is_ok() {
            break;
        }
        process.sleep(PAUSE).await;
    }
}

/// What the call's outcome means for the try.
pub(super) async fn end(process: &Process, attempt: &Try) -> Result<Option<Settlement>> {
    let Some(outcome) = attempt.outcome.clone() else {
        return Ok(None);
    };
    let key = (number_of(&attempt.delivery), attempt.claim.fence);
    let settlement = match outcome {
        CallOutcome::Published(evidence) => {
            if !is_own(process, key.0, &evidence, Source::Answer).await? {
                let fault = faults::counted_for_twin();
                return Ok(Some(Settlement::Uncertain(fault)));
            }
            Settlement::Published(evidence)
        }
        CallOutcome::HandedOver(evidence) => Settlement::HandedOver(evidence),
        CallOutcome::Processing(job) => return Ok(Some(Settlement::Processing(job))),
        CallOutcome::NoEffect { fault, retry_after } => {
            let (delivery, now) = (&attempt.delivery, process.now());
            return Ok(Some(Settlement::retry(delivery, now, fault, retry_after)));
        }
        CallOutcome::Unauthorized(_) => {
            return Ok(Some(ready::unauthorized(process, attempt).await));
        }
        CallOutcome::Refused(fault) => Settlement::Failed(fault),
        CallOutcome::Unknown(fault) => return Ok(Some(Settlement::Uncertain(fault))),
    };
    process.world.outside().answered.insert(key);
    Ok(Some(settlement))
}

/// Where evidence comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Source {
    /// The network's own answer, or what a worker recorded of it.
    Answer,
    /// A look at the network.
    Look,
}

/// Whether the post counts for this delivery: where posts are told apart by their text only, it may count for a twin.
pub(crate) async fn is_own(
    process: &Process,
    id: Id,
    evidence: &Evidence,
    source: Source,
) -> Result<bool> {
    let repeat = process.world.outside().weather.network.repeat;
    let needs_owner = matches!(repeat, RepeatRule::ReadBack { .. });
    let Some(remote_id) = evidence.remote_id.clone().filter(|_| needs_owner) else {
        return Ok(true);
    };
    let owned = process.table("own the post", |outside| {
        outside.table.own_remote_post(id, &remote_id)
    });
    let is_own = owned.await?;
    let counts_once = process.world.outside().protocol.counts_a_post_once;
    Ok(is_own || (source == Source::Answer && !counts_once))
}
