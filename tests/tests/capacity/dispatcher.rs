//! Ticks, and runs over shards with a backlog.

use std::collections::{BTreeSet, VecDeque};

use cloud::queue::SqsQueue;
use dispatch::{HEAD, SHARD_MARKS_AT_ONCE, STEP, TIME_MAX, WINDOW, take_turns};
use domain::delivery::DeliveryMessage;
use domain::delivery::timing::{LOOK_AHEAD, RESEND};
use jiff::Timestamp;
use store::{AttentionEntry, AttentionWork};
use testkit::Price;

use crate::load::{Post, State};
use crate::queue::Message;
use crate::quotas::{Ms, time};
use crate::simulation::{Event, Simulation, ms};

/// Marks at once of a tick's own entries (`engine::wake`).
const MARKS_AT_ONCE: usize = 16;
/// Entries of a page of a run.
const PAGE: usize = 1_000;

/// What wants attention, by shard: when, and which post.
pub(crate) struct Attention(Vec<BTreeSet<(Ms, u32)>>);

/// A run over entries.
pub(crate) struct Run {
    /// A shard that is read, and where to go on.
    unread: Option<(usize, (Ms, u32))>,
    is_of_shard: bool,
    entries: VecDeque<u32>,
    stop_at: Ms,
    marks_at_once: usize,
}

impl Attention {
    pub(crate) fn new(posts: &[Post], shards: u32) -> Self {
        let mut attention = Self(vec![BTreeSet::new(); shards as usize]);
        for (number, post) in posts.iter().enumerate() {
            attention.add(post, number as u32);
        }
        attention
    }

    pub(crate) fn add(&mut self, post: &Post, number: u32) {
        self.0[post.shard as usize].insert((post.attention, number));
    }

    pub(crate) fn remove(&mut self, post: &Post, number: u32) {
        self.0[post.shard as usize].remove(&(post.attention, number));
    }

    fn read(&self, shard: usize, after: (Ms, u32), until: Ms, most: usize) -> Vec<(Ms, u32)> {
        let first = (after.0, after.1.saturating_add(1));
        let due = self.0[shard].range(first..=(until, u32::MAX));
        due.take(most).copied().collect()
    }
}

impl Simulation {
    pub(crate) fn tick(&mut self) {
        let until = self.now + ms(LOOK_AHEAD);
        let mut entries = Vec::new();
        for shard in 0..self.settings.shards as usize {
            let head = self.attention.read(shard, (0, 0), until, HEAD as usize + 1);
            if head.len() > HEAD as usize {
                self.crowded.push_back(shard);
            } else {
                entries.extend(head);
            }
        }
        entries.sort_unstable();
        if !entries.is_empty() {
            let entries = self.in_turns(&entries);
            self.schedule(
                self.now + time::PAGE,
                Event::Step(Run {
                    unread: None,
                    is_of_shard: false,
                    entries,
                    stop_at: self.now + ms(TIME_MAX),
                    marks_at_once: MARKS_AT_ONCE,
                }),
            );
        }
        if !self.crowded.is_empty() {
            self.crowded_since = self.now;
            self.schedule(self.now, Event::Dispatch);
        }
    }

    /// Starts runs over shards, as fast as the service does.
    pub(crate) fn start_runs(&mut self) {
        let waited = self.now - self.crowded_since;
        let allowed = self
            .invocations_after(waited)
            .min(self.settings.dispatchers);
        while self.runs < allowed
            && let Some(shard) = self.crowded.pop_front()
        {
            self.runs += 1;
            let starts = self.now + time::INVOKE + time::COLD_START;
            self.schedule(
                starts,
                Event::Step(Run {
                    unread: Some((shard, (0, 0))),
                    is_of_shard: true,
                    entries: VecDeque::new(),
                    stop_at: starts + ms(TIME_MAX),
                    marks_at_once: SHARD_MARKS_AT_ONCE,
                }),
            );
        }
        if !self.crowded.is_empty() {
            self.schedule(self.now + 1_000, Event::Dispatch);
        }
    }

    /// Some entries of a run.
    pub(crate) fn step(&mut self, mut run: Run) {
        let mut at = self.now;
        if run.entries.is_empty()
            && let Some((shard, after)) = run.unread.take()
        {
            let until = at + ms(LOOK_AHEAD);
            let window = self.attention.read(shard, after, until, WINDOW);
            at += (window.len().div_ceil(PAGE).max(1) as Ms) * time::PAGE;
            if window.len() == WINDOW {
                run.unread = window.last().map(|last| (shard, *last));
            }
            run.entries = self.in_turns(&window);
        }
        let step: Vec<u32> = (0..STEP).map_while(|_| run.entries.pop_front()).collect();
        if step.is_empty() || at >= run.stop_at {
            if run.is_of_shard {
                self.runs -= 1;
                self.schedule(self.now, Event::Dispatch);
            }
            return;
        }
        let at = self.wake(&step, at, run.marks_at_once);
        self.schedule(at, Event::Step(run));
    }

    /// Sends, then marks; answers when both are done.
    fn wake(&mut self, step: &[u32], at: Ms, marks_at_once: usize) -> Ms {
        let mut seen = Vec::with_capacity(step.len());
        for (position, number) in step.iter().enumerate() {
            let post = &self.posts[*number as usize];
            let (due, tenant, state) = (post.due, post.tenant, post.state);
            // Only first messages are sent ahead; a claim whose lease is not over needs no look.
            let wanted = match state {
                State::Scheduled => true,
                State::Queued => post.attention <= at,
                State::Claimed(until) => until <= at,
                State::Called(_) => false,
            };
            if !wanted {
                continue;
            }
            let message = DeliveryMessage::Work {
                key: post.delivery_key(),
                rev: 1,
                nb: timestamp(due),
                look: None,
            };
            let delay = message.delay_seconds(timestamp(at)) * 1_000;
            let call = position / SqsQueue::BATCH / SqsQueue::CALLS_AT_ONCE + 1;
            let sent = at + call as Ms * time::SEND;
            self.send(
                Message {
                    post: *number,
                    tenant,
                },
                sent + delay,
            );
            seen.push(*number);
        }
        let calls = seen
            .len()
            .div_ceil(SqsQueue::BATCH)
            .div_ceil(SqsQueue::CALLS_AT_ONCE);
        let mut lanes = vec![at + calls as Ms * time::SEND; marks_at_once];
        for number in seen {
            let lane = lanes.iter_mut().min().unwrap();
            let post = &mut self.posts[number as usize];
            match self.table.write(post, &Price::QUEUED, *lane) {
                Ok(done) => {
                    *lane = done;
                    self.attention.remove(post, number);
                    if post.state == State::Scheduled {
                        post.state = State::Queued;
                    }
                    post.attention = done.max(post.due) + ms(RESEND);
                    self.attention.add(post, number);
                }
                Err(given_up) => *lane = given_up,
            }
        }
        lanes.into_iter().max().unwrap()
    }

    /// In the order in which the dispatcher works on them.
    fn in_turns(&self, entries: &[(Ms, u32)]) -> VecDeque<u32> {
        let entries = entries.iter().map(|(at, number)| {
            let post = &self.posts[*number as usize];
            AttentionEntry {
                at: timestamp(*at),
                work: AttentionWork::Start {
                    key: post.delivery_key(),
                    revision: 1,
                    not_before: timestamp(post.due),
                    deadline: None,
                },
            }
        });
        let soon = timestamp(self.now + ms(dispatch::TICK));
        let order = take_turns(entries.collect(), soon);
        let keys = order.iter().filter_map(|entry| match &entry.work {
            AttentionWork::Start { key, .. } => Some(key),
            _ => None,
        });
        keys.map(Post::number).collect()
    }
}

fn timestamp(at: Ms) -> Timestamp {
    Timestamp::from_millisecond(at.cast_signed()).unwrap()
}
