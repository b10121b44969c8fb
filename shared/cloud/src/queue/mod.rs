//! The queues: one brings deliveries to the publisher, one shards with a backlog to the dispatcher.

use std::fmt::Debug;

use async_trait::async_trait;
use domain::{Result, TenantId};

mod sqs;

pub use sqs::SqsQueue;

/// How long a message stays invisible: 0 to 900 seconds, the longest that the queue can hold one back.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Delay(u16);

impl Delay {
    /// Visible at once.
    pub const NONE: Self = Self(0);
    /// The longest delay.
    pub const MAX: Self = Self(900);

    /// `seconds`, but at most [`Delay::MAX`]: a receiver that is early sends the message again.
    pub fn from_seconds(seconds: u64) -> Self {
        u16::try_from(seconds).map_or(Self::MAX, |seconds| Self(seconds).min(Self::MAX))
    }

    /// Seconds.
    pub const fn seconds(self) -> u16 {
        self.0
    }
}

/// A message to send.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outgoing {
    /// JSON text, typed by who sends it; at most 256 KiB.
    pub body: String,
    /// Fairness is per tenant: the messages of one never delay those of another for long. What belongs to no tenant is the
    /// root's.
    pub tenant: TenantId,
    /// When it becomes visible.
    pub delay: Delay,
}

/// Takes messages for a function. At-least-once, unordered, no deduplication: receivers recognise repeats.
#[async_trait]
pub trait DeliveryQueue: Debug + Send + Sync {
    /// Sends all messages and answers one result for each, in the same order. A message whose result is an error may
    /// have been sent all the same.
    async fn send(&self, messages: &[Outgoing]) -> Vec<Result<()>>;
}

#[cfg(test)]
mod tests;
