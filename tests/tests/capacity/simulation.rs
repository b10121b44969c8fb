//! The course of events.

use std::collections::{BTreeMap, VecDeque};

use domain::delivery::timing::{LEASE, OWN_FAULT_PAUSE, RESEND};
use jiff::SignedDuration;
use testkit::Price;

use crate::dispatcher::{Attention, Run};
use crate::environments::Environments;
use crate::lateness::Lateness;
use crate::limiter::Limiter;
use crate::load::{DUE, Post, State};
use crate::queue::{FairQueue, Message};
use crate::quotas::{Ms, Quotas, time};
use crate::random::Random;
use crate::settings::Settings;
use crate::table::{Table, Throttled};

/// The timer's second within a minute.
const TICK_SECOND: Ms = 37_000;
/// How often the service looks whether it may start more.
const LOOK_AGAIN: Ms = 200;
/// Nothing may last longer: the greatest lateness that a tenant allows by default.
const LONGEST: Ms = 6 * 3_600_000;

/// Something that happens at a time.
pub(crate) enum Event {
    /// The dispatcher's timer.
    Tick,
    /// Shards may be taken from the dispatch queue.
    Dispatch,
    /// A run goes on.
    Step(Run),
    /// Messages may be taken from the publishing queue.
    Receive,
    /// An invocation of the publisher ends.
    Ended(usize, Vec<Message>),
}

pub(crate) struct Simulation {
    pub(crate) now: Ms,
    pub(crate) settings: Settings,
    quotas: Quotas,
    pub(crate) posts: Vec<Post>,
    pub(crate) table: Table,
    pub(crate) attention: Attention,
    /// The dispatch queue.
    pub(crate) crowded: VecDeque<usize>,
    pub(crate) crowded_since: Ms,
    pub(crate) runs: usize,
    queue: FairQueue,
    waiting_since: Option<Ms>,
    publishers: usize,
    poller_calls: Limiter,
    batches: Limiter,
    environments: Environments,
    keys: Limiter,
    counts: Counts,
    random: Random,
    events: BTreeMap<(Ms, u64), Event>,
    scheduled: u64,
    left: usize,
    looks_at: Ms,
}

/// What was counted.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Counts {
    /// Messages that were sent to the publisher.
    pub(crate) messages: u64,
    /// Messages that found nothing to do.
    pub(crate) needless: u64,
    /// Claims and intents that were given up: their messages come again.
    pub(crate) failed: u64,
    /// Settlements that were given up: the evidence stands, and the dispatcher settles by it.
    pub(crate) unsettled: u64,
    /// Calls of the key service.
    pub(crate) key_calls: u64,
    /// Tries that the key service or the table refused before the intent, and that were planned again.
    pub(crate) replanned: u64,
    /// Publishers at once.
    pub(crate) publishers: usize,
}

/// How it went.
pub(crate) struct Outcome {
    pub(crate) posts: Vec<Post>,
    pub(crate) counts: Counts,
    pub(crate) throttled: Throttled,
    /// From the beginning of the minute to the last call.
    pub(crate) lasted: Ms,
}

impl Outcome {
    pub(crate) fn lateness(&self, of: impl Fn(&Post) -> bool) -> Lateness {
        Lateness::of(self.posts.iter().filter(|post| of(post)))
    }
}

impl Simulation {
    pub(crate) fn new(posts: Vec<Post>, settings: Settings, quotas: Quotas) -> Self {
        let calls = quotas.poller_calls * settings.pollers as f64;
        Self {
            now: 0,
            attention: Attention::new(&posts, settings.shards),
            table: Table::new(quotas),
            crowded: VecDeque::new(),
            crowded_since: 0,
            runs: 0,
            queue: FairQueue::new(quotas),
            waiting_since: None,
            publishers: 0,
            poller_calls: Limiter::new(if settings.pollers > 0 {
                calls
            } else {
                f64::MAX
            }),
            batches: Limiter::new(quotas.batches),
            environments: Environments::default(),
            keys: Limiter::new(quotas.key_calls),
            counts: Counts::default(),
            random: Random::new(3),
            events: BTreeMap::new(),
            scheduled: 0,
            left: posts.len(),
            posts,
            settings,
            quotas,
            looks_at: 0,
        }
    }

    /// Runs until every post was called.
    pub(crate) fn run(mut self) -> Outcome {
        self.schedule(TICK_SECOND, Event::Tick);
        while self.left > 0 {
            let ((now, _), event) = self.events.pop_first().expect("ticks go on");
            assert!(now < LONGEST, "{} posts were never called", self.left);
            self.now = now;
            match event {
                Event::Tick => {
                    self.tick();
                    self.schedule(now + ms(dispatch::TICK), Event::Tick);
                }
                Event::Dispatch => self.start_runs(),
                Event::Step(run) => self.step(run),
                Event::Receive => self.receive(),
                Event::Ended(environment, messages) => self.end(environment, messages),
            }
        }
        let called = self.posts.iter().map(|post| match post.state {
            State::Called(at) => at,
            State::Scheduled | State::Queued | State::Claimed(_) => panic!("none is left"),
        });
        let last = called.max().unwrap_or(DUE);
        Outcome {
            counts: self.counts,
            throttled: self.table.throttled,
            lasted: last - DUE,
            posts: self.posts,
        }
    }

    pub(crate) fn schedule(&mut self, at: Ms, event: Event) {
        self.scheduled += 1;
        self.events.insert((at, self.scheduled), event);
    }

    pub(crate) fn send(&mut self, message: Message, visible_at: Ms) {
        self.counts.messages += 1;
        // Ten to a batch; where the queue takes no more in this second, it takes it in the next.
        let mut at = visible_at;
        if self.counts.messages.is_multiple_of(10) {
            while !self.batches.try_take(self.now + at - visible_at, 1.0) {
                at += 1_000;
            }
        }
        if self.queue.send(message, at) {
            self.schedule(at, Event::Receive);
        }
    }

    /// Invocations that the service allows itself after messages have waited for so long.
    pub(crate) fn invocations_after(&self, waited: Ms) -> usize {
        let added = self.quotas.pollers_a_minute * waited as usize / 60_000;
        (self.quotas.pollers_start + added).min(self.quotas.pollers_max)
    }

    fn publishers_allowed(&self) -> usize {
        let waited = self.now - self.waiting_since.unwrap_or(self.now);
        let invocations = match self.settings.pollers {
            0 => self.invocations_after(waited).min(self.settings.publishers),
            pollers => pollers * self.quotas.poller_invocations,
        };
        let step = self.quotas.environments_step;
        let environments = step + step * (waited as usize / 10_000);
        let of_account = self.quotas.environments.saturating_sub(self.runs);
        invocations.min(environments).min(of_account)
    }

    fn receive(&mut self) {
        self.queue.advance(self.now);
        if self.waiting_since.is_none() && self.queue.has_visible() {
            self.waiting_since = Some(self.now);
        }
        while self.queue.has_visible() && self.publishers < self.publishers_allowed() {
            if !self.poller_calls.try_take(self.now, 1.0) {
                break;
            }
            let messages = self.queue.receive(self.settings.batch, self.now);
            if messages.is_empty() {
                break;
            }
            self.invoke(messages);
        }
        // More may be allowed a little later.
        if self.queue.has_visible() && self.looks_at <= self.now {
            self.looks_at = self.now + LOOK_AGAIN;
            self.schedule(self.looks_at, Event::Receive);
        }
    }

    fn invoke(&mut self, messages: Vec<Message>) {
        self.publishers += 1;
        self.counts.publishers = self.counts.publishers.max(self.publishers);
        let (environment, is_cold) = self.environments.take();
        let starts = self.now + time::INVOKE + if is_cold { time::COLD_START } else { 0 };
        let mut ends = starts;
        for message in &messages {
            ends = ends.max(self.publish(environment, *message, starts));
        }
        self.schedule(ends, Event::Ended(environment, messages));
    }

    fn end(&mut self, environment: usize, messages: Vec<Message>) {
        self.publishers -= 1;
        self.environments.give_back(environment);
        for message in messages {
            self.queue.leave(message);
        }
        self.receive();
    }

    /// What the publisher does with a message; answers when it is done with it.
    fn publish(&mut self, environment: usize, message: Message, starts: Ms) -> Ms {
        let mut at = starts + time::READ;
        let number = message.post;
        let mut post = self.posts[number as usize];
        let is_claimable = match post.state {
            State::Scheduled | State::Queued => true,
            State::Claimed(until) => until <= at,
            State::Called(_) => false,
        };
        if !is_claimable {
            self.counts.needless += 1;
            return at;
        }
        at = match self.table.write(&post, &Price::CLAIM, at) {
            Ok(at) => at,
            Err(at) => return self.give_back(message, starts, at),
        };
        self.attention.remove(&post, number);
        post.attention = at + ms(LEASE);
        post.state = State::Claimed(post.attention);
        self.attention.add(&post, number);
        self.posts[number as usize] = post;

        at = match self.prepare(environment, &post, at) {
            Ok(at) => at.max(post.due),
            Err(at) => return self.plan_again(message, at),
        };
        at = match self.table.write(&post, &Price::INTENT, at) {
            Ok(at) => at,
            Err(at) => return self.give_back(message, starts, at),
        };
        self.attention.remove(&post, number);
        self.posts[number as usize].state = State::Called(at);
        self.left -= 1;

        let (least, mean) = time::NETWORK;
        at += (least + self.random.exponential(mean - least)) as Ms;
        for price in [&Price::ATTEMPT, &Price::PUBLISHED] {
            at = self
                .table
                .write(&post, price, at)
                .unwrap_or_else(|given_up| {
                    self.counts.unsettled += 1;
                    given_up
                });
        }
        at
    }

    /// Tenant, account and content, the account's turn, and the tenant's key.
    fn prepare(&mut self, environment: usize, post: &Post, at: Ms) -> Result<Ms, Ms> {
        let tenant = post.tenant;
        let at = self.table.read_tenant(tenant, at)?;
        let at = self.table.take_turn(post, at)?;
        if self.environments.has_key(environment, tenant, at) {
            return Ok(at);
        }
        self.counts.key_calls += 1;
        if !self.keys.try_take(at, 1.0) {
            return Err(at + time::KEY);
        }
        let at = at + time::KEY;
        self.environments.keep_key(environment, tenant, at);
        Ok(at)
    }

    fn give_back(&mut self, message: Message, starts: Ms, at: Ms) -> Ms {
        self.counts.failed += 1;
        self.send(message, starts + time::VISIBILITY);
        at
    }

    fn plan_again(&mut self, message: Message, at: Ms) -> Ms {
        self.counts.replanned += 1;
        let next = at + ms(OWN_FAULT_PAUSE);
        let mut post = self.posts[message.post as usize];
        self.attention.remove(&post, message.post);
        post.state = State::Queued;
        post.attention = next + ms(RESEND);
        self.attention.add(&post, message.post);
        self.posts[message.post as usize] = post;
        self.send(message, next);
        at + time::WRITE
    }
}

/// A duration of the product in milliseconds.
pub(crate) fn ms(duration: SignedDuration) -> Ms {
    duration.as_millis() as Ms
}
