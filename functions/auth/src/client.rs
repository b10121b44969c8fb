//! Who calls, as far as a request tells: for limits and for what people are shown.

use std::convert::Infallible;

use api::ClientAddress;
use axum::extract::FromRequestParts;
use domain::user::Origin;
use http::header::USER_AGENT;
use http::request::Parts;

use crate::device;

/// The client of a request.
#[derive(Clone, Debug, Default)]
pub(crate) struct Client {
    /// Its address, where the host knows it.
    pub(crate) address: Option<ClientAddress>,
    /// What it calls itself.
    device: Option<String>,
}

impl Client {
    /// For records and mails.
    pub(crate) fn origin(&self) -> Origin {
        Origin {
            network: self.address.map(ClientAddress::network),
            device: self.device.clone(),
        }
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Client {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        let user_agent = parts.headers.get(USER_AGENT);
        Ok(Self {
            address: parts.extensions.get::<ClientAddress>().copied(),
            device: user_agent
                .and_then(|value| value.to_str().ok())
                .and_then(device::named),
        })
    }
}
