//! The queue: delays, redelivery, a dead-letter queue, and every bad habit that a queue may have.

use domain::delivery::DeliveryMessage;
use jiff::{SignedDuration, Timestamp};

use crate::event::Event;
use crate::words::{moment, words};
use crate::world::Outside;

/// How long a received message is invisible.
const VISIBILITY: SignedDuration = SignedDuration::from_secs(360);
/// After this many receipts a message goes to the dead-letter queue.
const RECEIPTS_MAX: u32 = 5;

#[derive(Clone, Debug)]
struct Entry {
    message: DeliveryMessage,
    /// Whether only the newer of two versions can read it.
    is_new: bool,
    visible_at: Timestamp,
    receipts: u32,
    is_acknowledged: bool,
}

#[derive(Clone, Debug, Default)]
pub(crate) struct Queue {
    entries: Vec<Entry>,
}

impl Queue {
    /// Puts a message in; answers its number and when it becomes visible.
    pub(crate) fn send(
        &mut self,
        message: DeliveryMessage,
        is_new: bool,
        visible_at: Timestamp,
    ) -> usize {
        self.entries.push(Entry {
            message,
            is_new,
            visible_at,
            receipts: 0,
            is_acknowledged: false,
        });
        self.entries.len() - 1
    }

    /// Takes a message if it is visible, and hides it: with when it is visible again.
    pub(crate) fn receive(
        &mut self,
        number: usize,
        now: Timestamp,
    ) -> Option<(DeliveryMessage, Timestamp)> {
        let entry = &mut self.entries[number];
        if entry.is_acknowledged || entry.visible_at > now || entry.receipts >= RECEIPTS_MAX {
            return None;
        }
        entry.receipts += 1;
        entry.visible_at = now + VISIBILITY;
        Some((entry.message, entry.visible_at))
    }

    /// Whether a worker of the older version can read it.
    pub(crate) fn is_new(&self, number: usize) -> bool {
        self.entries[number].is_new
    }

    pub(crate) fn acknowledge(&mut self, number: usize) {
        self.entries[number].is_acknowledged = true;
    }

    /// Every message that was ever sent.
    pub(crate) fn ever_sent(&self) -> Vec<DeliveryMessage> {
        self.entries.iter().map(|entry| entry.message).collect()
    }
}

impl Outside {
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
        let is_doubled = self.weather.duplicates && self.tape.happens(4);
        for _ in 0..=usize::from(is_doubled) {
            let late = if self.weather.reordering {
                self.tape.pick(&[0, 1, 5, 20])
            } else {
                0
            };
            let visible_at = self.now + delay + SignedDuration::from_secs(late);
            let number = self.queue.send(message, is_new, visible_at);
            self.say(|| {
                let (at, words) = (moment(visible_at), words(&message));
                format!("message {number}, visible at {at}: {words}")
            });
            self.at(visible_at, Event::Receive(number));
        }
    }
}
