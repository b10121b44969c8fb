//! Everything outside of the processes of a history: time, table, queue, network, and what goes wrong.

use std::cell::{RefCell, RefMut};
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap};
use std::rc::Rc;

use domain::delivery::{Fence, TransitionName};
use jiff::{SignedDuration, Timestamp};

use crate::event::{Event, Timer};
use crate::invariants::{self, Violation};
use crate::network::Network;
use crate::protocol::Protocol;
use crate::queue::Queue;
use crate::table::{Id, Table, Text};
use crate::tape::Tape;
use crate::weather::{EffectFault, Weather};
use crate::words::moment;

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
    /// Transitions that were made.
    pub(crate) made: BTreeSet<TransitionName>,
    /// What happened, in words, if somebody wants to read it.
    pub(crate) log: Option<Vec<String>>,
    /// What the process that runs now wants: to go on at a time, or to die.
    pub(crate) wish: Wish,
    /// The task that runs now.
    pub(crate) task: usize,
    /// Tasks whose publishing call is under way.
    calling: BTreeSet<usize>,
    texts: Text,
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
            made: BTreeSet::new(),
            log: is_told.then(Vec::new),
            wish: Wish::Die,
            task: 0,
            calling: BTreeSet::new(),
            texts: 0,
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
            log.push(format!("{} {}", moment(self.now), line()));
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

    /// A text that nobody wrote before.
    pub(crate) fn new_text(&mut self) -> Text {
        self.texts += 1;
        self.texts
    }

    /// The publishing call of the task that runs now is under way.
    pub(crate) fn begin_call(&mut self) {
        self.calling.insert(self.task);
    }

    pub(crate) fn end_call(&mut self) {
        self.calling.remove(&self.task);
    }

    /// The time of the task that runs now is up.
    pub(crate) fn time_is_up(&mut self) {
        self.say(|| "a worker's time is up".to_owned());
        if self.calling.remove(&self.task) && self.weather.is_prompt() {
            self.violate(invariants::CUT_SHORT, || "while it was called".to_owned());
        }
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

    /// Whether the answer to a request is lost, so that the SDK makes it again.
    pub(crate) fn is_repeated(&mut self) -> bool {
        self.weather.repeats && self.tape.happens(6)
    }

    pub(crate) fn has_keys(&self) -> bool {
        let (from, to) = self.without_keys;
        self.now < from || to <= self.now
    }
}
