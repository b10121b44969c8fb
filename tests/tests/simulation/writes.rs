//! Writes of transitions, and what follows from them outside.

use domain::delivery::{Delivery, State, Transition, TransitionName};
use jiff::SignedDuration;

use crate::event::Event;
use crate::invariants;
use crate::table::{Id, Verdict};
use crate::world::Outside;

impl Outside {
    /// One conditional write.
    pub(crate) fn step(&mut self, id: Id, mut transition: Transition, operation: u64) -> Verdict {
        (self.protocol.edit)(&mut transition);
        let name = transition.name;
        let before = self.table.delivery(id).state;
        let verdict = match self.table.step(id, &transition, operation, self.now) {
            Ok(verdict) => verdict,
            Err(delivery) if self.protocol.knows_own_writes => Verdict::Done(*delivery),
            Err(delivery) => Verdict::Refused(*delivery),
        };
        match &verdict {
            Verdict::Done(next) => {
                self.made.insert(name);
                self.say(|| {
                    let (from, to) = (before.name(), next.state.name());
                    let (fence, revision) = (next.fence, next.revision);
                    format!(
                        "delivery {id}: {name}: {from} → {to} (fence {fence}, revision {revision})"
                    )
                });
                self.changed(id, name, next);
            }
            Verdict::Refused(_) => {
                self.say(|| format!("delivery {id}: {name} is refused: {}", before.name()));
            }
        }
        verdict
    }

    fn changed(&mut self, id: Id, transition: TransitionName, delivery: &Delivery) {
        invariants::on_change(self, id, transition, delivery);
        if delivery.state == State::Asking {
            let pause = self.tape.pick(&[60, 5, 0]);
            let at = self.now + SignedDuration::from_mins(pause);
            self.at(at, Event::Answer(id));
        }
    }
}
