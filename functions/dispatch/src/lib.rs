//! The dispatcher: once a minute it looks at everything that wants attention soon and does what each thing asks for.
//!
//! - **Trigger**: an EventBridge timer, `rate(1 minute)`; the event says nothing and is not read.
//! - **Failure**: a tick that fails, is missed or runs twice loses nothing and doubles nothing, for the table holds what
//!   wants attention and every step is a conditional write. The next tick goes on.
//! - **Permissions**: reads the index by attention, writes deliveries, notices and accounts, sends to the publishing
//!   queue and mails.

pub mod events;
mod fair;
mod tick;

use cloud::config::{KeyConfig, MailConfig, PublicUrlConfig, QueueConfig};
use engine::{Deployment, Reconciler};
use jiff::SignedDuration;

pub use tick::{Tick, tick};

/// What the dispatcher needs.
#[derive(Clone, Debug)]
pub struct Ctx {
    /// Decides and acts.
    pub reconciler: Reconciler,
    /// Most entries of one tick; the rest is for the next.
    pub entries_max: usize,
    /// Longest time of one tick: the function's time-out less what the last writes need.
    pub time_max: SignedDuration,
}

/// What a deployment configures.
pub type Config = (QueueConfig, KeyConfig, MailConfig, PublicUrlConfig);

/// Entries of one tick: about what one can do in its time, at 16 writes of 10 ms at once.
pub const ENTRIES_MAX: usize = 20_000;
/// The function's time-out is 60 s; what began before may take a few seconds more.
pub const TIME_MAX: SignedDuration = SignedDuration::from_secs(45);

impl Ctx {
    /// The dispatcher of a deployment.
    pub fn deployed(deployment: &Deployment, (queue, key, mail, public_url): Config) -> Self {
        Self {
            reconciler: deployment.reconciler(&queue, &key, &mail, &public_url),
            entries_max: ENTRIES_MAX,
            time_max: TIME_MAX,
        }
    }
}
