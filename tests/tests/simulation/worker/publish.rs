//! One try: claim, make ready, intent, call, evidence, settle.

use domain::delivery::decisions::{Settlement, is_long_enough_for_a_call};
use domain::delivery::protocol::Claim;
use domain::delivery::timing::{EARLY, PREPARE};
use domain::delivery::{Attempt, CallOutcome, Delivery, faults, protocol};
use jiff::Timestamp;

use super::ready::{self, Material};
use super::{call, settle};
use crate::process::{NoAnswer, Process, Result};
use crate::protocol::Step;
use crate::table::Verdict;
use crate::words::number_of;

/// A try that is under way.
pub(super) struct Try {
    pub(super) delivery: Delivery,
    pub(super) claim: Claim,
    pub(super) material: Material,
    pub(super) outcome: Option<CallOutcome>,
    pub(super) ending: Option<Settlement>,
    /// Until when it has to be ready for its call.
    ready_by: Timestamp,
}

pub(super) async fn publish(process: &Process, delivery: &Delivery) -> Result<()> {
    let steps = process.world.outside().protocol.steps;
    let last_of_call = if steps.contains(&Step::Evidence) {
        Step::Evidence
    } else {
        Step::Call
    };
    let mut attempt = Try {
        delivery: delivery.clone(),
        claim: Claim::of(delivery),
        material: Material::default(),
        outcome: None,
        ending: None,
        ready_by: Timestamp::MAX,
    };
    for step in steps {
        match step {
            Step::Settle => settle::settle(process, &attempt).await?,
            // The try has ended: all that is left is to say so.
            _ if attempt.ending.is_some() => {}
            Step::Claim => {
                if !claim(process, &mut attempt).await? {
                    return Ok(());
                }
            }
            Step::Material | Step::TakeTurn | Step::Credential | Step::Prepare => {
                make_ready(process, &mut attempt, *step).await;
            }
            Step::WaitForTime => {
                if let Some(start) = attempt.delivery.not_before {
                    process.wait_until(start).await;
                }
            }
            Step::Intent => match intend(process, &attempt).await {
                Intent::Void => return Ok(()),
                Intent::TooLate => return settle::give_back(process, &attempt).await,
                Intent::Unknown => return not_called(process, &attempt).await,
                Intent::Recorded => {}
            },
            Step::Call => {
                let looks = process.world.outside().protocol.looks_at_lease_before_call;
                if looks && !is_long_enough_for_a_call(attempt.delivery.lease, process.now()) {
                    return not_called(process, &attempt).await;
                }
                call::call(process, &mut attempt).await;
            }
            Step::Evidence => {
                if let Some(outcome) = attempt.outcome.clone() {
                    call::record(process, &attempt, &Attempt::from(outcome)).await;
                }
            }
        }
        if attempt.ending.is_none() && *step == last_of_call {
            attempt.ending = call::end(process, &attempt).await?;
        }
    }
    Ok(())
}

async fn claim(process: &Process, attempt: &mut Try) -> Result<bool> {
    let now = process.now();
    let transition = protocol::claim(attempt.delivery.revision, now, now + EARLY);
    let claimed = process.step(number_of(&attempt.delivery), &transition);
    match claimed.await? {
        Verdict::Refused(_) => Ok(false),
        Verdict::Done(delivery) => {
            attempt.claim = Claim::of(&delivery);
            attempt.delivery = delivery;
            if process.world.outside().protocol.limits_preparation {
                attempt.ready_by = process.world.outside().now + PREPARE;
            }
            if process.now() > attempt.delivery.latest_start() {
                attempt.ending = Some(Settlement::Missed(faults::missed()));
            }
            Ok(true)
        }
    }
}

async fn make_ready(process: &Process, attempt: &mut Try, step: Step) {
    let ready_by = attempt.ready_by;
    let made = process
        .until(ready_by, ready::make(process, attempt, step))
        .await;
    if made.is_none() {
        let (fault, now) = (faults::slow(), process.now());
        attempt.ending = Some(Settlement::retry(&attempt.delivery, now, fault, None));
    }
}

enum Intent {
    Recorded,
    Void,
    TooLate,
    Unknown,
}

async fn intend(process: &Process, attempt: &Try) -> Intent {
    let now = process.now();
    if !is_long_enough_for_a_call(attempt.delivery.lease, now) {
        return Intent::TooLate;
    }
    let transition = protocol::intent(attempt.claim, now);
    match process
        .step(number_of(&attempt.delivery), &transition)
        .await
    {
        Ok(Verdict::Done(_)) => Intent::Recorded,
        Ok(Verdict::Refused(_)) => Intent::Void,
        Err(NoAnswer) => Intent::Unknown,
    }
}

async fn not_called(process: &Process, attempt: &Try) -> Result<()> {
    let evidence = Attempt::NoEffect {
        fault: faults::not_called(),
    };
    call::record(process, attempt, &evidence).await;
    settle::give_back(process, attempt).await
}
