//! Everything before the call that may be repeated: material, turn, credential, uploads.

use domain::account::AccountState;
use domain::delivery::decisions::Settlement;
use domain::delivery::{Delivery, Fault, HoldReason};
use jiff::SignedDuration;

use super::publish::Try;
use crate::account::{Account, Proof, prove};
use crate::network::fault;
use crate::process::{NoAnswer, Process, Result};
use crate::protocol::Step;
use crate::table::{Slot, Text};
use crate::words::number_of;

/// What a delivery is made of.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Material {
    pub(crate) account: Account,
    pub(crate) text: Text,
}

/// One of the steps; it may end the try.
pub(super) async fn make(process: &Process, attempt: &mut Try, step: Step) {
    let ending = match step {
        Step::Material => material(process, attempt).await,
        Step::TakeTurn => take_turn(process, attempt).await,
        Step::Credential => credential(process, attempt).await,
        Step::Prepare => prepare(process, attempt).await,
        Step::Claim
        | Step::WaitForTime
        | Step::Intent
        | Step::Call
        | Step::Evidence
        | Step::Settle => None,
    };
    attempt.ending = ending;
}

pub(super) async fn read(process: &Process, delivery: &Delivery) -> Result<Material> {
    let (id, body) = (number_of(delivery), delivery.body);
    process
        .table("read the material", |outside| Material {
            account: outside.table.account,
            text: outside.table.text(id, body),
        })
        .await
}

async fn material(process: &Process, attempt: &mut Try) -> Option<Settlement> {
    let Ok(material) = read(process, &attempt.delivery).await else {
        return Some(own_fault(process, attempt));
    };
    attempt.material = material;
    match material.account.state {
        AccountState::Connected => None,
        AccountState::ReconnectNeeded => Some(reconnect()),
        AccountState::Disconnected => Some(Settlement::Cancelled(fault("the account is gone"))),
    }
}

async fn take_turn(process: &Process, attempt: &Try) -> Option<Settlement> {
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
        Ok(Slot::Granted) => None,
        Ok(Slot::NotBefore(turn)) => Some(Settlement::paced(&attempt.delivery, turn)),
        Err(NoAnswer) => Some(own_fault(process, attempt)),
    }
}

async fn credential(process: &Process, attempt: &Try) -> Option<Settlement> {
    let opened = open_credential(process).await;
    (!opened).then(|| own_fault(process, attempt))
}

pub(super) async fn open_credential(process: &Process) -> bool {
    let has_keys = process.reach("open the credential", |outside| outside.has_keys());
    matches!(has_keys.await, Ok(true))
}

/// Uploads, which may take longer than there is time.
async fn prepare(process: &Process, attempt: &Try) -> Option<Settlement> {
    let seconds = {
        let mut outside = process.world.outside();
        if outside.weather.slow_uploads {
            outside.tape.pick(&[0, 5, 20, 50])
        } else {
            0
        }
    };
    process.sleep(SignedDuration::from_secs(seconds)).await;
    let credential = attempt.material.account.credential;
    let refused = process.reach("prepare", |outside| outside.network.refuses(credential));
    match refused.await {
        Ok(false) => None,
        Ok(true) => Some(unauthorized(process, attempt).await),
        Err(NoAnswer) => {
            let (fault, now) = (fault("no answer"), process.now());
            Some(Settlement::retry(&attempt.delivery, now, fault, None))
        }
    }
}

/// How a try ends whose credential was refused.
pub(super) async fn unauthorized(process: &Process, attempt: &Try) -> Settlement {
    match prove(process, attempt.material.account.credential).await {
        Proof::Fit | Proof::Unknown => {
            let (fault, now) = (fault("refused once"), process.now());
            Settlement::retry(&attempt.delivery, now, fault, None)
        }
        Proof::Dead => reconnect(),
    }
}

fn own_fault(process: &Process, attempt: &Try) -> Settlement {
    Settlement::own_fault(&attempt.delivery, process.now())
}

fn reconnect() -> Settlement {
    Settlement::Held(HoldReason::Account, fault("connect again"))
}
