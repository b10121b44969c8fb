//! A table that is set back by five minutes, as `docs/runbooks/restore.md` does it.

use domain::account::AccountState;
use domain::delivery::faults;
use domain::delivery::protocol::{LostTime, lost, lost_call, lost_content};
use domain::delivery::timing::LEASE;
use jiff::{SignedDuration, Timestamp};

use crate::event::Event;
use crate::opening::DEADLINE_GRACE;
use crate::table::{Id, Table, Verdict};
use crate::world::{Outside, Plan};

/// What a restore loses.
pub(crate) const LOST_TIME: SignedDuration = SignedDuration::from_mins(5);
/// How long nothing runs: until no call can be under way any more, and what the operator needs.
const STOP: SignedDuration = SignedDuration::from_secs(LEASE.as_secs() + 60);

/// A copy of the table, with what the authors had planned then.
pub(crate) struct Backup {
    table: Table,
    plans: Vec<Plan>,
}

impl Backup {
    pub(crate) fn of(outside: &Outside) -> Self {
        Self {
            table: outside.table.clone(),
            plans: outside.plans.clone(),
        }
    }
}

/// Every process is dead already: the table is set back, the time that it lost is declared, and after a stop everything
/// starts again.
pub(crate) fn restore(outside: &mut Outside, backup: &Backup) {
    let until = outside.now;
    outside.say(|| "everything is stopped, and the table is set back".to_owned());
    outside.stopped_until = until + STOP;
    outside.table.restore(&backup.table, until);
    outside.plans.clone_from(&backup.plans);
    outside.answered.clear();
    outside.forgotten_calls = outside.network.calls.len();
    if outside.table.account.state == AccountState::ReconnectNeeded {
        outside.at(until + STOP, Event::Reconnect);
    }
    if outside.protocol.declares_lost_time {
        let from = until - LOST_TIME;
        declare(outside, LostTime { from, until });
    }
}

fn declare(outside: &mut Outside, time: LostTime) {
    let now = outside.stopped_until;
    let calls = outside.network.calls.iter();
    let called: Vec<Id> = calls
        .filter(|call| call.at >= time.from)
        .map(|call| call.id)
        .collect();
    for id in 0..outside.plans.len() {
        let operation = outside.operation();
        outside.step(id, lost(time, now, faults::forgotten()), operation);
    }
    for id in called {
        let operation = outside.operation();
        let transition = lost_call(time, now, faults::forgotten());
        if let Verdict::Done(_) = outside.step(id, transition, operation) {
            expect_end(outside, id);
        }
        if outside.protocol.names_lost_contents {
            let operation = outside.operation();
            outside.step(id, lost_content(faults::content_lost()), operation);
        }
    }
}

/// Its author's plan is lost: it ends by the deadline that the declaration gave it.
fn expect_end(outside: &mut Outside, id: Id) {
    let deadline: Option<Timestamp> = outside.table.delivery(id).deadline;
    if let Some(deadline) = deadline {
        outside.plans[id].deadline = deadline;
        outside.at(deadline + DEADLINE_GRACE, Event::Deadline(id));
    }
}
