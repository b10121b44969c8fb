//! What must hold in every history.

use domain::account::AccountState;
use domain::delivery::{Delivery, HoldReason, State, TransitionName};
use domain::network::RepeatRule;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use crate::network::{Call, Post};
use crate::table::Id;
use crate::words::moment;
use crate::world::Outside;

/// visible(target) ≤ 1, over all its revisions.
pub(crate) const ONCE: &str = "visible at most once";
/// `published` ⇒ visible = 1, and evidence that is nobody else's.
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
/// Where nothing fails but clocks, the order of messages and answers that the SDK asks for again, everything is called on time and published.
pub(crate) const ON_TIME: &str = "on time in calm weather";
/// The account's network gets no more calls than it allows.
pub(crate) const BUDGET: &str = "no more calls than the network allows";
/// Nobody is asked, and the network neither, about an answer that a worker got and lived on with.
pub(crate) const ANSWERED: &str = "what was answered is known";
/// Where effects are prompt, no worker's time is up while it calls.
pub(crate) const CUT_SHORT: &str = "no call is cut short";
/// Nobody is asked to connect an account that its network takes, and nothing waits for one.
pub(crate) const HEALTHY: &str = "nothing waits for a healthy account";

/// Every one of them.
pub(crate) const ALL: [&str; 12] = [
    ONCE, PUBLISHED, ABSENT, DEADLINE, FENCE, EDITED, EARLY, ON_TIME, BUDGET, ANSWERED, CUT_SHORT,
    HEALTHY,
];

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

/// A delivery, or all of them where their posts cannot be told apart.
struct Family {
    members: Vec<Id>,
    visible: usize,
}

impl Family {
    fn of(outside: &Outside, id: Id) -> Self {
        let members: Vec<Id> = if outside.weather.twins {
            (0..outside.table.len()).collect()
        } else {
            vec![id]
        };
        let posts = outside.network.visible.iter();
        let visible = posts.filter(|post| members.contains(&post.id)).count();
        Self { members, visible }
    }

    fn count(&self, outside: &Outside, is_counted: impl Fn(State) -> bool) -> usize {
        let states = self
            .members
            .iter()
            .map(|id| outside.table.delivery(*id).state);
        states.filter(|state| is_counted(*state)).count()
    }
}

/// A delivery changed.
pub(crate) fn on_change(
    outside: &mut Outside,
    id: Id,
    transition: TransitionName,
    delivery: &Delivery,
) {
    match delivery.state {
        State::Published | State::HandedOver => is_proved(outside, id),
        State::Failed | State::Cancelled | State::Missed | State::Draft | State::Held => {
            let family = Family::of(outside, id);
            let may_be_visible = family.count(outside, |state| may_be_visible(outside, state));
            if family.visible > may_be_visible {
                outside.violate(ABSENT, || {
                    let (state, visible) = (delivery.state.name(), family.visible);
                    format!("delivery {id} is {state}: {visible} are visible")
                });
            }
        }
        State::Asking if outside.answered.contains(&(id, delivery.fence)) => {
            outside.violate(ANSWERED, || format!("delivery {id}: a person is asked"));
        }
        _ => {}
    }
    let is_hold = matches!(
        transition,
        TransitionName::Hold | TransitionName::HeldByOwner
    );
    let is_for_account = delivery.hold == Some(HoldReason::Account);
    let is_healthy = outside.table.account.state == AccountState::Connected;
    if is_hold && is_for_account && is_healthy {
        outside.violate(HEALTHY, || format!("delivery {id} is held"));
    }
}

/// What is published has evidence that names a visible post and counts for no other delivery.
fn is_proved(outside: &mut Outside, id: Id) {
    let family = Family::of(outside, id);
    let settled = |state| matches!(state, State::Published | State::HandedOver);
    let published = family.count(outside, settled);
    let evidence = |id: Id| outside.table.delivery(id).evidence.clone();
    let own = evidence(id);
    let mut others = family.members.iter().filter(|member| **member != id);
    let is_shared = others.any(|member| {
        let remote = |id| evidence(id).and_then(|evidence| evidence.remote_id);
        remote(id).is_some() && remote(*member) == remote(id)
    });
    let named = own.as_ref().and_then(|own| own.remote_id.as_ref());
    let named = named.and_then(|remote_id| outside.network.visible_named(remote_id));
    let is_named = named.is_some_and(|post| family.members.contains(&post.id));
    if !is_named || is_shared || family.visible < published {
        outside.violate(PUBLISHED, || {
            let visible = family.visible;
            format!("delivery {id}: {published} published, {visible} visible, evidence {own:?}")
        });
    }
}

/// The bytes of a call leave.
pub(crate) fn on_call(outside: &mut Outside, call: &Call) {
    let id = call.id;
    let delivery = outside.table.delivery(id);
    let (state, fence) = (delivery.state, delivery.fence);
    if fence != call.fence || state != outside.protocol.calls_in() {
        outside.violate(FENCE, || {
            let (state, called) = (state.name(), call.fence);
            format!("delivery {id} is {state} under fence {fence}, called under {called}")
        });
    }
    let error = if outside.weather.clocks {
        CLOCK_ERROR
    } else {
        SignedDuration::ZERO
    };
    let start = outside.plans[id].start;
    let planned = || format!("delivery {id}: it was to be called at {}", moment(start));
    if call.at + error < start {
        outside.violate(EARLY, planned);
    }
    let calls = outside.called.entry(id).or_default();
    *calls += 1;
    if *calls == 1
        && outside.weather.is_calm()
        && !outside.weather.people
        && call.at > start + error + LATENESS_MAX
    {
        outside.violate(ON_TIME, planned);
    }
    let daily = outside.network.kind.daily as usize;
    if daily > 0 && !outside.weather.restore {
        let day = |at: Timestamp| at.to_zoned(TimeZone::UTC).date();
        let calls = outside.network.calls.iter();
        let today = calls.filter(|earlier| day(earlier.at) == day(call.at));
        let today = today.count();
        if today >= daily {
            outside.violate(BUDGET, || format!("call {} of the day", today + 1));
        }
    }
}

/// A post appeared.
pub(crate) fn on_appearance(outside: &mut Outside, post: &Post) {
    let id = post.id;
    let family = Family::of(outside, id);
    if family.visible > family.members.len() {
        let visible = family.visible;
        outside.violate(ONCE, || format!("delivery {id}: {visible} are visible"));
    }
    if post.number < outside.forgotten_calls {
        // By a plan that nobody knows any more.
        return;
    }
    let delivery = outside.table.delivery(id);
    let state = delivery.state;
    let wanted = outside.table.text(id, delivery.body);
    if wanted != post.text {
        outside.violate(EDITED, || {
            let text = post.text;
            format!("delivery {id}: text {text} appears, its author wants {wanted}")
        });
    }
    let may_be_visible = family.count(outside, |state| may_be_visible(outside, state));
    if family.visible > may_be_visible {
        outside.violate(ABSENT, || format!("delivery {id} is {}", state.name()));
    }
}

fn may_be_visible(outside: &Outside, state: State) -> bool {
    match state {
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
    for id in 0..outside.table.len() {
        let state = outside.table.delivery(id).state;
        if !state.is_settled() {
            outside.violate(DEADLINE, || format!("delivery {id} stays {}", state.name()));
        }
        let is_out = matches!(state, State::Published | State::HandedOver);
        if outside.weather.is_calm() && !outside.weather.people && !is_out {
            outside.violate(ON_TIME, || {
                format!("delivery {id} ends as {}", state.name())
            });
        }
        if is_out {
            is_proved(outside, id);
        }
    }
}
