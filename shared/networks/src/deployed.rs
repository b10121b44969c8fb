//! The networks of a deployed function.

use std::sync::Arc;

use domain::Clock;

use crate::bluesky::Bluesky;
use crate::egress::Egress;
use crate::http::{ClientNotBuilt, HttpClient};
use crate::network::Registry;

/// Every real network, over a client that keeps to `egress`.
pub fn deployed(clock: Arc<dyn Clock>, egress: Egress) -> Result<Registry, ClientNotBuilt> {
    // Refused only when the process has a provider already: then that one serves.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let http = HttpClient::new(egress)?;
    Ok(Registry::new(vec![Arc::new(Bluesky::new(http, clock))]))
}
