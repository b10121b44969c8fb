//! The networks of a deployed function.

use std::sync::Arc;

use domain::Clock;

use crate::bluesky::Bluesky;
use crate::egress::Egress;
use crate::http::{ClientNotBuilt, HttpClient};
use crate::network::Registry;

/// Every real network, over a client that reaches only the public Internet.
pub fn deployed(clock: Arc<dyn Clock>) -> Result<Registry, ClientNotBuilt> {
    // Refused only when the process has a provider already: then that one serves.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let http = HttpClient::new(Egress::Public)?;
    Ok(Registry::new(vec![Arc::new(Bluesky::new(http, clock))]))
}
