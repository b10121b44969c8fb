//! The dispatcher: once a minute it looks at everything that wants attention soon and does what each thing asks for.
//!
//! - **Trigger**: an EventBridge timer, `rate(1 minute)`, whose event says nothing and is not read; and the dispatch
//!   queue, through which a tick leaves each shard that holds more than it can do to a run of its own, and asks for a look
//!   at events alone half a minute later.
//! - **Failure**: a run that fails, is missed or comes twice loses nothing and doubles nothing, for the table holds what
//!   wants attention and every step is a conditional write. The next tick goes on.
//! - **Permissions**: reads the index by attention, writes deliveries, notices and accounts, sends to the publishing
//!   queue and mails, sends to and takes from the dispatch queue.
#![cfg_attr(
    test,
    allow(
        clippy::unwrap_used,
        clippy::indexing_slicing,
        reason = "a test fails by panicking"
    )
)]

mod backlog;
pub mod events;
mod fair;
mod message;
mod seal;
mod tick;
mod work;

use std::sync::Arc;

use cloud::config::{DispatchQueueConfig, KeyConfig, MailConfig, PublicUrlConfig, QueueConfig};
use cloud::queue::DeliveryQueue;
use engine::{Deployment, Reconciler};
use jiff::SignedDuration;

pub use backlog::{STEP, WINDOW, backlog};
pub use fair::take_turns;
pub use message::DispatchMessage;
pub use seal::{ask_for_second_look, seal};
pub use tick::{HEAD, tick};
pub use work::{Run, SHARD_MARKS_AT_ONCE};

/// What the dispatcher needs.
#[derive(Clone, Debug)]
pub struct Ctx {
    /// Decides and acts.
    pub reconciler: Reconciler,
    /// Takes shards with more than a tick can do, for runs of their own.
    pub shards: Arc<dyn DeliveryQueue>,
    /// Longest time of one run: the function's time-out less what the last writes need.
    pub time_max: SignedDuration,
}

/// What a deployment configures.
pub type Config = (
    QueueConfig,
    DispatchQueueConfig,
    KeyConfig,
    MailConfig,
    PublicUrlConfig,
);

/// How often the timer fires.
pub const TICK: SignedDuration = SignedDuration::from_secs(60);
/// The function's time-out is 60 s; what began before may take a few seconds more. Below the time of a tick, so that the
/// run over a shard has ended when the next tick looks at it.
pub const TIME_MAX: SignedDuration = SignedDuration::from_secs(45);

impl Ctx {
    /// The dispatcher of a deployment.
    pub fn deployed(
        deployment: &Deployment,
        (queue, shards, key, mail, public_url): Config,
    ) -> Self {
        Self {
            reconciler: deployment.reconciler(&queue, &key, &mail, &public_url),
            shards: deployment.queue(shards.url.as_str()),
            time_max: TIME_MAX,
        }
    }
}
