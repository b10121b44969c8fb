//! Exports and imports: all that a tenant has, in volumes of some megabytes, out of the product and into it again
//! (`docs/exports.md`).
//!
//! - **Trigger**: an EventBridge timer, `rate(1 minute)`, whose event says nothing and is not read.
//! - **Failure**: a run that fails, is cut off or comes twice loses nothing and doubles nothing: a volume counts once it is
//!   stored and the export's position, which is written under a condition, has moved behind it; what an import makes has
//!   an id that follows from the old one, so a repeat finds it made. The next run goes on.
//! - **Permissions**: reads all that tenants have but their secrets and their audit logs, writes exports and the mails that
//!   they owe, and makes what imports have; reads and writes the bytes of media, stores volumes.
#![cfg_attr(
    test,
    allow(
        clippy::unwrap_used,
        clippy::indexing_slicing,
        reason = "a test fails by panicking"
    )
)]

pub mod bundle;
pub mod events;
mod export;
mod import;
mod run;

use std::sync::Arc;

use cloud::config::{BucketConfig, MailConfig, PublicUrlConfig};
use cloud::objects::ObjectStore;
use domain::Clock;
use engine::{Deployment, Notifier};
use jiff::SignedDuration;
use networks::{ClientNotBuilt, Egress, Registry};
use store::Table;

pub use run::{Run, run};

/// What the function needs.
#[derive(Clone, Debug)]
pub struct Ctx {
    /// The table.
    pub table: Table,
    /// The bytes of media and of volumes.
    pub objects: Arc<dyn ObjectStore>,
    /// The networks, for their rules.
    pub networks: Registry,
    /// Writes to whoever asked for an export.
    pub notifier: Notifier,
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// After this time a run begins no further volume.
    pub time_max: SignedDuration,
    /// Bytes from which on a volume is full. It has one medium more than that, or one page of posts.
    pub volume_bytes: usize,
}

/// What a deployment configures.
pub type Config = (BucketConfig, MailConfig, PublicUrlConfig);

/// The function's time-out is 60 s; a volume takes a few seconds.
pub const TIME_MAX: SignedDuration = SignedDuration::from_secs(40);

/// With one medium more, a volume has 36 MB at most, what a function holds with ease.
pub const VOLUME_BYTES: usize = 16 << 20;

impl Ctx {
    /// The function of a deployment.
    pub fn deployed(
        deployment: &Deployment,
        (bucket, mail, public_url): Config,
    ) -> Result<Self, ClientNotBuilt> {
        Ok(Self {
            table: deployment.table.clone(),
            objects: deployment.objects(&bucket),
            networks: networks::deployed(Arc::clone(&deployment.clock), Egress::Public)?,
            notifier: deployment.notifier(&mail, &public_url),
            clock: Arc::clone(&deployment.clock),
            time_max: TIME_MAX,
            volume_bytes: VOLUME_BYTES,
        })
    }
}
