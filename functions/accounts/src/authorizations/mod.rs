//! Connecting an account by the network's own consent page: the browser leaves with a state that only its own sign-in, in
//! its own tenant, can bring back, once.

pub(crate) mod begin;
pub(crate) mod complete;
pub(crate) mod document;

use cloud::envelope::{Binding, Purpose};
use domain::{Error, TenantId};
use networks::Network;
use store::SecretHash;

use crate::connect::wrong_network;

/// What is kept of a consent page opens only where its state leads.
fn place(tenant: TenantId, state: &SecretHash) -> Binding {
    Binding::new(tenant, state.beginning(), Purpose::PendingConsent, 1)
}

fn not_offered(network: &dyn Network) -> Error {
    wrong_network(
        "connect_by_credentials",
        format!(
            "{} has no consent page here: connect its accounts by POST /v1/accounts",
            network.name()
        ),
    )
}
