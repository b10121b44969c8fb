//! What a tenant's policy looks at beside rights: from where a request comes, and how lately its person proved who they
//! are.

use std::net::IpAddr;

use domain::access_policy::SignInAge;
use domain::tenant::Tenant;
use domain::{Error, Result};
use http::request::Parts;
use jiff::Timestamp;
use store::{Credential, Identified};

use crate::client::ClientAddress;
use crate::gate::NOT_RECENT;

/// The circumstances of a request.
#[derive(Clone, Copy, Debug)]
pub struct Circumstances {
    address: Option<IpAddr>,
    /// `None` for a program with a key: nobody is there to prove anything, and keys have an end of their own.
    age: Option<SignInAge>,
}

impl Circumstances {
    pub(crate) fn of(request: &Parts, identified: &Identified, now: Timestamp) -> Self {
        let client = request.extensions.get::<ClientAddress>();
        Self {
            address: client.map(|ClientAddress(address)| address.to_canonical()),
            age: match identified {
                Identified::Person { credential, .. } => Some(age(credential, now)),
                Identified::Supporter { session, .. } => {
                    Some(age(&Credential::Session(session.clone()), now))
                }
                Identified::Program { .. } => None,
            },
        }
    }

    /// From where the request comes, where the host knows that.
    pub fn address(&self) -> Option<IpAddr> {
        self.address
    }

    /// Refuses what comes from elsewhere than the tenant takes requests from.
    pub fn check_address(&self, tenant: &Tenant) -> Result<()> {
        if tenant.access.takes_address(self.address) {
            return Ok(());
        }
        let from = match self.address {
            Some(address) => format!("your address, {address}, is not on its list"),
            None => "yours is not known here".to_owned(),
        };
        Err(Error::Forbidden {
            code: "address_not_allowed",
            detail: format!(
                "{} takes requests from certain addresses only, and {from}: use a network that is on it, or ask an owner \
                 to add yours",
                tenant.name
            ),
        })
    }

    /// Refuses whoever proved too long ago, for the tenant, who they are, or was away for too long since.
    pub fn check_age(&self, tenant: &Tenant) -> Result<()> {
        if self.age.is_none_or(|age| tenant.access.takes_sign_in(age)) {
            return Ok(());
        }
        Err(Error::Unauthenticated {
            code: NOT_RECENT,
            detail: "the tenant wants to know again who you are: POST /v1/auth/reauthenticate",
        })
    }

    /// Both.
    pub fn check(&self, tenant: &Tenant) -> Result<()> {
        self.check_address(tenant)?;
        self.check_age(tenant)
    }
}

fn age(credential: &Credential, now: Timestamp) -> SignInAge {
    SignInAge {
        proved: now.duration_since(credential.proved_at()),
        idle: credential.idle_by(now),
    }
}
