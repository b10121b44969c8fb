//! When the timers of the dispatcher and of the sweeper strike, and when they do not.

use jiff::{SignedDuration, Timestamp};

use crate::event::Event;
use crate::process::Process;
use crate::tasks::Tasks;
use crate::timers;
use crate::world::{Outside, World};

/// How far ahead anybody may look who has a wrong clock.
const LOOK_AHEAD_MAX: SignedDuration = SignedDuration::from_mins(9);
/// Times in one history at which no tick happens for a while. More of the longest would pass any deadline.
const OUTAGES_MAX: u32 = 2;
/// Ticks of an outage that lasts past deadlines: the only one of its history.
const LONGEST_OUTAGE: u32 = 275;
const MINUTE: SignedDuration = SignedDuration::from_mins(1);

/// The timers.
pub(crate) struct Ticks {
    world: World,
    first: Timestamp,
    next: Option<Timestamp>,
    last: Option<u32>,
    /// Ticks that will not happen.
    missed: u32,
    was_missed: bool,
    outages: u32,
    /// Until when the longest outage lasts.
    longest_until: Timestamp,
}

impl Ticks {
    /// The first tick comes within a minute.
    pub(crate) fn choose(world: &World) -> Self {
        let mut outside = world.outside();
        let phase = SignedDuration::from_secs(i64::from(outside.tape.choose(6)) * 10);
        Self {
            world: world.clone(),
            first: outside.now + phase - MINUTE,
            next: None,
            last: None,
            missed: 0,
            was_missed: false,
            outages: 0,
            longest_until: Timestamp::MIN,
        }
    }

    /// Whether a tick is still to come.
    pub(crate) fn go_on(&self) -> bool {
        self.next.is_some()
    }

    /// Until when nobody can be expected to meet a deadline.
    pub(crate) fn longest_outage_until(&self) -> Timestamp {
        self.longest_until
    }

    /// The next tick comes at this time instead.
    pub(crate) fn postpone(&mut self, at: Timestamp) {
        self.next = Some(at);
    }

    /// Tick `number` comes.
    pub(crate) fn tick(&mut self, number: u32, tasks: &mut Tasks) {
        if self.next != Some(self.world.outside().now) {
            return;
        }
        self.next = None;
        let follows_pause = self.last.is_none_or(|last| number > last + 1) || self.was_missed;
        self.last = Some(number);
        let is_missed = self.is_missed();
        self.was_missed = is_missed;
        if is_missed || !something_wants_attention(&self.world.outside()) {
            return;
        }
        let (is_doubled, sweeps_first) = {
            let mut outside = self.world.outside();
            let is_doubled = outside.weather.doubled_ticks && outside.tape.happens(3);
            let sweeps_first = follows_pause && outside.tape.happens(2);
            (is_doubled, sweeps_first)
        };
        let sweeps = number.is_multiple_of(5) || follows_pause;
        for _ in 0..=usize::from(is_doubled) {
            if sweeps && sweeps_first {
                tasks.spawn(None, timers::sweep(Process::start(&self.world)));
            }
            tasks.spawn(None, timers::tick(Process::start(&self.world)));
            if sweeps && !sweeps_first {
                tasks.spawn(None, timers::sweep(Process::start(&self.world)));
            }
        }
    }

    fn is_missed(&mut self) -> bool {
        let mut outside = self.world.outside();
        if self.missed == 0 && self.outages < OUTAGES_MAX && outside.weather.missed_ticks {
            let length = outside
                .tape
                .pick(&[0, 0, 0, 0, 1, 5, 20, 120, LONGEST_OUTAGE]);
            let is_possible = length < LONGEST_OUTAGE || self.outages == 0;
            self.missed = if is_possible { length } else { 0 };
            self.outages += match self.missed {
                0 => 0,
                LONGEST_OUTAGE => OUTAGES_MAX,
                _ => 1,
            };
            if self.missed == LONGEST_OUTAGE {
                self.longest_until = outside.now + MINUTE * i32::try_from(self.missed).unwrap();
            }
        }
        let is_missed = self.missed > 0;
        self.missed = self.missed.saturating_sub(1);
        is_missed
    }

    /// Sets the timer for the next tick that can find something: one that finds nothing changes nothing.
    pub(crate) fn set(&mut self) {
        let mut outside = self.world.outside();
        let now = outside.now;
        let wants = outside.table.deliveries().filter_map(|(_, delivery)| {
            let deadline = delivery.deadline.into_iter();
            delivery.attention.into_iter().chain(deadline).min()
        });
        let Some(first) = wants.min() else {
            return;
        };
        let first = if outside.table.account.is_followed {
            first
        } else {
            now
        };
        let earliest = now.max(first.saturating_sub(LOOK_AHEAD_MAX).unwrap());
        let since = earliest.duration_since(self.first).as_secs();
        let number = u32::try_from(since.div_euclid(60) + 1).unwrap_or(u32::MAX);
        let at = self
            .first
            .saturating_add(MINUTE * i32::try_from(number).unwrap_or(i32::MAX));
        let at = at.unwrap();
        if self.next.is_none_or(|next| at < next) {
            self.next = Some(at);
            outside.at(at, Event::Tick(number));
        }
    }
}

fn something_wants_attention(outside: &Outside) -> bool {
    let until = outside.now + LOOK_AHEAD_MAX;
    let mut deliveries = outside.table.deliveries();
    !outside.table.account.is_followed
        || deliveries.any(|(_, delivery)| {
            delivery.attention.is_some_and(|at| at <= until)
                || delivery.deadline.is_some_and(|at| at <= until)
        })
}
