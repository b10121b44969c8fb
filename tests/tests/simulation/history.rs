//! One history: posts are planned, everything that can happen happens in the order of its time, and the invariants are
//! looked at all the while.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use domain::delivery::timing::MESSAGE_MAX;
use domain::delivery::{Change, Delivery, Guard, State, Target, Transition};
use domain::network::NetworkId;
use domain::{AccountId, DeliveryId, PostId, TenantId};
use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

use crate::event::Event;
use crate::invariants::{self, Violation};
use crate::mutants::Protocol;
use crate::people::{self, Act};
use crate::process::Process;
use crate::restore::{Backup, LOST_TIME, restore};
use crate::table::Written;
use crate::tape::Tape;
use crate::timers;
use crate::weather::Weather;
use crate::worker;
use crate::world::{Outside, Plan, Wish, World};

/// How much later than its deadline a delivery may be final: ticks that did not happen, throttling, wrong clocks.
pub(crate) const DEADLINE_GRACE: SignedDuration = SignedDuration::from_mins(60);
/// When histories begin.
const BEGIN: i64 = 1_796_115_600; // 2026-12-01T09:00:00Z
/// More events than any history has that comes to an end.
const EVENTS_MAX: usize = 100_000;
/// How far ahead anybody may look who has a wrong clock.
const LOOK_AHEAD_MAX: SignedDuration = SignedDuration::from_mins(9);
/// Times in one history at which no tick happens for a while. More of the longest would pass any deadline.
const OUTAGES_MAX: u32 = 2;
const MINUTE: SignedDuration = SignedDuration::from_mins(1);

/// How a history went.
#[derive(Clone, Debug)]
pub(crate) struct Outcome {
    pub(crate) violation: Option<Violation>,
    pub(crate) choices: Vec<u32>,
    /// What happened, in words.
    pub(crate) log: Vec<String>,
    /// Each write and its verdict, and the deliveries that it began with.
    pub(crate) written: Vec<Written>,
    pub(crate) created: Vec<Delivery>,
    pub(crate) final_states: Vec<State>,
    /// Whether the table was set back.
    pub(crate) is_restored: bool,
    /// Messages that workers received.
    pub(crate) received: usize,
}

/// How much of a history to keep.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Keep {
    Verdict,
    Words,
    Writes,
}

/// Plays the history that the tape chooses.
pub(crate) fn play(mut tape: Tape, protocol: Protocol, keep: Keep) -> Outcome {
    let weather = Weather::choose(&mut tape);
    play_in(weather, tape, protocol, keep)
}

/// Plays a history in this weather.
pub(crate) fn play_in(weather: Weather, tape: Tape, protocol: Protocol, keep: Keep) -> Outcome {
    let begin = Timestamp::from_second(BEGIN).unwrap();
    let outside = Outside::new(begin, tape, weather, protocol, keep == Keep::Words);
    let world = World::new(outside);
    if keep == Keep::Writes {
        world.outside().table.written = Some(Vec::new());
    }
    let mut history = History::begin(&world);
    history.run();
    drop(history.tasks);
    let mut outside = world.outside();
    invariants::at_rest(&mut outside);
    Outcome {
        violation: outside.violation.take(),
        choices: std::mem::replace(&mut outside.tape, Tape::of_choices(Vec::new())).chosen(),
        log: outside.log.take().unwrap_or_default(),
        written: outside.table.written.take().unwrap_or_default(),
        created: history.created,
        is_restored: outside.weather.restore,
        received: history.received,
        final_states: outside
            .table
            .deliveries()
            .map(|(_, delivery)| delivery.state)
            .collect(),
    }
}

struct Task {
    future: Pin<Box<dyn Future<Output = ()>>>,
    /// When it is given up, if ever.
    deadline: Option<Timestamp>,
}

struct History {
    world: World,
    tasks: Vec<Option<Task>>,
    acts: Vec<Act>,
    created: Vec<Delivery>,
    max_lateness: SignedDuration,
    missed_ticks: u32,
    outages: u32,
    backup: Option<Backup>,
    received: usize,
    first_task: usize,
    first_tick: Timestamp,
    next_tick: Option<Timestamp>,
    last_tick: Option<u32>,
}

impl History {
    fn begin(world: &World) -> Self {
        let mut outside = world.outside();
        let outside = &mut *outside;
        let begin = outside.now;
        outside.say(|| String::from("the weather follows"));
        let weather = outside.weather.clone();
        outside.say(|| format!("{weather:?}"));
        let max_lateness = SignedDuration::from_mins(outside.tape.pick(&[60, 360, 10]));
        let count = 1 + outside.tape.pick(&[0, 1, 3]);
        let lead = SignedDuration::from_secs(outside.tape.pick(&[600, 30, 0, 4]));
        let mut created = Vec::new();
        for number in 0..count {
            let gap = SignedDuration::from_secs(i64::from(outside.tape.pick(&[0, 30])));
            let due = begin + lead + gap * i32::try_from(number).unwrap();
            let delivery = created_delivery(outside, number, due, max_lateness);
            outside.say(|| format!("delivery {number} is planned for {due}"));
            created.push(delivery.clone());
            outside.table.create(delivery, begin);
            let deadline = domain::delivery::timing::deadline(due, max_lateness);
            outside.plans.push(Plan {
                start: due,
                deadline,
            });
            outside.at(deadline + DEADLINE_GRACE, Event::Deadline(number));
        }
        let mut acts = Vec::new();
        if outside.weather.people {
            for number in 0..=outside.tape.choose(3) as usize {
                // Many right when the posts are due, for that is where the races are.
                let seconds = outside
                    .tape
                    .pick(&[-120, -60, -20, -1, 0, 0, 0, 20, 60, 120, 300]);
                let millis = i64::from(outside.tape.choose(8)) * 7;
                let at = begin + lead + SignedDuration::from_millis(seconds * 1000 + millis);
                let at = at.max(begin);
                let id = outside.tape.choose(u32::try_from(count).unwrap()) as usize;
                let kind = outside.tape.pick(&people::KINDS);
                acts.push(Act { at, id, kind });
                outside.at(at, Event::Act(number));
            }
        }
        let phase = SignedDuration::from_secs(i64::from(outside.tape.choose(6)) * 10);
        if outside.weather.redrive > 0 {
            let minutes = i64::from(outside.tape.choose(30));
            outside.at(
                begin + lead + MINUTE * i32::try_from(minutes).unwrap(),
                Event::Redrive,
            );
        }
        if outside.weather.restore {
            let seconds = i64::from(outside.tape.choose(40)) * 15 - 240;
            outside.at(
                begin + lead + SignedDuration::from_secs(seconds),
                Event::Backup,
            );
        }
        Self {
            world: world.clone(),
            tasks: Vec::new(),
            acts,
            created,
            max_lateness,
            missed_ticks: 0,
            outages: 0,
            backup: None,
            received: 0,
            first_task: 0,
            first_tick: begin + phase - MINUTE,
            next_tick: None,
            last_tick: None,
        }
    }

    fn run(&mut self) {
        for id in 0..self.created.len() {
            let process = Process::start(&self.world);
            self.spawn(None, async move {
                let delivery = process.world.outside().table.delivery(id).clone();
                process.nudge(&delivery).await;
            });
        }
        self.keep_ticking();
        for _ in 0..EVENTS_MAX {
            let next = self.world.outside().next_event();
            let Some(event) = next else {
                return;
            };
            self.happen(event);
            if self.world.outside().violation.is_some() {
                return;
            }
        }
        self.world
            .outside()
            .violate(invariants::DEADLINE, || "it never ends".to_owned());
    }

    fn happen(&mut self, event: Event) {
        if self.is_postponed(event) {
            return;
        }
        match event {
            Event::Wake(task) => self.wake(task),
            Event::Receive(number) => self.receive(number),
            Event::Tick(number) => self.tick(number),
            Event::Appear(number) => self.world.outside().appear(number),
            Event::Act(number) => {
                let act = self.acts[number];
                self.world
                    .outside()
                    .say(|| format!("somebody wants: {act:?}"));
                let process = Process::start(&self.world);
                self.spawn(None, people::act(process, act, self.max_lateness));
            }
            Event::Answer(id) => {
                let process = Process::start(&self.world);
                self.spawn(None, people::answer(process, id, self.max_lateness));
            }
            Event::Reconnect => {
                self.world
                    .outside()
                    .say(|| "the account is connected again".to_owned());
                let process = Process::start(&self.world);
                let count = self.created.len();
                self.spawn(None, people::reconnect(process, count));
            }
            Event::Deadline(id) => {
                let mut outside = self.world.outside();
                if outside.now >= outside.plans[id].deadline + DEADLINE_GRACE {
                    invariants::at_deadline(&mut outside, id);
                }
            }
            Event::Redrive => self.redrive(),
            Event::Backup => {
                let mut outside = self.world.outside();
                outside.say(|| "the table is copied".to_owned());
                self.backup = Some(Backup::of(&outside));
                let at = outside.now + LOST_TIME;
                outside.at(at, Event::Restore);
            }
            Event::Restore => {
                // Numbers of tasks are not used again, for timers of the dead ones are still set.
                self.tasks.iter_mut().for_each(|task| *task = None);
                self.first_task = self.tasks.len();
                if let Some(backup) = self.backup.take() {
                    restore(&mut self.world.outside(), &backup);
                }
            }
        }
        self.keep_ticking();
    }

    fn receive(&mut self, number: usize) {
        let received = {
            let mut outside = self.world.outside();
            let now = outside.now;
            let received = outside.queue.receive(number, now);
            if let Some((_, again)) = received {
                outside.at(again, Event::Receive(number));
            }
            received
        };
        if let Some((message, _)) = received {
            self.received += 1;
            let process = Process::start(&self.world);
            let deadline = self.world.outside().now + MESSAGE_MAX;
            self.spawn(Some(deadline), worker::receive(process, message, number));
        }
    }

    fn tick(&mut self, number: u32) {
        if self.next_tick != Some(self.world.outside().now) {
            return;
        }
        self.next_tick = None;
        let (is_missed, is_doubled) = {
            let mut outside = self.world.outside();
            if self.missed_ticks == 0 && self.outages < OUTAGES_MAX && outside.weather.missed_ticks
            {
                self.missed_ticks = outside.tape.pick(&[0, 0, 0, 0, 1, 5, 20, 120]);
                self.outages += u32::from(self.missed_ticks > 0);
            }
            let is_missed = self.missed_ticks > 0;
            self.missed_ticks = self.missed_ticks.saturating_sub(1);
            (
                is_missed,
                outside.weather.doubled_ticks && outside.tape.happens(3),
            )
        };
        let follows_pause = self.last_tick.is_none_or(|last| number > last + 1);
        self.last_tick = Some(number);
        if !is_missed && self.something_wants_attention() {
            for _ in 0..=usize::from(is_doubled) {
                self.spawn(None, timers::tick(Process::start(&self.world)));
                if number.is_multiple_of(5) || follows_pause {
                    self.spawn(None, timers::sweep(Process::start(&self.world)));
                }
            }
        }
    }

    /// Sets the timer for the next tick that can find something: one that finds nothing changes nothing.
    fn keep_ticking(&mut self) {
        let mut outside = self.world.outside();
        let now = outside.now;
        let wants = outside.table.deliveries().filter_map(|(_, delivery)| {
            let deadline = delivery.deadline.into_iter();
            delivery.attention.into_iter().chain(deadline).min()
        });
        let Some(first) = wants.min() else {
            return;
        };
        let earliest = now.max(first.saturating_sub(LOOK_AHEAD_MAX).unwrap());
        let since = earliest.duration_since(self.first_tick).as_secs();
        let number = u32::try_from(since.div_euclid(60) + 1).unwrap_or(u32::MAX);
        let at = self
            .first_tick
            .saturating_add(MINUTE * i32::try_from(number).unwrap_or(i32::MAX));
        let at = at.unwrap();
        if self.next_tick.is_none_or(|next| at < next) {
            self.next_tick = Some(at);
            outside.at(at, Event::Tick(number));
        }
    }

    fn something_wants_attention(&self) -> bool {
        let outside = self.world.outside();
        let until = outside.now + LOOK_AHEAD_MAX;
        let mut deliveries = outside.table.deliveries();
        deliveries.any(|(_, delivery)| {
            delivery.attention.is_some_and(|at| at <= until)
                || delivery.deadline.is_some_and(|at| at <= until)
        })
    }

    /// While the product is stopped, whatever starts it waits.
    fn is_postponed(&mut self, event: Event) -> bool {
        let mut outside = self.world.outside();
        let starts_something = match event {
            Event::Receive(_)
            | Event::Tick(_)
            | Event::Act(_)
            | Event::Answer(_)
            | Event::Reconnect
            | Event::Redrive => true,
            Event::Wake(_)
            | Event::Appear(_)
            | Event::Deadline(_)
            | Event::Backup
            | Event::Restore => false,
        };
        let is_postponed = starts_something && outside.now < outside.stopped_until;
        if is_postponed {
            let at = outside.stopped_until;
            outside.at(at, event);
            if matches!(event, Event::Tick(_)) {
                self.next_tick = Some(at);
            }
        }
        is_postponed
    }

    /// Messages of long ago come again, in any order.
    fn redrive(&mut self) {
        let mut outside = self.world.outside();
        let old = outside.queue.ever_sent();
        if old.is_empty() && self.next_tick.is_some() {
            let at = outside.now + MINUTE;
            outside.at(at, Event::Redrive);
        }
        if old.is_empty() {
            return;
        }
        let count = outside.weather.redrive;
        outside.say(|| format!("{count} old messages come again"));
        for number in 0..count {
            let kind = u32::try_from(old.len()).unwrap();
            let message = old[(outside.tape.choose(kind)) as usize];
            let at = outside.now + SignedDuration::from_millis(i64::from(number) * 20);
            let number = outside.queue.send(message, false, at);
            outside.at(at, Event::Receive(number));
        }
    }

    fn spawn(&mut self, deadline: Option<Timestamp>, future: impl Future<Output = ()> + 'static) {
        let free = (self.first_task..self.tasks.len()).find(|number| self.tasks[*number].is_none());
        let number = free.unwrap_or_else(|| {
            self.tasks.push(None);
            self.tasks.len() - 1
        });
        self.tasks[number] = Some(Task {
            future: Box::pin(future),
            deadline,
        });
        self.wake(number);
    }

    fn wake(&mut self, number: usize) {
        let Some(mut task) = self.tasks[number].take() else {
            return;
        };
        let now = self.world.outside().now;
        if task.deadline.is_some_and(|deadline| now > deadline) {
            self.world
                .outside()
                .say(|| "a worker's time is up".to_owned());
            return;
        }
        let poll = task
            .future
            .as_mut()
            .poll(&mut Context::from_waker(Waker::noop()));
        if poll == Poll::Ready(()) {
            return;
        }
        let wish = self.world.outside().wish;
        match wish {
            Wish::Die => {}
            Wish::Wake(at, still) => {
                // Whoever stands still does not see its time run out.
                task.deadline = task.deadline.map(|deadline| deadline + still);
                self.world.outside().at(at, Event::Wake(number));
                self.tasks[number] = Some(task);
            }
        }
    }
}

fn created_delivery(
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
    let delivery = Delivery::scheduled(target, people::plan(due, max_lateness));
    let mut creation = Transition {
        name: "create",
        guard: Guard::All(vec![]),
        changes: vec![Change::Deadline(delivery.deadline)],
    };
    (outside.protocol.edit)(&mut creation);
    delivery.apply(&creation).unwrap()
}
