//! Compiles a transition of the domain into one conditional write.

use domain::Result;
use domain::delivery::{Change, DeliveryKey, Guard, State, Transition};
use jiff::Timestamp;

use super::item::{account_sort, calendar_sort, card_state, wait_of};
use crate::attribute::{instant, number, text, value};
use crate::condition::{Action, Condition, Write};
use crate::key::{Key, account_partition, calendar_partition};
use crate::scope::TenantScope;
use crate::shard::{attention_at, attention_shard, deadline_shard};

/// The write that makes the transition happen, if its guard holds.
pub(crate) fn transition_write(
    scope: &TenantScope,
    shards: u32,
    key: &DeliveryKey,
    transition: &Transition,
) -> Result<Write> {
    let mut actions = Vec::new();
    for change in &transition.changes {
        push_actions(&mut actions, shards, key, change)?;
    }
    let condition = guard_condition(key, &transition.guard)?;
    Ok(Write::update(Key::delivery(scope, key.post, key.account), actions).when(condition))
}

/// That this delivery is there and the guard holds.
pub(crate) fn guard_condition(key: &DeliveryKey, guard: &Guard) -> Result<Condition> {
    let this_delivery = Condition::Equals("id", text(key.delivery));
    Ok(Condition::All(vec![this_delivery, condition(guard)?]))
}

fn condition(guard: &Guard) -> Result<Condition> {
    Ok(match guard {
        Guard::All(guards) => Condition::All(guards.iter().map(condition).collect::<Result<_>>()?),
        Guard::Any(guards) => Condition::Any(guards.iter().map(condition).collect::<Result<_>>()?),
        Guard::StateIn(states) => Condition::In(
            "st",
            states.iter().map(|state| text(state.name())).collect(),
        ),
        Guard::RevisionIs(revision) => Condition::Equals("rev", number(*revision)),
        Guard::FenceIs(fence) => Condition::Equals("fence", number(*fence)),
        Guard::LooksAre(looks) => Condition::Equals("looks", number(*looks)),
        Guard::StartableAt(now) => Condition::AtMost("nb", instant(*now)),
        Guard::LeaseOverAt(now) => Condition::Below("lease", instant(*now)),
        Guard::AttentionIs(at) => Condition::Equals("at", instant(*at)),
    })
}

fn push_actions(
    actions: &mut Vec<Action>,
    shards: u32,
    key: &DeliveryKey,
    change: &Change,
) -> Result<()> {
    match change {
        Change::State(state) => push_state(actions, *state)?,
        Change::NextRevision => actions.push(Action::Add("rev", number(1))),
        Change::NextFence => actions.push(Action::Add("fence", number(1))),
        Change::NextTry => actions.push(Action::Add("tries", number(1))),
        Change::NoTries => actions.push(Action::Set("tries", number(0))),
        Change::NextLook => actions.push(Action::Add("looks", number(1))),
        Change::NextAbsence => actions.push(Action::Add("absent", number(1))),
        Change::NoLooks => {
            actions.extend([
                Action::Set("looks", number(0)),
                Action::Set("absent", number(0)),
            ]);
        }
        Change::Body(body) => actions.push(Action::Set("body", number(*body))),
        Change::Due(due) => push_due(actions, key, *due),
        Change::NotBefore(start) => actions.push(optional_instant("nb", *start)),
        Change::Attention(at) => {
            actions.push(optional_instant("at", *at));
            match at {
                Some(at) => actions.extend([
                    Action::Set(
                        "att_shard",
                        text(attention_shard(key.delivery.as_uuid(), shards)),
                    ),
                    Action::Set("att_at", text(attention_at(*at, key.delivery))),
                ]),
                None => actions.extend([Action::Remove("att_shard"), Action::Remove("att_at")]),
            }
        }
        Change::Deadline(deadline) => {
            actions.push(optional_instant("dl", *deadline));
            match deadline {
                Some(deadline) => actions.extend([
                    Action::Set(
                        "dl_shard",
                        text(deadline_shard(key.delivery.as_uuid(), shards)),
                    ),
                    Action::Set("dl_at", text(attention_at(*deadline, key.delivery))),
                ]),
                None => actions.extend([Action::Remove("dl_shard"), Action::Remove("dl_at")]),
            }
        }
        Change::Lease(lease) => actions.push(optional_instant("lease", *lease)),
        Change::CalledAt(called_at) => actions.push(optional_instant("called", *called_at)),
        Change::UncertainSince(since) => actions.push(optional_instant("unsure", *since)),
        Change::Evidence(evidence) => {
            actions.push(optional("proof", evidence.as_ref())?);
            let permalink = evidence
                .as_ref()
                .and_then(|evidence| evidence.permalink.as_ref());
            actions.push(optional("link", permalink)?);
        }
        Change::Fault(fault) => actions.push(optional("fault", fault.as_ref())?),
        Change::Job(job) => actions.push(optional("job", job.as_ref())?),
        Change::Hold(reason) => actions.push(optional("hold", reason.as_ref())?),
    }
    Ok(())
}

fn push_state(actions: &mut Vec<Action>, state: State) -> Result<()> {
    actions.push(Action::Set("st", text(state.name())));
    actions.push(Action::Set("vis", value(&card_state(state))?));
    actions.push(optional("wait", wait_of(state).as_ref())?);
    if state.is_settled() {
        actions.extend([Action::Remove("ac_acc"), Action::Remove("ac_due")]);
    }
    Ok(())
}

/// Only plans set a due time, and a planned delivery is unsettled: it appears among those that its account waits for.
fn push_due(actions: &mut Vec<Action>, key: &DeliveryKey, due: Option<Timestamp>) {
    actions.push(optional_instant("due", due));
    match due {
        Some(due) => actions.extend([
            Action::Set("cal_month", text(calendar_partition(key.tenant, due))),
            Action::Set("cal_at", text(calendar_sort(due, key.post, key.account))),
            Action::Set("ac_acc", text(account_partition(key.tenant, key.account))),
            Action::Set("ac_due", text(account_sort(due, key.post))),
        ]),
        None => actions.extend([Action::Remove("cal_month"), Action::Remove("cal_at")]),
    }
}

fn optional_instant(name: &'static str, at: Option<Timestamp>) -> Action {
    at.map_or(Action::Remove(name), |at| Action::Set(name, instant(at)))
}

fn optional<T: serde::Serialize>(name: &'static str, of: Option<&T>) -> Result<Action> {
    of.map_or(Ok(Action::Remove(name)), |of| {
        Ok(Action::Set(name, value(of)?))
    })
}
