//! Everything outside of the processes of a history: time, table, queue, network, and what goes wrong.

use std::cell::{RefCell, RefMut};
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap};
use std::rc::Rc;

use domain::delivery::timing::CALL;
use domain::delivery::{CallOutcome, Delivery, DeliveryMessage, Fence, State, Transition, faults};
use jiff::{SignedDuration, Timestamp};

use crate::event::{Event, Timer};
use crate::invariants::{self, Violation};
use crate::mutants::Protocol;
use crate::network::{Behaviour, Call, Network};
use crate::queue::Queue;
use crate::table::{Id, Table, Verdict};
use crate::tape::Tape;
use crate::weather::{EffectFault, Weather};

/// Shared by the event loop and all processes; one thread, so that a history is the same every time.
#[derive(Clone)]
pub(crate) struct World(Rc<RefCell<Outside>>);

/// Everything outside of the processes.
pub(crate) struct Outside {
    pub(crate) now: Timestamp,
    pub(crate) tape: Tape,
    pub(crate) weather: Weather,
    pub(crate) protocol: Protocol,
    pub(crate) table: Table,
    pub(crate) queue: Queue,
    pub(crate) network: Network,
    /// What each delivery's plan asks for, as its author knows it.
    pub(crate) plans: Vec<Plan>,
    /// Claims whose worker got the network's answer and lived on to settle, with its evidence recorded.
    pub(crate) answered: BTreeSet<(Id, Fence)>,
    /// Until when nothing of the product runs.
    pub(crate) stopped_until: Timestamp,
    /// The network's calls of before belong to a time that the table has forgotten.
    pub(crate) forgotten_calls: usize,
    pub(crate) throttled: (Timestamp, Timestamp),
    pub(crate) without_keys: (Timestamp, Timestamp),
    pub(crate) violation: Option<Violation>,
    pub(crate) called: BTreeMap<Id, u32>,
    /// What happened, in words, if somebody wants to read it.
    pub(crate) log: Option<Vec<String>>,
    /// What the process that runs now wants: to go on at a time, or to die.
    pub(crate) wish: Wish,
    timers: BinaryHeap<Reverse<Timer>>,
    turn: u64,
    operation: u64,
}

/// What a process wants from the event loop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wish {
    /// To go on at this time; the second part says how long of that it stands still, so that its own time-outs do too.
    Wake(Timestamp, SignedDuration),
    Die,
}

/// What an author last planned.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Plan {
    pub(crate) start: Timestamp,
    pub(crate) deadline: Timestamp,
}

impl World {
    pub(crate) fn new(outside: Outside) -> Self {
        Self(Rc::new(RefCell::new(outside)))
    }

    pub(crate) fn outside(&self) -> RefMut<'_, Outside> {
        self.0.borrow_mut()
    }
}

impl Outside {
    pub(crate) fn new(
        now: Timestamp,
        mut tape: Tape,
        weather: Weather,
        protocol: Protocol,
        is_told: bool,
    ) -> Self {
        let window = |tape: &mut Tape, is_on: bool, minutes: i64| {
            let begin = i64::from(if is_on { tape.choose(20) } else { 0 }) - 5;
            let length = if is_on { minutes } else { 0 };
            (
                now + SignedDuration::from_mins(begin),
                now + SignedDuration::from_mins(begin + length),
            )
        };
        let throttled = window(&mut tape, weather.throttling, 10);
        let without_keys = window(&mut tape, weather.key_outage, 30);
        Self {
            now,
            tape,
            protocol,
            table: Table::default(),
            queue: Queue::default(),
            network: Network::new(weather.network),
            weather,
            plans: Vec::new(),
            answered: BTreeSet::new(),
            called: BTreeMap::new(),
            stopped_until: Timestamp::MIN,
            forgotten_calls: 0,
            throttled,
            without_keys,
            violation: None,
            log: is_told.then(Vec::new),
            wish: Wish::Die,
            timers: BinaryHeap::new(),
            turn: 0,
            operation: 0,
        }
    }

    pub(crate) fn at(&mut self, at: Timestamp, event: Event) {
        self.turn += 1;
        let turn = self.turn;
        self.timers.push(Reverse(Timer { at, turn, event }));
    }

    /// What happens next; time moves on to it.
    pub(crate) fn next_event(&mut self) -> Option<Event> {
        let Reverse(Timer { at, event, .. }) = self.timers.pop()?;
        self.now = self.now.max(at);
        Some(event)
    }

    pub(crate) fn say(&mut self, line: impl FnOnce() -> String) {
        if let Some(log) = &mut self.log {
            log.push(format!("{:.3} {}", self.now, line()));
        }
    }

    pub(crate) fn violate(&mut self, invariant: &'static str, what: impl FnOnce() -> String) {
        if self.violation.is_none() {
            let what = what();
            self.say(|| format!("VIOLATED: {invariant}: {what}"));
            self.violation = Some(Violation { invariant, what });
        }
    }

    pub(crate) fn operation(&mut self) -> u64 {
        self.operation += 1;
        self.operation
    }

    /// One conditional write.
    pub(crate) fn step(&mut self, id: Id, mut transition: Transition, operation: u64) -> Verdict {
        (self.protocol.edit)(&mut transition);
        let before = self.table.delivery(id).state;
        let verdict = match self.table.step(id, &transition, operation, self.now) {
            Ok(verdict) => verdict,
            Err(delivery) if self.protocol.knows_own_writes => Verdict::Done(*delivery),
            Err(delivery) => {
                self.violate(invariants::OWN_WRITES, || transition.name.to_owned());
                Verdict::Refused(*delivery)
            }
        };
        match &verdict {
            Verdict::Done(next) => {
                let (from, to) = (before.name(), next.state.name());
                let (fence, revision) = (next.fence, next.revision);
                self.say(|| {
                    let name = transition.name;
                    format!(
                        "delivery {id}: {name}: {from} → {to} (fence {fence}, revision {revision})"
                    )
                });
                let next = next.clone();
                self.changed(id, &next);
            }
            Verdict::Refused(_) => {
                self.say(|| {
                    format!(
                        "delivery {id}: {} is refused: {}",
                        transition.name,
                        before.name()
                    )
                });
            }
        }
        verdict
    }

    fn changed(&mut self, id: Id, delivery: &Delivery) {
        invariants::on_change(self, id, delivery);
        if delivery.state == State::Asking {
            let pause = self.tape.pick(&[60, 5, 0]);
            self.at(
                self.now + SignedDuration::from_mins(pause),
                Event::Answer(id),
            );
        }
    }

    /// A message goes to the queue.
    pub(crate) fn enqueue(
        &mut self,
        message: DeliveryMessage,
        is_new: bool,
        delay: SignedDuration,
    ) {
        if self.weather.losses && self.tape.happens(8) {
            self.say(|| format!("the queue loses {}", words(&message)));
            return;
        }
        let copies = if self.weather.duplicates && self.tape.happens(4) {
            2
        } else {
            1
        };
        for _ in 0..copies {
            let late = if self.weather.reordering {
                self.tape.pick(&[0, 1, 5, 20])
            } else {
                0
            };
            let visible_at = self.now + delay + SignedDuration::from_secs(late);
            let number = self.queue.send(message, is_new, visible_at);
            self.say(|| {
                format!(
                    "message {number}, visible at {visible_at}: {}",
                    words(&message)
                )
            });
            self.at(visible_at, Event::Receive(number));
        }
    }

    /// The bytes of a call leave: what the worker gets to know, and when.
    pub(crate) fn call(&mut self, id: Id, fence: Fence, body: u32) -> (Timestamp, CallOutcome) {
        let call = Call {
            id,
            fence,
            body,
            at: self.now,
        };
        invariants::on_call(self, &call);
        let behaviour = if self.weather.network_trouble {
            self.tape.pick(&[
                Behaviour::Accepts,
                Behaviour::Accepts,
                Behaviour::LosesAnswer,
                Behaviour::LosesCall,
                Behaviour::PostsLate,
                Behaviour::LimitsRate,
                Behaviour::Rejects,
                Behaviour::Revokes,
            ])
        } else {
            Behaviour::Accepts
        };
        let longest = match behaviour {
            Behaviour::PostsLate => CALL + self.weather.network.late_effect_max(),
            Behaviour::Accepts if self.weather.network.is_slow => SignedDuration::from_mins(20),
            _ => SignedDuration::ZERO,
        };
        let tenths = if longest.is_zero() {
            0
        } else {
            i32::try_from(self.tape.choose(11)).unwrap()
        };
        let number = self.network.calls.len();
        let fate = self.network.begin(call, behaviour, longest * tenths / 10);
        self.say(|| {
            format!("call {number} of delivery {id} (fence {fence}, body {body}): {behaviour:?}")
        });
        if let Some(appears) = fate.appears {
            self.at(appears, Event::Appear(number));
        }
        fate.answer.unwrap_or_else(|| {
            (
                self.now + CALL,
                CallOutcome::Unknown(faults::call_timed_out()),
            )
        })
    }

    pub(crate) fn appear(&mut self, number: usize) {
        let post = self.network.appear(number, self.now);
        self.say(|| format!("post {number} of delivery {} appears", post.id));
        invariants::on_appearance(self, &post);
    }

    /// The fault that hits the next effect, if any does.
    pub(crate) fn fault(&mut self) -> Option<EffectFault> {
        let kinds = self.weather.effects.len();
        if kinds == 0 {
            return None;
        }
        let choice = self.tape.choose(48) as usize;
        (choice >= 48 - kinds).then(|| self.weather.effects[choice - (48 - kinds)])
    }

    pub(crate) fn is_throttled(&mut self) -> bool {
        let (from, to) = self.throttled;
        from <= self.now && self.now < to && self.tape.happens(2)
    }

    pub(crate) fn has_keys(&self) -> bool {
        let (from, to) = self.without_keys;
        self.now < from || to <= self.now
    }
}

/// A message in words.
pub(crate) fn words(message: &DeliveryMessage) -> String {
    match message {
        DeliveryMessage::Work { key, rev, nb, look } => {
            let look = look.map_or(String::new(), |look| format!(", look {}", look.looks + 1));
            format!(
                "work on delivery {} (revision {rev}, not before {nb}{look})",
                number(key)
            )
        }
        DeliveryMessage::Reap { key, fence } => {
            format!("reap delivery {} (fence {fence})", number(key))
        }
    }
}

/// The number of a delivery in a simulation.
pub(crate) fn number(key: &domain::delivery::DeliveryKey) -> Id {
    usize::try_from(key.delivery.as_uuid().as_u128()).unwrap()
}
