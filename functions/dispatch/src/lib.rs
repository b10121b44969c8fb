//! The dispatcher: once a minute it looks at everything that wants attention soon and does what each thing asks for.
//!
//! - **Trigger**: an EventBridge timer, `rate(1 minute)`; the event says nothing and is not read.
//! - **Failure**: a tick that fails, is missed or runs twice loses nothing and doubles nothing, for the table holds what
//!   wants attention and every step is a conditional write. The next tick goes on.
//! - **Permissions**: reads the index by attention, writes deliveries, notices and accounts, sends to the publishing
//!   queue and mails.

mod fair;
mod tick;

use engine::Reconciler;
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
