//! The networks of a deployed function.

use std::sync::Arc;

use domain::Clock;
use url::Url;

use crate::bluesky::{Bluesky, OauthClient};
use crate::egress::Egress;
use crate::http::{ClientNotBuilt, HttpClient};
use crate::network::Registry;

/// Every real network, over a client that keeps to `egress`.
pub fn deployed(clock: Arc<dyn Clock>, egress: Egress) -> Result<Registry, ClientNotBuilt> {
    Ok(Registry::new(vec![Arc::new(bluesky(clock, egress)?)]))
}

/// The same, able to connect accounts by their consent pages, which send browsers back to the product at `base`.
pub fn connecting(
    clock: Arc<dyn Clock>,
    egress: Egress,
    base: &Url,
) -> Result<Registry, ClientNotBuilt> {
    let bluesky = bluesky(clock, egress)?;
    Ok(Registry::new(vec![Arc::new(
        match OauthClient::deployed(base) {
            Some(client) => bluesky.with_client(client),
            None => bluesky,
        },
    )]))
}

fn bluesky(clock: Arc<dyn Clock>, egress: Egress) -> Result<Bluesky, ClientNotBuilt> {
    // Refused only when the process has a provider already: then that one serves.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    Ok(Bluesky::new(HttpClient::new(egress)?, clock))
}
