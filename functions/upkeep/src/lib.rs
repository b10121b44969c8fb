//! The sweeper: finds what everybody else has lost.
//!
//! - **Trigger**: an EventBridge timer, `rate(5 minutes)`; the event says nothing and is not read.
//! - **What it does**: looks at a second index, of deadlines, which is written at other times than the dispatcher's, and
//!   settles every delivery that is past its own; then does the dispatcher's work once more, in case no tick runs.
//! - **Failure**: loses nothing; the next sweep goes on.
//! - **Permissions**: those of the dispatcher, and reads the index by deadline.

mod sweep;

use engine::Reconciler;

pub use sweep::{Sweep, sweep};

/// What the sweeper needs.
#[derive(Clone, Debug)]
pub struct Ctx {
    /// Decides and acts.
    pub reconciler: Reconciler,
}
