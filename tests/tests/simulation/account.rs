//! The account of a history: marked when its network refuses it, connected again by a person, disconnected by one; its
//! deliveries follow, as `shared/store` aligns them.

use domain::account::AccountState;
use domain::delivery::{Delivery, Guard, HoldReason, State, Transition, acts};
use jiff::{SignedDuration, Timestamp};

use crate::event::Event;
use crate::invariants;
use crate::network::Check;
use crate::process::{NoAnswer, Process, Result};
use crate::table::Verdict;

/// The account as it is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Account {
    pub(crate) state: AccountState,
    /// The version of its credential.
    pub(crate) credential: u32,
    /// Counts the changes of state that deliveries must follow.
    pub(crate) turn: u32,
    /// Whether deliveries may not have followed yet.
    pub(crate) is_followed: bool,
}

impl Default for Account {
    fn default() -> Self {
        Self {
            state: AccountState::Connected,
            credential: 1,
            turn: 0,
            is_followed: true,
        }
    }
}

impl Account {
    fn becomes(&mut self, state: AccountState) {
        self.state = state;
        self.turn += 1;
        self.is_followed = false;
    }
}

/// What a network says of a credential that it has just refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Proof {
    Fit,
    Unknown,
    Dead,
}

/// Asks the network once whether it means it; marks the account if so.
pub(crate) async fn prove(process: &Process, credential: u32) -> Proof {
    let asks = process.world.outside().protocol.asks_before_it_holds;
    let check = if asks {
        process
            .reach("check the account", |outside| {
                outside.network.check(credential)
            })
            .await
    } else {
        Ok(Check::Refused)
    };
    match check {
        Ok(Check::Fits) => Proof::Fit,
        Ok(Check::Renewed) => match keep_renewed(process, credential).await {
            Ok(()) => Proof::Fit,
            Err(NoAnswer) => Proof::Unknown,
        },
        Ok(Check::Refused) => {
            mark(process, credential).await;
            Proof::Dead
        }
        Err(NoAnswer) => Proof::Unknown,
    }
}

async fn keep_renewed(process: &Process, refused: u32) -> Result<()> {
    process
        .table("keep the renewed credential", |outside| {
            let account = &mut outside.table.account;
            // Otherwise somebody else has renewed or replaced it.
            if account.credential == refused {
                account.credential += 1;
            }
        })
        .await
}

/// Where this fails, the next delivery marks it.
async fn mark(process: &Process, refused: u32) {
    let marked = process.table("mark the account", |outside| {
        let account = &mut outside.table.account;
        let is_this_credential = account.credential == refused;
        if account.state != AccountState::Connected || !is_this_credential {
            return;
        }
        account.becomes(AccountState::ReconnectNeeded);
        outside.say(|| String::from("the account waits for a person"));
        if !outside.network.is_revoked {
            outside.violate(invariants::HEALTHY, || String::from("it was marked"));
        }
        let minutes = outside.tape.pick(&[2, 30, 480]);
        let at = outside.now + SignedDuration::from_mins(minutes);
        outside.at(at, Event::Reconnect);
    });
    // Whoever settles finds out whether it is marked.
    let _ = marked.await;
}

/// A person connects it again, unless it is connected or gone.
pub(crate) async fn reconnect(process: Process) {
    let connected = process.table("connect again", |outside| {
        if outside.table.account.state == AccountState::ReconnectNeeded {
            outside.network.is_revoked = false;
            outside.table.account.credential += 1;
            outside.table.account.becomes(AccountState::Connected);
            outside.say(|| String::from("the account is connected again"));
        }
    });
    if connected.await.is_err() {
        // A person who got no answer tries again.
        let mut outside = process.world.outside();
        let at = outside.now + SignedDuration::from_mins(1);
        outside.at(at, Event::Reconnect);
        return;
    }
    align(&process).await;
}

/// A person disconnects it for good.
pub(crate) async fn disconnect(process: &Process) {
    let disconnected = process.table("disconnect", |outside| {
        if outside.table.account.state != AccountState::Disconnected {
            outside.table.account.becomes(AccountState::Disconnected);
            outside.say(|| String::from("the account is disconnected"));
        }
    });
    if disconnected.await.is_ok() {
        align(process).await;
    }
}

/// Brings all deliveries into line with the account. Whoever dies in between, the next tick goes on.
pub(crate) async fn align(process: &Process) {
    // What fails is left to the next tick.
    let _ = try_align(process).await;
}

async fn try_align(process: &Process) -> Result<()> {
    let read = process.table("read the account", |outside| {
        (outside.table.account, outside.table.len())
    });
    let (seen, count) = read.await?;
    for id in 0..count {
        let delivery = process.read(id).await?;
        let Some(transition) = due_transition(seen.state, &delivery, process.now()) else {
            continue;
        };
        let operation = process.world.outside().operation();
        let written = process.table(transition.name.as_str(), |outside| {
            let is_hold = seen.state == AccountState::ReconnectNeeded;
            let checks = is_hold && outside.protocol.holds_for_the_seen_turn_only;
            let is_current = outside.table.account.turn == seen.turn;
            (is_current || !checks).then(|| outside.step(id, transition.clone(), operation))
        });
        match written.await? {
            Some(Verdict::Done(delivery)) if seen.state == AccountState::Connected => {
                process.nudge(&delivery).await;
            }
            Some(Verdict::Done(_) | Verdict::Refused(_)) => {}
            // Whoever changed the account since has begun anew.
            None => return Ok(()),
        }
    }
    process
        .table("the account is followed", |outside| {
            let account = &mut outside.table.account;
            account.is_followed |= account.turn == seen.turn;
        })
        .await
}

/// What the account's state asks of a delivery, made by the plan that was seen.
fn due_transition(state: AccountState, delivery: &Delivery, now: Timestamp) -> Option<Transition> {
    let due = delivery.due?;
    let transition = match state {
        AccountState::Connected => {
            let waits_for_account = delivery.state == State::Held
                && delivery.hold == Some(HoldReason::Account)
                && now <= delivery.latest_start();
            waits_for_account.then(|| acts::resume(due, now))?
        }
        AccountState::ReconnectNeeded => acts::hold(HoldReason::Account, delivery.latest_start()),
        AccountState::Disconnected => acts::cancel(),
    };
    delivery.apply(&transition).ok()?;
    Some(Transition {
        guard: Guard::All(vec![transition.guard, Guard::RevisionIs(delivery.revision)]),
        ..transition
    })
}
