//! People: they plan posts, change their minds, and answer when they are asked.

use domain::delivery::acts::{self, Plan};
use domain::delivery::timing::latest_start;
use domain::delivery::{Delivery, Evidence, Guard, HoldReason, ProofKind, State, Transition};
use domain::preflight::validate;
use jiff::{SignedDuration, Timestamp};

use crate::event::Event;
use crate::network::fault;
use crate::process::Process;
use crate::table::{Id, Verdict};
use crate::world::Plan as Wanted;

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
}

pub(crate) const KINDS: [ActKind; 8] = [
    ActKind::Rewrite,
    ActKind::Postpone,
    ActKind::Hasten,
    ActKind::Cancel,
    ActKind::Hold,
    ActKind::Resume,
    ActKind::Unschedule,
    ActKind::Retry,
];

/// A plan for content that was checked.
pub(crate) fn plan(due: Timestamp, max_lateness: SignedDuration) -> Plan {
    Plan::new(&validate(&[]).unwrap(), due, max_lateness)
}

/// Does it, if the state allows it; a request without an answer is not repeated.
pub(crate) async fn act(process: Process, act: Act, max_lateness: SignedDuration) {
    let Ok(delivery) = process.read(act.id).await else {
        return;
    };
    let now = process.now();
    let Some((transition, due)) = transition(&delivery, act.kind, max_lateness, now) else {
        return;
    };
    // The API's transaction names the version of the post that it read.
    let transition = Transition {
        guard: Guard::All(vec![transition.guard, Guard::RevisionIs(delivery.revision)]),
        ..transition
    };
    perform(&process, act.id, transition, due, max_lateness).await;
}

/// Says whether it is out, as far as anybody can see.
pub(crate) async fn answer(process: Process, id: Id, max_lateness: SignedDuration) {
    let visible = process
        .world
        .outside()
        .network
        .visible_of(id)
        .next()
        .copied();
    let transition = match visible {
        Some(post) => acts::resolve_published(Evidence {
            remote_id: None,
            permalink: None,
            proof: ProofKind::Person,
            published_at: post.at,
        }),
        None => acts::resolve_not_published(fault("somebody looked")),
    };
    let verdict = process.step(id, &transition).await;
    let tries_again = process.world.outside().tape.happens(2);
    if let (Ok(Verdict::Done(delivery)), None, true) = (verdict, visible, tries_again) {
        let now = process.now();
        let again = acts::try_again(plan(now, max_lateness), delivery.body);
        perform(&process, id, again, Some(now), max_lateness).await;
    }
}

/// Connects the account again: what waited for it goes on, as `store` aligns it.
pub(crate) async fn reconnect(process: Process, count: usize) {
    process.world.outside().table.needs_reconnect = false;
    for id in 0..count {
        let Ok(delivery) = process.read(id).await else {
            continue;
        };
        let waits = delivery.state == State::Held
            && delivery.hold == Some(HoldReason::Account)
            && process.now() <= delivery.latest_start();
        let Some(due) = delivery.due.filter(|_| waits) else {
            continue;
        };
        let resume = acts::resume(due, process.now());
        let transition = Transition {
            guard: Guard::All(vec![resume.guard, Guard::RevisionIs(delivery.revision)]),
            ..resume
        };
        if let Ok(Verdict::Done(delivery)) = process.step(id, &transition).await {
            process.nudge(&delivery).await;
        }
    }
}

async fn perform(
    process: &Process,
    id: Id,
    transition: Transition,
    due: Option<Timestamp>,
    max_lateness: SignedDuration,
) {
    let operation = process.world.outside().operation();
    let written = process.table(transition.name, |outside| {
        let verdict = outside.step(id, transition.clone(), operation);
        if let (Verdict::Done(delivery), Some(due)) = (&verdict, due) {
            let wanted = wanted(due, delivery, max_lateness);
            outside.plans[id] = wanted;
            let at = wanted.deadline + crate::history::DEADLINE_GRACE;
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

/// The transition of an act, with the new due time if it has one; `None` where the API refuses it.
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
    let (transition, due) = match kind {
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
    };
    delivery.apply(&transition).ok()?;
    Some((transition, due))
}
