//! A standard queue with delays and fair groups.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap, VecDeque};

use crate::quotas::{Ms, Quotas};
use crate::random::hash;

/// A message: which post, of which tenant.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Message {
    pub(crate) post: u32,
    pub(crate) tenant: u32,
}

/// Hands out the message that has been visible longest, but those of noisy neighbours only when there is no other.
pub(crate) struct FairQueue {
    quotas: Quotas,
    delayed: BTreeMap<Ms, Vec<Message>>,
    tenants: Vec<Tenant>,
    /// Tenants that are not noisy and have a visible message, by the time of their first.
    quiet: BinaryHeap<Reverse<(Ms, u64, u32)>>,
    noisy: Vec<u32>,
    visible: usize,
    pub(crate) in_flight: usize,
    looked_at: Ms,
}

#[derive(Clone, Default)]
struct Tenant {
    visible: VecDeque<(Ms, Message)>,
    in_flight: usize,
    is_noisy: bool,
    is_listed: bool,
}

impl FairQueue {
    pub(crate) fn new(quotas: Quotas) -> Self {
        Self {
            quotas,
            delayed: BTreeMap::new(),
            tenants: Vec::new(),
            quiet: BinaryHeap::new(),
            noisy: Vec::new(),
            visible: 0,
            in_flight: 0,
            looked_at: 0,
        }
    }

    /// Takes a message that becomes visible then. Answers whether none was expected for that time.
    pub(crate) fn send(&mut self, message: Message, visible_at: Ms) -> bool {
        let tenants = self.tenants.len().max(message.tenant as usize + 1);
        self.tenants.resize(tenants, Tenant::default());
        let at_that_time = self.delayed.entry(visible_at).or_default();
        at_that_time.push(message);
        at_that_time.len() == 1
    }

    /// Makes visible what is due.
    pub(crate) fn advance(&mut self, now: Ms) {
        while let Some(first) = self
            .delayed
            .first_entry()
            .filter(|first| *first.key() <= now)
        {
            let (at, messages) = first.remove_entry();
            self.visible += messages.len();
            for message in messages {
                let tenant = &mut self.tenants[message.tenant as usize];
                tenant.visible.push_back((at, message));
                if !tenant.is_noisy && !tenant.is_listed {
                    tenant.is_listed = true;
                    self.quiet.push(place(at, message.tenant));
                }
            }
        }
    }

    pub(crate) fn has_visible(&self) -> bool {
        self.visible > 0
    }

    /// Up to `most` visible messages.
    pub(crate) fn receive(&mut self, most: usize, now: Ms) -> Vec<Message> {
        if now >= self.looked_at + self.quotas.noisy_after {
            self.looked_at = now;
            self.look_for_noise();
        }
        let most = most.min(self.quotas.in_flight.saturating_sub(self.in_flight));
        let mut received = Vec::with_capacity(most);
        while received.len() < most {
            let Some(tenant) = self.next_tenant() else {
                break;
            };
            let state = &mut self.tenants[tenant as usize];
            let (_, message) = state.visible.pop_front().unwrap();
            state.in_flight += 1;
            if let Some((at, _)) = state.visible.front()
                && !state.is_noisy
            {
                self.quiet.push(place(*at, tenant));
            } else {
                state.is_listed = false;
            }
            received.push(message);
        }
        self.visible -= received.len();
        self.in_flight += received.len();
        received
    }

    /// A message is dealt with, or given back.
    pub(crate) fn leave(&mut self, message: Message) {
        self.in_flight -= 1;
        self.tenants[message.tenant as usize].in_flight -= 1;
    }

    fn next_tenant(&mut self) -> Option<u32> {
        while let Some(Reverse((_, _, tenant))) = self.quiet.pop() {
            let state = &mut self.tenants[tenant as usize];
            if !state.is_noisy && !state.visible.is_empty() {
                return Some(tenant);
            }
            state.is_listed = false;
        }
        let waiting = self.noisy.iter().filter_map(|tenant| {
            let state = &self.tenants[*tenant as usize];
            let (first, _) = state.visible.front()?;
            Some((*first, state.in_flight, *tenant))
        });
        waiting.min().map(|(_, _, tenant)| tenant)
    }

    fn look_for_noise(&mut self) {
        let threshold = (self.in_flight as f64) * self.quotas.noisy_share;
        self.noisy.clear();
        for (number, tenant) in (0..).zip(&mut self.tenants) {
            let is_noisy = tenant.in_flight >= self.quotas.noisy_messages
                && tenant.in_flight as f64 > threshold;
            tenant.is_noisy = is_noisy;
            if is_noisy {
                self.noisy.push(number);
            } else if let Some((at, _)) = tenant.visible.front()
                && !tenant.is_listed
            {
                tenant.is_listed = true;
                self.quiet.push(place(*at, number));
            }
        }
    }
}

/// Tenants whose messages became visible at once come in an order that has nothing to do with their numbers.
fn place(at: Ms, tenant: u32) -> Reverse<(Ms, u64, u32)> {
    Reverse((at, hash(at ^ (u64::from(tenant) << 20)), tenant))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(tenant: u32, post: u32) -> Message {
        Message { post, tenant }
    }

    #[test]
    fn tenant_that_holds_most_of_what_is_in_flight_comes_after_the_others() {
        let mut queue = FairQueue::new(Quotas::INITIAL);
        for post in 0..1_000 {
            queue.send(message(1, post), 0);
        }
        queue.advance(0);
        assert_eq!(queue.receive(100, 0).len(), 100);
        queue.send(message(2, 5_000), 500);
        queue.advance(2_000);

        let next = queue.receive(2, 2_000);

        assert_eq!([next[0].tenant, next[1].tenant], [2, 1]);
    }

    #[test]
    fn tenant_that_is_no_longer_noisy_waits_its_turn_again() {
        let mut queue = FairQueue::new(Quotas::INITIAL);
        for post in 0..200 {
            queue.send(message(1, post), 0);
        }
        queue.send(message(2, 5_000), 3_000);
        queue.advance(3_000);
        let first = queue.receive(100, 0);
        queue.receive(1, 1_000);
        for message in first {
            queue.leave(message);
        }

        let next = queue.receive(1, 3_000);

        assert_eq!(next[0].tenant, 1);
    }

    #[test]
    fn message_is_not_received_before_its_time() {
        let mut queue = FairQueue::new(Quotas::INITIAL);
        queue.send(message(1, 0), 10);
        queue.advance(9);

        assert!(!queue.has_visible());
    }
}
