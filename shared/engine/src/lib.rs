//! The parts of the publishing protocol that several functions share.
//!
//! [`wake()`] sends a delivery's message after an act or a tick; [`reconcile()`] decides what happens with anything that
//! wants attention, for the dispatcher and for the sweeper alike; [`Notifier`] and
//! [`Outbox`] write to people. See
//! `docs/publishing.md`. [`Deployment`] gives a function in AWS the services that these and its own work need.

mod deployment;
mod inline;
mod notices;
mod outbox;
mod reconcile;
mod seal;
mod sign_out;
pub mod vault;
mod wake;

pub use deployment::{BaseConfig, Deployment};
pub use domain::delivery::decisions::Wakeup;
pub use notices::Notifier;
pub use outbox::Outbox;
pub use reconcile::{Reconciled, Reconciler};
pub use seal::{Sealing, Seals};
pub use wake::Waker;
