//! The function's context in AWS.

use std::sync::Arc;

use api::Gate;
use cloud::config::{KeyConfig, MailConfig, PublicUrlConfig};
use cloud::telemetry::Metrics;
use engine::Deployment;

use crate::{Ctx, Issuer, SignInLimits, Strangers};

/// What a deployment configures.
pub type Config = (KeyConfig, MailConfig, PublicUrlConfig);

impl Ctx {
    /// The context of a deployment.
    pub fn deployed(deployment: &Deployment, (key, mail, public_url): Config) -> Self {
        let envelope = deployment.envelope(&key);
        Self {
            gate: Gate::new(
                deployment.table.clone(),
                Arc::clone(&deployment.clock),
                &public_url.url,
            ),
            table: deployment.table.clone(),
            issuer: Arc::new(Issuer::new(Arc::clone(&envelope))),
            envelope,
            outbox: deployment.outbox(&key, &mail),
            clock: Arc::clone(&deployment.clock),
            random: Arc::clone(&deployment.random),
            public_url: Arc::new(public_url.url),
            hasher: Arc::default(),
            limits: SignInLimits::strict(),
            strangers: Arc::new(Strangers::new(Metrics::new("auth"))),
        }
    }
}
