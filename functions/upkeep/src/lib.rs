//! The sweeper: finds what everybody else has lost.
//!
//! - **Trigger**: an EventBridge timer, `rate(5 minutes)`, whose event says nothing; or an operator, who declares the
//!   time that a restored table has lost (`docs/runbooks/restore.md`).
//! - **What it does**: looks at a second index, of deadlines, which is written at other times than the dispatcher's, and
//!   settles every delivery that is past its own; then does the dispatcher's work once more, in case no tick runs.
//! - **Failure**: loses nothing; the next sweep goes on.
//! - **Permissions**: those of the dispatcher, and reads the index by deadline.

pub mod events;
mod restore;
mod sweep;

use cloud::config::{KeyConfig, MailConfig, PublicUrlConfig, QueueConfig};
use engine::{Deployment, Reconciler};

pub use restore::{Declared, LostTimeDeclared, declare};
pub use sweep::{Sweep, sweep};

/// What the sweeper needs.
#[derive(Clone, Debug)]
pub struct Ctx {
    /// Decides and acts.
    pub reconciler: Reconciler,
}

/// What a deployment configures.
pub type Config = (QueueConfig, KeyConfig, MailConfig, PublicUrlConfig);

impl Ctx {
    /// The sweeper of a deployment.
    pub fn deployed(deployment: &Deployment, (queue, key, mail, public_url): Config) -> Self {
        Self {
            reconciler: deployment.reconciler(&queue, &key, &mail, &public_url),
        }
    }
}
