//! People: they plan posts, change their minds, and answer when they are asked.

use domain::delivery::acts::{self, Plan};
use domain::delivery::timing::latest_start;
use domain::delivery::{Delivery, Guard, HoldReason, ProofKind, State, Transition};
use domain::preflight::validate;
use jiff::{SignedDuration, Timestamp};

use crate::account;
use crate::event::Event;
use crate::network::{Post, evidence, fault};
use crate::process::Process;
use crate::table::{Id, Verdict};
use crate::world::{Outside, Plan as Wanted};

/// What somebody will do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Act {
    pub(crate) at: Timestamp,
    pub(crate) id: Id,
    pub(crate) kind: ActKind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ActKind {
    /// Another text, at the same time.
    Rewrite,
    /// Another text, in two minutes.
    Postpone,
    /// Another text, at once.
    Hasten,
    Cancel,
    Hold,
    Resume,
    Unschedule,
    Retry,
    /// Another text for what waits for nothing.
    Revise,
    /// Disconnects the account.
    Disconnect,
}

/// What people do, as often as they do it.
pub(crate) const KINDS: [ActKind; 17] = [
    ActKind::Rewrite,
    ActKind::Rewrite,
    ActKind::Postpone,
    ActKind::Postpone,
    ActKind::Hasten,
    ActKind::Hasten,
    ActKind::Cancel,
    ActKind::Cancel,
    ActKind::Hold,
    ActKind::Hold,
    ActKind::Resume,
    ActKind::Resume,
    ActKind::Unschedule,
    ActKind::Retry,
    ActKind::Retry,
    ActKind::Revise,
    ActKind::Disconnect,
];

/// A plan for content that was checked.
pub(crate) fn plan(due: Timestamp, max_lateness: SignedDuration) -> Plan {
    Plan::new(&validate(&[]).unwrap(), due, max_lateness)
}

/// Does it, if the API allows it in this state; a request without an answer is not repeated.
pub(crate) async fn act(process: Process, act: Act, max_lateness: SignedDuration) {
    if act.kind == ActKind::Disconnect {
        return account::disconnect(&process).await;
    }
    let Ok(delivery) = process.read(act.id).await else {
        return;
    };
    let now = process.now();
    let edit = process.world.outside().protocol.edit;
    let Some((mut transition, due)) = transition(&delivery, act.kind, max_lateness, now) else {
        return;
    };
    edit(&mut transition);
    if delivery.apply(&transition).is_err() {
        return;
    }
    // The API's transaction names the version of the post that it read.
    let transition = Transition {
        guard: Guard::All(vec![transition.guard, Guard::RevisionIs(delivery.revision)]),
        ..transition
    };
    perform(&process, act.id, transition, due, max_lateness).await;
}

/// Says whether it is out, as far as anybody can see.
pub(crate) async fn answer(process: Process, id: Id, max_lateness: SignedDuration) {
    {
        let mut outside = process.world.outside();
        if outside.table.delivery(id).state == State::Asking && twin_is_under_way(&outside, id) {
            // Whoever sees one of two such posts waits until the other is decided.
            let at = outside.now + SignedDuration::from_mins(10);
            outside.at(at, Event::Answer(id));
            return;
        }
    }
    let operation = process.world.outside().operation();
    let answered = process.table("answer", |outside| {
        let transition = match unclaimed(outside, id) {
            Some(post) => {
                let evidence = evidence(post.number, ProofKind::Person, post.at);
                // As if the person had said which of several it is; without, a later look may count it once more.
                outside.table.own_remote_post(id, &post.number.to_string());
                acts::resolve_published(evidence)
            }
            None => acts::resolve_not_published(fault("somebody looked")),
        };
        outside.step(id, transition, operation)
    });
    let answered = answered.await;
    let tries_again = process.world.outside().tape.happens(2);
    if let Ok(Verdict::Done(delivery)) = answered
        && delivery.state == State::Failed
        && tries_again
    {
        let now = process.now();
        let again = acts::try_again(plan(now, max_lateness), delivery.body);
        perform(&process, id, again, Some(now), max_lateness).await;
    }
}

/// Whether another delivery whose post looks the same may be out or not.
fn twin_is_under_way(outside: &Outside, id: Id) -> bool {
    let mut others = outside.table.deliveries();
    outside.weather.twins
        && others.any(|(other, delivery)| {
            let is_under_way = matches!(
                delivery.state,
                State::Calling | State::Processing | State::Uncertain
            );
            other != id && is_under_way
        })
}

/// A post that looks like this delivery's and counts for no other.
fn unclaimed(outside: &Outside, id: Id) -> Option<Post> {
    if !outside.weather.twins {
        return outside.network.visible_of(id).next().copied();
    }
    let counts_for_another = |post: &&Post| {
        let number = post.number.to_string();
        let mut evidence = outside.table.deliveries().filter_map(|(_, delivery)| {
            let evidence = delivery.evidence.as_ref()?;
            evidence.remote_id.as_ref()
        });
        evidence.any(|remote_id| *remote_id == number)
    };
    let mut visible = outside.network.visible.iter();
    visible.find(|post| !counts_for_another(post)).copied()
}

async fn perform(
    process: &Process,
    id: Id,
    transition: Transition,
    due: Option<Timestamp>,
    max_lateness: SignedDuration,
) {
    let operation = process.world.outside().operation();
    let written = process.table(transition.name.as_str(), |outside| {
        let verdict = outside.step(id, transition.clone(), operation);
        if let Verdict::Done(delivery) = &verdict {
            let text = outside.new_text();
            outside.table.write_text(id, delivery.body, text);
        }
        if let (Verdict::Done(delivery), Some(due)) = (&verdict, due) {
            let wanted = wanted(due, delivery, max_lateness);
            outside.plans[id] = wanted;
            let at = wanted.deadline + crate::opening::DEADLINE_GRACE;
            outside.at(at, Event::Deadline(id));
        }
        verdict
    });
    if let Ok(Verdict::Done(delivery)) = written.await {
        process.nudge(&delivery).await;
    }
}

fn wanted(due: Timestamp, delivery: &Delivery, max_lateness: SignedDuration) -> Wanted {
    Wanted {
        start: delivery.not_before.unwrap_or(due),
        deadline: domain::delivery::timing::deadline(due, max_lateness),
    }
}

/// The transition of an act, with the new due time if it has one.
fn transition(
    delivery: &Delivery,
    kind: ActKind,
    max_lateness: SignedDuration,
    now: Timestamp,
) -> Option<(Transition, Option<Timestamp>)> {
    let due = delivery.due.unwrap_or(now);
    let new_body = delivery.body + 1;
    let written = |at: Timestamp| {
        let plan = plan(at, max_lateness);
        let transition = match delivery.state {
            State::Held => acts::edit_held(plan, new_body),
            State::Draft | State::Failed | State::Missed => acts::schedule(plan, new_body),
            _ => acts::edit(plan, new_body),
        };
        (transition, Some(at))
    };
    Some(match kind {
        ActKind::Rewrite => written(due),
        ActKind::Postpone => written(now + SignedDuration::from_mins(2)),
        ActKind::Hasten => written(now),
        ActKind::Cancel => (acts::cancel(), None),
        ActKind::Hold => (
            acts::hold(HoldReason::User, latest_start(due, max_lateness)),
            None,
        ),
        ActKind::Resume => (acts::resume(due, now), None),
        ActKind::Unschedule => (acts::unschedule(delivery.body), None),
        ActKind::Retry => (
            acts::try_again(plan(now, max_lateness), delivery.body),
            Some(now),
        ),
        ActKind::Revise => (acts::rewrite(new_body), None),
        ActKind::Disconnect => return None,
    })
}
