//! Where a request comes from.

use std::convert::Infallible;
use std::net::IpAddr;

use axum::extract::FromRequestParts;
use domain::user::Origin;
use http::header::USER_AGENT;
use http::request::Parts;

use crate::device_name;

/// The caller's address, put into a request's extensions by its host, which alone knows which hop to believe. Absent
/// where the host does not know.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ClientAddress(pub IpAddr);

impl ClientAddress {
    /// What limits are counted by: an IPv6 customer has a whole /64.
    pub fn network(self) -> String {
        match self.0 {
            IpAddr::V4(address) => address.to_string(),
            IpAddr::V6(address) => {
                let [a, b, c, d, ..] = address.segments();
                format!("{a:x}:{b:x}:{c:x}:{d:x}::/64")
            }
        }
    }
}

/// Who calls, as far as a request tells: for limits and for what people are shown.
#[derive(Clone, Debug, Default)]
pub struct Client {
    /// Its address, where the host knows it.
    pub address: Option<ClientAddress>,
    /// What it calls itself.
    device: Option<String>,
}

impl Client {
    /// For records and mails.
    pub fn origin(&self) -> Origin {
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
                .and_then(device_name::of),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn client_of_ipv6_is_counted_by_its_network() {
        let network = |text: &str| ClientAddress(text.parse().unwrap()).network();

        assert_eq!(network("2001:db8:1:2:3:4:5:6"), network("2001:db8:1:2::1"));
        assert_ne!(network("2001:db8:1:2::1"), network("2001:db8:1:3::1"));
        assert_ne!(network("203.0.113.7"), network("203.0.113.8"));
    }
}
