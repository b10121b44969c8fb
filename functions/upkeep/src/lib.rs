//! The sweeper: finds what everybody else has lost.
//!
//! - **Trigger**: an EventBridge timer, `rate(5 minutes)`, whose event says nothing; another, `rate(1 hour)`, whose event
//!   asks for a checkpoint of the audit log; or an operator, who declares the time that a restored table has lost
//!   (`docs/runbooks/restore.md`), wants keys to be rotated or retired (`docs/runbooks/keys.md`), or lets
//!   somebody support tenants (`docs/runbooks/support.md`).
//! - **What it does**: looks at a second index, of deadlines, which is written at other times than the dispatcher's, and
//!   settles every delivery that is past its own; then does the dispatcher's work once more, in case no tick runs; asks
//!   the publisher to rotate the keys of tenants that are a year old; erases deleted tenants, the bytes of deleted
//!   media, and what is left of people whose accounts ended.
//! - **Failure**: loses nothing; the next sweep goes on.
//! - **Permissions**: those of the dispatcher, and reads the index by deadline.

mod bury;
mod checkpoint;
mod depart;
mod erase;
pub mod events;
mod remove;
mod restore;
mod retire;
mod rotate;
mod supporters;
mod sweep;

use std::sync::Arc;

use cloud::archive::Archive;
use cloud::config::{
    AuditConfig, BucketConfig, KeyConfig, MailConfig, PublicUrlConfig, QueueConfig,
};
use cloud::objects::ObjectStore;
use cloud::signing::Signer;
use engine::{Deployment, Reconciler};

pub use checkpoint::{Checkpointed, checkpoint};
pub use depart::finish_departures;
pub use erase::{Erasures, erase};
pub use remove::remove_media;
pub use restore::{Declared, LostTimeDeclared, declare};
pub use retire::{RetireSigningKeys, retire_signing_keys};
pub use rotate::{DueRotations, RotateKeys, RotationsAsked, rotate_due_keys, rotate_keys};
pub use supporters::{SupporterAppointed, appoint_supporter};
pub use sweep::{Sweep, sweep};

/// What the sweeper needs.
#[derive(Clone, Debug)]
pub struct Ctx {
    /// Decides and acts.
    pub reconciler: Reconciler,
    /// The bytes of media.
    pub objects: Arc<dyn ObjectStore>,
    /// Keeps checkpoints of the audit log, and certificates of erasures.
    pub archive: Arc<dyn Archive>,
    /// Signs them.
    pub signer: Arc<dyn Signer>,
    /// The name of the deployment, for them.
    pub environment: String,
}

/// What a deployment configures.
pub type Config = (
    QueueConfig,
    KeyConfig,
    MailConfig,
    PublicUrlConfig,
    BucketConfig,
    AuditConfig,
);

impl Ctx {
    /// The sweeper of a deployment.
    pub fn deployed(
        deployment: &Deployment,
        (queue, key, mail, public_url, bucket, audit): Config,
    ) -> Self {
        Self {
            reconciler: deployment.reconciler(&queue, &key, &mail, &public_url),
            objects: deployment.objects(&bucket),
            archive: deployment.archive(&audit),
            signer: deployment.signer(&audit),
            environment: deployment.environment().to_owned(),
        }
    }
}
