//! The accounts function: which networks there are, and a tenant's accounts at them — connecting, checking and
//! disconnecting.
//!
//! - **Trigger**: the HTTP API, `/v1/networks` and `/v1/accounts/*`.
//! - **Permissions**: reads and writes accounts, credentials, limits and events, and the deliveries that follow their
//!   account; opens and seals under tenants' keys; sends to the publishing queue and mails; calls networks.
//! - **Failure**: what a network refuses or does not answer is told as a 4xx. Posts that did not follow their account
//!   yet, and mails, are found by the dispatcher.
//!
//! Credentials leave this function only sealed for their account and version. Posts follow their account: they are held
//! while it must be connected again, resume when it is, and are cancelled when it is disconnected.

mod account_view;
mod authorizations;
mod check;
mod connect;
mod credentials;
mod defaults;
mod disconnect;
mod follow;
mod networks;
mod read;
mod reconnect;
mod refusal;

use std::sync::Arc;

use ::networks::{ClientNotBuilt, Egress, Registry};
use api::permission::{ManageAccounts, ManageTenant, ReadAccounts};
use api::{Gate, route};
use axum::extract::FromRef;
use cloud::config::{KeyConfig, MailConfig, NetworksConfig, PublicUrlConfig, QueueConfig};
use cloud::envelope::Envelope;
use domain::{Clock, Random};
use engine::{Deployment, Notifier, Waker};
use store::{Table, TenantTable};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// What the routes need.
#[derive(Clone, Debug)]
pub struct Ctx {
    /// Finds out who asks.
    pub gate: Gate,
    /// The table.
    pub table: Table,
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// Makes states and verifiers of consent pages.
    pub random: Arc<dyn Random>,
    /// The networks that accounts can be connected at.
    pub networks: Registry,
    /// Seals credentials.
    pub envelope: Arc<Envelope>,
    /// Wakes the publisher for posts that resume.
    pub waker: Waker,
    /// Writes to people.
    pub notifier: Notifier,
}

/// What a deployment configures.
pub type Config = (
    QueueConfig,
    KeyConfig,
    MailConfig,
    PublicUrlConfig,
    NetworksConfig,
);

impl Ctx {
    /// The function of a deployment.
    pub fn deployed(
        deployment: &Deployment,
        (queue, key, mail, public_url, networks): Config,
    ) -> Result<Self, ClientNotBuilt> {
        let clock = &deployment.clock;
        Ok(Self {
            gate: Gate::new(deployment.table.clone(), Arc::clone(clock), &public_url.url),
            table: deployment.table.clone(),
            clock: Arc::clone(clock),
            random: Arc::clone(&deployment.random),
            networks: ::networks::connecting(
                Arc::clone(clock),
                Egress::deployed(networks.private_servers),
                &public_url.url,
            )?,
            envelope: deployment.envelope(&key),
            waker: deployment.waker(&queue),
            notifier: deployment.notifier(&mail, &public_url),
        })
    }
}

impl FromRef<Ctx> for Gate {
    fn from_ref(ctx: &Ctx) -> Self {
        ctx.gate.clone()
    }
}

/// The routes of `/v1/networks` and `/v1/accounts`.
pub fn router(ctx: Ctx) -> OpenApiRouter {
    let gate = ctx.gate.clone();
    let routes = OpenApiRouter::new()
        .routes(route::can::<ReadAccounts, _>(routes!(
            networks::list_networks
        )))
        .routes(route::can::<ManageTenant, _>(routes!(
            defaults::set_network_defaults
        )))
        .routes(route::recent(route::can::<ManageAccounts, _>(routes!(
            connect::connect_account
        ))))
        .routes(route::can::<ReadAccounts, _>(routes!(read::list_accounts)))
        .routes(route::recent(route::can::<ManageAccounts, _>(routes!(
            authorizations::begin::begin_authorization
        ))))
        .routes(route::recent(route::can::<ManageAccounts, _>(routes!(
            authorizations::complete::complete_authorization
        ))))
        .routes(route::public(routes!(
            authorizations::document::bluesky_client
        )))
        .routes(route::can::<ReadAccounts, _>(routes!(read::get_account)))
        .routes(route::can::<ManageAccounts, _>(routes!(
            disconnect::disconnect_account
        )))
        .routes(route::can::<ManageAccounts, _>(routes!(
            check::check_account
        )))
        .routes(route::recent(route::can::<ManageAccounts, _>(routes!(
            reconnect::reconnect_account
        ))))
        .with_state(ctx);
    route::gated(routes, gate)
}

/// How often a use case decides anew after somebody else changed the account meanwhile: of so many at once, each gets
/// its turn. More would mean that somebody changes it in a loop.
const ROUNDS: u32 = 12;

impl Ctx {
    fn accounts<P>(&self, caller: &api::Can<P>) -> TenantTable<'_> {
        self.table.tenant(&caller.scope)
    }

    fn act<P>(&self, caller: &api::Can<P>) -> store::Act {
        store::Act {
            actor: caller.actor(),
            at: self.clock.now(),
        }
    }
}
