//! The publisher, step for step as in `functions/publishing`.

use domain::delivery::decisions::{
    Settlement, Sight, Work, after_attempt, after_look, after_poll, is_long_enough_for_a_call,
    on_message,
};
use domain::delivery::protocol::Claim;
use domain::delivery::timing::EARLY;
use domain::delivery::{
    Attempt, CallOutcome, Delivery, DeliveryMessage, Fault, Fence, HoldReason, PollOutcome,
    ReadBack, faults, protocol,
};
use jiff::SignedDuration;

use crate::event::Event;
use crate::mutants::Step;
use crate::network::fault;
use crate::process::{NoAnswer, Process, Result, number_of};
use crate::table::{Slot, Verdict};
use crate::world::{number, words};

/// Tries to leave evidence, and to settle.
const EVIDENCE_TRIES: u32 = 3;
const SETTLE_TRIES: u32 = 5;

/// Works on a message, and acknowledges it unless its outcome could not be recorded.
pub(crate) async fn receive(process: Process, message: DeliveryMessage, number: usize) {
    process
        .world
        .outside()
        .say(|| format!("a worker receives message {number}: {}", words(&message)));
    let is_unreadable = process.is_old && process.world.outside().queue.is_new(number);
    if is_unreadable {
        process
            .world
            .outside()
            .say(|| "it is of a newer version and comes again".to_owned());
        return;
    }
    if work(&process, message).await.is_ok() {
        process.world.outside().queue.acknowledge(number);
    }
}

async fn work(process: &Process, message: DeliveryMessage) -> Result<()> {
    let delivery = process.read(number(message.key())).await?;
    match on_message(&message, &delivery, process.now()) {
        Work::Nothing => Ok(()),
        Work::SendAgain => {
            let sends = process.world.outside().protocol.sends_early_again;
            if sends {
                process.send(message).await
            } else {
                Ok(())
            }
        }
        Work::Publish => publish(process, &delivery).await,
        Work::Poll => poll(process, &delivery).await,
        Work::Look(found) => look(process, &delivery, found.waits).await,
        Work::Reap(fence) => reap(process, &delivery, fence).await,
    }
}

/// A try that is under way.
struct Try {
    delivery: Delivery,
    claim: Claim,
    outcome: Option<CallOutcome>,
    ending: Option<Settlement>,
}

async fn publish(process: &Process, delivery: &Delivery) -> Result<()> {
    let steps = process.world.outside().protocol.steps;
    let last_of_call = if steps.contains(&Step::Evidence) {
        Step::Evidence
    } else {
        Step::Call
    };
    let mut attempt = Try {
        delivery: delivery.clone(),
        claim: Claim::of(delivery),
        outcome: None,
        ending: None,
    };
    for step in steps {
        match step {
            Step::Settle => settle(process, &attempt).await?,
            // The try has ended: all that is left is to say so.
            _ if attempt.ending.is_some() => {}
            Step::Claim => {
                if !claim(process, &mut attempt).await? {
                    return Ok(());
                }
            }
            Step::Material => material(process, &mut attempt).await,
            Step::TakeTurn => take_turn(process, &mut attempt).await,
            Step::Credential => {
                if !open_credential(process).await {
                    attempt.ending = Some(infrastructure(process, &attempt));
                }
            }
            Step::Prepare => {
                if process.reach("prepare", |_| ()).await.is_err() {
                    attempt.ending = Some(retry(process, &attempt, fault("no answer")));
                }
            }
            Step::WaitForTime => {
                if let Some(start) = attempt.delivery.not_before {
                    process.wait_until(start).await;
                }
            }
            Step::Intent => match intend(process, &attempt).await {
                Intent::Void => return Ok(()),
                Intent::TooLate => return give_back(process, &attempt).await,
                Intent::Unknown => return not_called(process, &attempt).await,
                Intent::Recorded => {}
            },
            Step::Call => {
                if !is_long_enough_for_a_call(attempt.delivery.lease, process.now()) {
                    return not_called(process, &attempt).await;
                }
                call(process, &mut attempt).await;
            }
            Step::Evidence => {
                if let Some(outcome) = attempt.outcome.clone() {
                    record(process, &attempt, &Attempt::from(outcome)).await;
                }
            }
        }
        if attempt.ending.is_none() && *step == last_of_call {
            attempt.ending = end_of_call(process, &attempt);
        }
    }
    Ok(())
}

async fn claim(process: &Process, attempt: &mut Try) -> Result<bool> {
    let now = process.now();
    let transition = protocol::claim(attempt.delivery.revision, now, now + EARLY);
    match process
        .step(number_of(&attempt.delivery), &transition)
        .await?
    {
        Verdict::Refused(_) => Ok(false),
        Verdict::Done(delivery) => {
            attempt.claim = Claim::of(&delivery);
            attempt.delivery = delivery;
            if process.now() > attempt.delivery.latest_start() {
                attempt.ending = Some(Settlement::Missed(faults::missed()));
            }
            Ok(true)
        }
    }
}

async fn material(process: &Process, attempt: &mut Try) {
    let read = process.table("read the material", |outside| outside.table.needs_reconnect);
    match read.await {
        Ok(false) => {}
        Ok(true) => attempt.ending = Some(reconnect()),
        Err(NoAnswer) => attempt.ending = Some(infrastructure(process, attempt)),
    }
}

async fn take_turn(process: &Process, attempt: &mut Try) {
    let is_paced = attempt.delivery.fault.as_ref().is_some_and(Fault::is_paced);
    let reserved = attempt.delivery.not_before.filter(|_| is_paced);
    let now = process.now();
    // A repeat of this write by the SDK is recognised as its own, and so takes one turn only.
    let mut known = None;
    let slot = process.table("take a turn", |outside| {
        let kind = outside.weather.network;
        *known.get_or_insert_with(|| {
            outside
                .table
                .reserve_slot(kind.gap, kind.daily, reserved, now)
        })
    });
    match slot.await {
        Ok(Slot::Granted) => {}
        Ok(Slot::NotBefore(turn)) => {
            attempt.ending = Some(Settlement::paced(&attempt.delivery, turn));
        }
        Err(NoAnswer) => attempt.ending = Some(infrastructure(process, attempt)),
    }
}

async fn open_credential(process: &Process) -> bool {
    let has_keys = process.reach("open the credential", |outside| outside.has_keys());
    matches!(has_keys.await, Ok(true))
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

async fn give_back(process: &Process, attempt: &Try) -> Result<()> {
    let at = process.now();
    record_end(process, attempt, Settlement::Postponed { at, fault: None }).await
}

async fn not_called(process: &Process, attempt: &Try) -> Result<()> {
    let evidence = Attempt::NoEffect {
        fault: faults::not_called(),
    };
    record(process, attempt, &evidence).await;
    give_back(process, attempt).await
}

async fn call(process: &Process, attempt: &mut Try) {
    let Delivery { body, .. } = attempt.delivery;
    let id = number_of(&attempt.delivery);
    let (answered, outcome) = process.world.outside().call(id, attempt.claim.fence, body);
    let pause = answered.duration_since(process.world.outside().now);
    process.sleep(pause).await;
    // The answer itself may be lost or late on its way, and whoever waits for it may die.
    let came = process.reach("take the answer", |_| ()).await;
    attempt.outcome = Some(match came {
        Ok(()) => outcome,
        Err(NoAnswer) => CallOutcome::Unknown(faults::call_timed_out()),
    });
}

async fn record(process: &Process, attempt: &Try, evidence: &Attempt) {
    let (id, fence) = (number_of(&attempt.delivery), attempt.claim.fence);
    for _ in 0..EVIDENCE_TRIES {
        let written = process.table("leave the evidence", |outside| {
            outside.table.record(id, fence, evidence.clone());
        });
        if written.await.is_ok() {
            break;
        }
        process.sleep(SignedDuration::from_millis(200)).await;
    }
}

/// What the call's outcome means for the try.
fn end_of_call(process: &Process, attempt: &Try) -> Option<Settlement> {
    let outcome = attempt.outcome.clone()?;
    let key = (number_of(&attempt.delivery), attempt.claim.fence);
    if matches!(outcome, CallOutcome::Published(_) | CallOutcome::Refused(_)) {
        process.world.outside().answered.insert(key);
    }
    Some(match outcome {
        CallOutcome::Published(evidence) => Settlement::Published(evidence),
        CallOutcome::HandedOver(evidence) => Settlement::HandedOver(evidence),
        CallOutcome::Processing(job) => Settlement::Processing(job),
        CallOutcome::NoEffect { fault, retry_after } => {
            Settlement::retry(&attempt.delivery, process.now(), fault, retry_after)
        }
        CallOutcome::Unauthorized(_) => {
            mark_account(process);
            reconnect()
        }
        CallOutcome::Refused(fault) => Settlement::Failed(fault),
        CallOutcome::Unknown(fault) => Settlement::Uncertain(fault),
    })
}

fn mark_account(process: &Process) {
    let mut outside = process.world.outside();
    if !outside.table.needs_reconnect {
        outside.table.needs_reconnect = true;
        let minutes = outside.tape.pick(&[2, 30, 480]);
        let at = outside.now + SignedDuration::from_mins(minutes);
        outside.at(at, Event::Reconnect);
    }
}

async fn settle(process: &Process, attempt: &Try) -> Result<()> {
    match attempt.ending.clone() {
        Some(settlement) => record_end(process, attempt, settlement).await,
        None => Ok(()),
    }
}

async fn record_end(process: &Process, attempt: &Try, settlement: Settlement) -> Result<()> {
    let mut pause = SignedDuration::from_millis(200);
    for is_last in (1..=SETTLE_TRIES).map(|number| number == SETTLE_TRIES) {
        let latest_start = attempt.delivery.latest_start();
        let decision = settlement
            .clone()
            .decision(attempt.claim, latest_start, process.now());
        match process.decide(number_of(&attempt.delivery), decision).await {
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

async fn reap(process: &Process, delivery: &Delivery, fence: Fence) -> Result<()> {
    if settle_from_attempt(process, delivery).await? {
        return Ok(());
    }
    let transition = protocol::reap(fence, process.now(), faults::owner_died());
    if let Verdict::Done(delivery) = process.step(number_of(delivery), &transition).await? {
        process.follow_up(&delivery).await;
    }
    Ok(())
}

async fn settle_from_attempt(process: &Process, delivery: &Delivery) -> Result<bool> {
    let (id, fence) = (number_of(delivery), delivery.fence);
    let found = process.table("read the evidence", |outside| {
        outside.table.attempt(id, fence)
    });
    let Some(found) = found.await? else {
        return Ok(false);
    };
    let Some(decision) = after_attempt(delivery, found, process.now()) else {
        return Ok(false);
    };
    if let Verdict::Done(delivery) = process.decide(id, decision).await? {
        process.follow_up(&delivery).await;
    }
    Ok(true)
}

async fn look(process: &Process, delivery: &Delivery, waited: u32) -> Result<()> {
    if settle_from_attempt(process, delivery).await? {
        return Ok(());
    }
    let sight = if access(process).await? {
        let repeat = process.world.outside().weather.network.repeat;
        let id = number_of(delivery);
        match process
            .reach("read back", |outside| outside.network.read_back(id))
            .await
        {
            Ok(Some(ReadBack::Found(evidence))) => Sight::Seen(evidence),
            Ok(Some(ReadBack::Absent)) => Sight::Absent(repeat),
            Ok(Some(ReadBack::Ambiguous(fault))) => Sight::Ambiguous(fault),
            Ok(None) | Err(NoAnswer) => Sight::Nothing,
        }
    } else {
        Sight::Nothing
    };
    let decision = after_look(delivery, sight, waited, process.now());
    if let Verdict::Done(delivery) = process.decide(number_of(delivery), decision).await? {
        process.follow_up(&delivery).await;
    }
    Ok(())
}

async fn poll(process: &Process, delivery: &Delivery) -> Result<()> {
    let Some(job) = delivery.job.clone() else {
        return Ok(());
    };
    let outcome = if access(process).await? {
        let polled = process.reach("poll", |outside| outside.network.poll(&job, outside.now));
        match polled.await {
            Ok(outcome) => outcome,
            Err(NoAnswer) => PollOutcome::Running {
                poll_at: process.now(),
            },
        }
    } else {
        PollOutcome::Unknown(fault("connect again"))
    };
    let decision = after_poll(delivery, outcome, process.now());
    if let Verdict::Done(delivery) = process.decide(number_of(delivery), decision).await? {
        process.follow_up(&delivery).await;
    }
    Ok(())
}

/// Whether the network can be asked at all.
async fn access(process: &Process) -> Result<bool> {
    let read = process.table("read the material", |outside| outside.table.needs_reconnect);
    if read.await? {
        return Ok(false);
    }
    if open_credential(process).await {
        Ok(true)
    } else {
        Err(NoAnswer)
    }
}

fn infrastructure(process: &Process, attempt: &Try) -> Settlement {
    Settlement::own_fault(&attempt.delivery, process.now())
}

fn retry(process: &Process, attempt: &Try, fault: Fault) -> Settlement {
    Settlement::retry(&attempt.delivery, process.now(), fault, None)
}

fn reconnect() -> Settlement {
    Settlement::Held(HoldReason::Account, fault("connect again"))
}
