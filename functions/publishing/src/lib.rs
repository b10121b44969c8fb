//! The publisher: takes messages from the queue and publishes each delivery once.
//!
//! - **Trigger**: the publishing queue, up to ten messages at a time, each handled by itself: a panic, time-out or
//!   error of one never touches another.
//! - **Protocol** (`docs/publishing.md`): claim, prepare, intent, one call, evidence, settle. The queue is a hint, the
//!   claim's condition is the truth. After an intent nobody calls again unless it is certain that nothing happened.
//! - **Failure**: a message is answered as failed only when its outcome could not be recorded; it comes again, and the
//!   delivery's state says how to go on.
//! - **Keys**: a second kind of message asks it to rotate a tenant's key, since it opens what that seals anyway; a third
//!   to end the session of a disconnected account at its network.
//! - **Permissions**: reads posts, accounts, credentials and media of every tenant, writes deliveries, attempts,
//!   credentials and notices, opens credentials, sends to the publishing queue and mails.

mod batch;
mod call;
mod claim;
mod credentials;
pub mod events;
mod faults;
mod look;
mod material;
mod measure;
mod poll;
mod prepare;
mod reap;
mod receive;
mod request;
mod rotate;
mod settle;
mod sign_out;

use std::sync::Arc;

use cloud::config::{
    BucketConfig, KeyConfig, MailConfig, NetworksConfig, PublicUrlConfig, QueueConfig,
};
use cloud::envelope::Envelope;
use cloud::objects::ObjectStore;
use cloud::telemetry::Metrics;
use domain::Clock;
use engine::{Deployment, Notifier, Waker};
use networks::{ClientNotBuilt, Egress, Registry};
use store::Table;

pub use batch::{Incoming, handle};

/// What the publisher needs.
#[derive(Clone, Debug)]
pub struct Ctx {
    /// The table.
    pub table: Table,
    /// The networks.
    pub networks: Registry,
    /// Opens and seals credentials.
    pub envelope: Arc<Envelope>,
    /// The bytes of media.
    pub objects: Arc<dyn ObjectStore>,
    /// Sends messages for what comes next.
    pub waker: Waker,
    /// Writes to people.
    pub notifier: Notifier,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Measures how late deliveries are and how they end.
    pub metrics: Metrics,
}

/// What a deployment configures.
pub type Config = (
    QueueConfig,
    KeyConfig,
    BucketConfig,
    MailConfig,
    PublicUrlConfig,
    NetworksConfig,
);

impl Ctx {
    /// The publisher of a deployment.
    pub fn deployed(
        deployment: &Deployment,
        (queue, key, bucket, mail, public_url, networks): Config,
    ) -> Result<Self, ClientNotBuilt> {
        Ok(Self {
            table: deployment.table.clone(),
            networks: ::networks::deployed(
                Arc::clone(&deployment.clock),
                Egress::deployed(networks.private_servers),
            )?,
            envelope: deployment.envelope(&key),
            objects: deployment.objects(&bucket),
            waker: deployment.waker(&queue),
            notifier: deployment.notifier(&mail, &public_url),
            clock: Arc::clone(&deployment.clock),
            metrics: Metrics::new("publishing"),
        })
    }
}
