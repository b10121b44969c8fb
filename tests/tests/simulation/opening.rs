//! What a history begins with: posts, what people will do, and when the great faults strike.

use domain::delivery::timing::deadline;
use domain::delivery::{Delivery, Target};
use domain::network::NetworkId;
use domain::{AccountId, DeliveryId, PostId, TenantId};
use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

use crate::event::Event;
use crate::people::{self, Act};
use crate::words::moment;
use crate::world::{Outside, Plan};

/// How much later than its deadline a delivery may be final: ticks that did not happen, throttling, wrong clocks.
pub(crate) const DEADLINE_GRACE: SignedDuration = SignedDuration::from_mins(60);

/// What people want from a history.
pub(crate) struct Opening {
    pub(crate) acts: Vec<Act>,
    pub(crate) max_lateness: SignedDuration,
}

impl Opening {
    /// Plans everything that is planned from the begin.
    pub(crate) fn choose(outside: &mut Outside) -> Self {
        let begin = outside.now;
        let weather = outside.weather.to_string();
        outside.say(|| weather);
        let max_lateness = SignedDuration::from_mins(outside.tape.pick(&[60, 360, 10]));
        let count = 1 + outside.tape.pick(&[0, 1, 3]);
        let first_due = begin + SignedDuration::from_secs(outside.tape.pick(&[600, 30, 0, 4]));
        let twins = outside.new_text();
        for number in 0..count {
            let gap = SignedDuration::from_secs(i64::from(outside.tape.pick(&[0, 30])));
            let due = first_due + gap * i32::try_from(number).unwrap();
            let text = if outside.weather.twins {
                twins
            } else {
                outside.new_text()
            };
            let delivery = delivery(outside, number, due, max_lateness);
            outside.say(|| format!("delivery {number} is planned for {}", moment(due)));
            outside.table.create(delivery, text, begin);
            expect_end(outside, number, due, max_lateness);
        }
        let acts = choose_acts(outside, count, first_due);
        if outside.weather.redrive > 0 {
            let minutes = i64::from(outside.tape.choose(30));
            outside.at(
                first_due + SignedDuration::from_mins(minutes),
                Event::Redrive,
            );
        }
        if outside.weather.restore {
            let seconds = i64::from(outside.tape.choose(40)) * 15 - 240;
            outside.at(
                first_due + SignedDuration::from_secs(seconds),
                Event::Backup,
            );
        }
        Self { acts, max_lateness }
    }
}

fn choose_acts(outside: &mut Outside, count: usize, first_due: Timestamp) -> Vec<Act> {
    let mut acts = Vec::new();
    if outside.weather.people {
        for number in 0..=outside.tape.choose(3) as usize {
            // Many right when the posts are due, for that is where the races are.
            let seconds = outside
                .tape
                .pick(&[-120, -60, -20, -1, 0, 0, 0, 20, 60, 120, 300]);
            let millis = i64::from(outside.tape.choose(8)) * 7;
            let at = first_due + SignedDuration::from_millis(seconds * 1000 + millis);
            let at = at.max(outside.now);
            let id = outside.tape.choose(u32::try_from(count).unwrap()) as usize;
            let kind = outside.tape.pick(&people::KINDS);
            acts.push(Act { at, id, kind });
            outside.at(at, Event::Act(number));
        }
    }
    acts
}

fn expect_end(outside: &mut Outside, id: usize, due: Timestamp, max_lateness: SignedDuration) {
    let deadline = deadline(due, max_lateness);
    outside.plans.push(Plan {
        start: due,
        deadline,
    });
    outside.at(deadline + DEADLINE_GRACE, Event::Deadline(id));
}

fn delivery(
    outside: &Outside,
    number: usize,
    due: Timestamp,
    max_lateness: SignedDuration,
) -> Delivery {
    let uuid = Uuid::from_u128(u128::try_from(number).unwrap());
    let target = Target {
        id: DeliveryId::from_uuid(uuid),
        tenant: TenantId::from_uuid(Uuid::from_u128(1)),
        post: PostId::from_uuid(uuid),
        account: AccountId::from_uuid(Uuid::from_u128(2)),
        network: NetworkId::PLAYGROUND,
    };
    let mut delivery = Delivery::scheduled(target, people::plan(due, max_lateness));
    if !outside.protocol.creates_deadlines {
        delivery.deadline = None;
    }
    delivery
}
