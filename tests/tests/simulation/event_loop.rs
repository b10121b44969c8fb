//! Everything that can happen happens in the order of its time, and the invariants are looked at all the while.

use domain::delivery::timing::MESSAGE_MAX;
use jiff::SignedDuration;

use crate::account;
use crate::event::Event;
use crate::invariants;
use crate::opening::{DEADLINE_GRACE, Opening};
use crate::people;
use crate::process::Process;
use crate::restore::{Backup, LOST_TIME, restore};
use crate::tasks::Tasks;
use crate::ticks::Ticks;
use crate::worker;
use crate::world::World;

/// More events than any history has that comes to an end.
const EVENTS_MAX: usize = 100_000;
/// Between two old messages that come again.
const REDRIVE_GAP: SignedDuration = SignedDuration::from_millis(20);

/// What goes on in a history.
pub(crate) struct EventLoop {
    world: World,
    opening: Opening,
    ticks: Ticks,
    tasks: Tasks,
    backup: Option<Backup>,
    received: Received,
}

/// Messages that workers received.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Received {
    pub(crate) all: usize,
    /// Those of the older of two versions.
    pub(crate) by_old: usize,
    /// Messages for a look that one of those took for something else.
    pub(crate) ignored: usize,
}

impl EventLoop {
    pub(crate) fn begin(world: &World) -> Self {
        let opening = Opening::choose(&mut world.outside());
        Self {
            world: world.clone(),
            opening,
            ticks: Ticks::choose(world),
            tasks: Tasks::new(world),
            backup: None,
            received: Received::default(),
        }
    }

    /// Until nothing moves any more, or something is broken.
    pub(crate) fn run(&mut self) {
        let count = self.world.outside().table.len();
        for id in 0..count {
            let process = Process::start(&self.world);
            self.tasks.spawn(None, async move {
                let delivery = process.world.outside().table.delivery(id).clone();
                process.nudge(&delivery).await;
            });
        }
        self.ticks.set();
        for _ in 0..EVENTS_MAX {
            let next = self.world.outside().next_event();
            let Some(event) = next else {
                return;
            };
            if !self.is_postponed(event) {
                self.happen(event);
                self.ticks.set();
            }
            if self.world.outside().violation.is_some() {
                return;
            }
        }
        self.world
            .outside()
            .violate(invariants::DEADLINE, || "it never ends".to_owned());
    }

    /// Ends all processes; answers what workers received.
    pub(crate) fn end(self) -> Received {
        self.received
    }

    fn happen(&mut self, event: Event) {
        let max_lateness = self.opening.max_lateness;
        match event {
            Event::Wake(task) => self.tasks.wake(task),
            Event::Receive(number) => self.receive(number),
            Event::Tick(number) => self.ticks.tick(number, &mut self.tasks),
            Event::Appear(number) => self.world.outside().appear(number),
            Event::Act(number) => {
                let act = self.opening.acts[number];
                self.world
                    .outside()
                    .say(|| format!("somebody wants: {act:?}"));
                let process = Process::start(&self.world);
                self.tasks
                    .spawn(None, people::act(process, act, max_lateness));
            }
            Event::Answer(id) => {
                let process = Process::start(&self.world);
                self.tasks
                    .spawn(None, people::answer(process, id, max_lateness));
            }
            Event::Reconnect => {
                let process = Process::start(&self.world);
                self.tasks.spawn(None, account::reconnect(process));
            }
            Event::Deadline(id) => {
                let mut outside = self.world.outside();
                let deadline = outside.plans[id].deadline;
                let latest = deadline.max(self.ticks.longest_outage_until()) + DEADLINE_GRACE;
                if outside.now >= latest {
                    invariants::at_deadline(&mut outside, id);
                } else {
                    outside.at(latest, event);
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
                self.tasks.die();
                if let Some(backup) = self.backup.take() {
                    restore(&mut self.world.outside(), &backup);
                }
            }
        }
    }

    fn receive(&mut self, number: usize) {
        let (message, deadline) = {
            let mut outside = self.world.outside();
            let now = outside.now;
            let Some((message, again)) = outside.queue.receive(number, now) else {
                return;
            };
            outside.at(again, Event::Receive(number));
            (message, now + MESSAGE_MAX)
        };
        let process = Process::start(&self.world);
        self.received.all += 1;
        self.received.by_old += usize::from(process.is_old);
        let known = process.as_known(message);
        self.received.ignored += usize::from(known != message);
        self.tasks
            .spawn(Some(deadline), worker::receive(process, known, number));
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
        let at = outside.stopped_until;
        let is_postponed = starts_something && outside.now < at;
        if is_postponed {
            outside.at(at, event);
            if matches!(event, Event::Tick(_)) {
                self.ticks.postpone(at);
            }
        }
        is_postponed
    }

    /// Messages of long ago come again, in any order.
    fn redrive(&mut self) {
        let mut outside = self.world.outside();
        let old = outside.queue.ever_sent();
        if old.is_empty() && self.ticks.go_on() {
            let at = outside.now + SignedDuration::from_mins(1);
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
            let at = outside.now + REDRIVE_GAP * i32::try_from(number).unwrap();
            let number = outside.queue.send(message, false, at);
            outside.at(at, Event::Receive(number));
        }
    }
}
