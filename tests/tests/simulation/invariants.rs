//! What must hold in every history.

use domain::delivery::{Delivery, State};
use domain::network::RepeatRule;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use crate::network::{Call, Post};
use crate::table::Id;
use crate::world::Outside;

/// visible(target) ≤ 1, over all its revisions.
pub(crate) const ONCE: &str = "visible at most once";
/// `published` ⇒ visible = 1, and evidence.
pub(crate) const PUBLISHED: &str = "published is visible, with evidence";
/// `failed`, `cancelled`, `missed`, `draft` and `held` ⇒ visible = 0.
pub(crate) const ABSENT: &str = "failed or cancelled is not visible";
/// Every target is final, or a person is asked, within its deadline.
pub(crate) const DEADLINE: &str = "final or asking by the deadline";
/// No call with a stale fence.
pub(crate) const FENCE: &str = "no call without owning the delivery";
/// Nothing is published that was edited away.
pub(crate) const EDITED: &str = "nothing edited away is published";
/// Nothing is published before its time.
pub(crate) const EARLY: &str = "nothing is called before its time";
/// Where nothing fails but clocks and the order of messages, everything is called on time and published.
pub(crate) const ON_TIME: &str = "on time in calm weather";
/// The account's network gets no more calls than it allows.
pub(crate) const BUDGET: &str = "no more calls than the network allows";
/// A lost answer of an own write is not taken for a refusal.
pub(crate) const OWN_WRITES: &str = "own writes are recognised";
/// Nobody is asked, and the network neither, about an answer that a worker got and lived on with.
pub(crate) const ANSWERED: &str = "what was answered is known";

/// The greatest error of a clock.
const CLOCK_ERROR: SignedDuration = SignedDuration::from_mins(5);
/// How much later than its time a call may begin in calm weather: the clocks' error, and messages that were overtaken.
const LATENESS_MAX: SignedDuration = SignedDuration::from_secs(60);

/// What was broken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Violation {
    pub(crate) invariant: &'static str,
    pub(crate) what: String,
}

/// A delivery changed.
pub(crate) fn on_change(outside: &mut Outside, id: Id, delivery: &Delivery) {
    let visible = outside.network.visible_of(id).count();
    match delivery.state {
        State::Published if visible != 1 || delivery.evidence.is_none() => {
            outside.violate(PUBLISHED, || {
                format!("delivery {id}: {visible} are visible")
            });
        }
        State::Failed | State::Cancelled | State::Missed | State::Draft | State::Held
            if visible != 0 =>
        {
            outside.violate(ABSENT, || {
                format!(
                    "delivery {id} is {}: {visible} are visible",
                    delivery.state.name()
                )
            });
        }
        State::Asking if outside.answered.contains(&(id, delivery.fence)) => {
            outside.violate(ANSWERED, || format!("delivery {id}: a person is asked"));
        }
        _ => {}
    }
}

/// The bytes of a call leave.
pub(crate) fn on_call(outside: &mut Outside, call: &Call) {
    let id = call.id;
    let delivery = outside.table.delivery(id);
    let owner = (delivery.state, delivery.fence);
    // Without its intent, whoever calls owns the delivery by its claim.
    if owner.1 != call.fence || !matches!(owner.0, State::Calling | State::Claimed) {
        outside.violate(FENCE, || {
            format!(
                "delivery {id} is {} under fence {}",
                owner.0.name(),
                owner.1
            )
        });
    }
    let error = if outside.weather.clocks {
        CLOCK_ERROR
    } else {
        SignedDuration::ZERO
    };
    let start = outside.plans[id].start;
    if call.at + error < start {
        outside.violate(EARLY, || {
            format!("delivery {id}: it was to be called at {start}")
        });
    }
    let calls = outside.called.entry(id).or_default();
    *calls += 1;
    if *calls == 1
        && outside.weather.is_calm()
        && !outside.weather.people
        && call.at > start + error + LATENESS_MAX
    {
        outside.violate(ON_TIME, || {
            format!("delivery {id}: it was to be called at {start}")
        });
    }
    let daily = outside.network.kind.daily as usize;
    if daily > 0 && !outside.weather.restore {
        let day = |at: Timestamp| at.to_zoned(TimeZone::UTC).date();
        let today = outside
            .network
            .calls
            .iter()
            .filter(|earlier| day(earlier.at) == day(call.at))
            .count();
        if today >= daily {
            outside.violate(BUDGET, || format!("call {} of the day", today + 1));
        }
    }
}

/// A post appeared.
pub(crate) fn on_appearance(outside: &mut Outside, post: &Post) {
    let id = post.id;
    let visible = outside.network.visible_of(id).count();
    if visible > 1 {
        outside.violate(ONCE, || format!("delivery {id}: {visible} are visible"));
    }
    if post.number < outside.forgotten_calls {
        // By a plan that nobody knows any more.
        return;
    }
    let delivery = outside.table.delivery(id);
    let (state, body) = (delivery.state, delivery.body);
    if body != post.body {
        outside.violate(EDITED, || {
            format!(
                "delivery {id}: body {} appears, its author wants {body}",
                post.body
            )
        });
    }
    let may_be_visible = match state {
        State::Failed | State::Cancelled | State::Missed | State::Draft | State::Held => false,
        // A repeat is harmless only where records have keys.
        State::Scheduled | State::Queued | State::RetryWait => {
            outside.network.kind.repeat == RepeatRule::ClientKey
        }
        State::Claimed
        | State::Calling
        | State::Processing
        | State::Uncertain
        | State::Asking
        | State::Published
        | State::HandedOver => true,
    };
    if !may_be_visible {
        outside.violate(ABSENT, || format!("delivery {id} is {}", state.name()));
    }
}

/// A delivery has to be final by now.
pub(crate) fn at_deadline(outside: &mut Outside, id: Id) {
    let state = outside.table.delivery(id).state;
    if !state.is_settled() {
        outside.violate(DEADLINE, || format!("delivery {id} is {}", state.name()));
    }
}

/// Nothing moves any more.
pub(crate) fn at_rest(outside: &mut Outside) {
    let states: Vec<(Id, State)> = outside
        .table
        .deliveries()
        .map(|(id, delivery)| (id, delivery.state))
        .collect();
    for (id, state) in states {
        if !state.is_settled() {
            outside.violate(DEADLINE, || format!("delivery {id} stays {}", state.name()));
        }
        let is_out = state == State::Published;
        if outside.weather.is_calm() && !outside.weather.people && !is_out {
            outside.violate(ON_TIME, || {
                format!("delivery {id} ends as {}", state.name())
            });
        }
        let visible = outside.network.visible_of(id).count();
        if is_out && visible != 1 {
            outside.violate(PUBLISHED, || {
                format!("delivery {id}: {visible} are visible")
            });
        }
    }
}
