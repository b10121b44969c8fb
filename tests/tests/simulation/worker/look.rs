//! What becomes of a call that nobody recorded the end of, and of a job of the network.

use domain::account::AccountState;
use domain::delivery::decisions::{Sight, after_attempt, after_look, after_poll};
use domain::delivery::{Attempt, Delivery, Fence, PollOutcome, ReadBack, faults, protocol};

use super::call::{Source, is_own};
use super::ready::{self, Material, open_credential};
use crate::account::prove;
use crate::network::fault;
use crate::process::{NoAnswer, Process, Result};
use crate::table::Verdict;
use crate::words::number_of;

pub(super) async fn reap(process: &Process, delivery: &Delivery, fence: Fence) -> Result<()> {
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
    let Some(found) = attempt(process, delivery).await? else {
        return Ok(false);
    };
    let Some(decision) = after_attempt(delivery, found, process.now()) else {
        return Ok(false);
    };
    if let Verdict::Done(delivery) = process.decide(number_of(delivery), decision).await? {
        process.follow_up(&delivery).await;
    }
    Ok(true)
}

/// What the owner of the present claim recorded, if it counts for this delivery.
pub(crate) async fn attempt(process: &Process, delivery: &Delivery) -> Result<Option<Attempt>> {
    let (id, fence) = (number_of(delivery), delivery.fence);
    let found = process.table("read the evidence", |outside| {
        outside.table.attempt(id, fence)
    });
    let found = found.await?;
    if let Some(Attempt::Published { evidence }) = &found
        && !is_own(process, id, evidence, Source::Answer).await?
    {
        return Ok(None);
    }
    Ok(found)
}

pub(super) async fn look(process: &Process, delivery: &Delivery, waited: u32) -> Result<()> {
    if settle_from_attempt(process, delivery).await? {
        return Ok(());
    }
    let sight = sight(process, delivery).await?;
    let decision = after_look(delivery, sight, waited, process.now());
    if let Verdict::Done(delivery) = process.decide(number_of(delivery), decision).await? {
        process.follow_up(&delivery).await;
    }
    Ok(())
}

async fn sight(process: &Process, delivery: &Delivery) -> Result<Sight> {
    let Some(Material { account, text }) = access(process, delivery).await? else {
        return Ok(Sight::Nothing);
    };
    let id = number_of(delivery);
    let repeat = process.world.outside().weather.network.repeat;
    let seen = process.reach("read back", |outside| {
        let is_refused = outside.network.refuses(account.credential);
        (!is_refused).then(|| outside.network.read_back(id, text))
    });
    Ok(match seen.await {
        Ok(None) => {
            prove(process, account.credential).await;
            Sight::Nothing
        }
        Ok(Some(Some(ReadBack::Found(evidence)))) => {
            if is_own(process, id, &evidence, Source::Look).await? {
                Sight::Seen(evidence)
            } else {
                Sight::Ambiguous(repeat, faults::counted_for_twin())
            }
        }
        Ok(Some(Some(ReadBack::Absent))) => Sight::Absent(repeat),
        Ok(Some(Some(ReadBack::Ambiguous(fault)))) => Sight::Ambiguous(repeat, fault),
        Ok(Some(None)) | Err(NoAnswer) => Sight::Nothing,
    })
}

pub(super) async fn poll(process: &Process, delivery: &Delivery) -> Result<()> {
    let Some(job) = delivery.job.clone() else {
        return Ok(());
    };
    let id = number_of(delivery);
    let mut outcome = match access(process, delivery).await? {
        Some(Material { account, .. }) => {
            let polled = process.reach("poll", |outside| {
                outside.network.poll(&job, account.credential, outside.now)
            });
            polled
                .await
                .unwrap_or_else(|NoAnswer| PollOutcome::Running {
                    poll_at: process.now(),
                })
        }
        None => PollOutcome::Unknown(fault("connect again")),
    };
    if let PollOutcome::Published(evidence) = &outcome
        && !is_own(process, id, evidence, Source::Answer).await?
    {
        outcome = PollOutcome::Unknown(faults::counted_for_twin());
    }
    let decision = after_poll(delivery, outcome, process.now());
    if let Verdict::Done(delivery) = process.decide(id, decision).await? {
        process.follow_up(&delivery).await;
    }
    Ok(())
}

/// What is needed to ask the network about a delivery, if it can be asked at all.
async fn access(process: &Process, delivery: &Delivery) -> Result<Option<Material>> {
    let material = ready::read(process, delivery).await?;
    if material.account.state != AccountState::Connected {
        return Ok(None);
    }
    if open_credential(process).await {
        Ok(Some(material))
    } else {
        Err(NoAnswer)
    }
}
