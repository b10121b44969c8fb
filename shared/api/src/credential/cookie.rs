//! The session cookie: a secret, and beside it whose and where it is, so that one read finds all that a request needs.

use std::fmt;

use domain::{Random, TenantId, UserId};
use http::HeaderValue;
use store::SecretHash;
use url::Url;

use crate::secret::Secret;

/// Seconds after which a browser forgets the cookie; the session ends then anyway.
const MAX_AGE: u64 = 24 * 60 * 60;

/// Under which name and attributes the cookie is set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CookieKind {
    /// `__Host-sid` over TLS: browsers take it from this very host only.
    Secure,
    /// `sid`, where the product runs on plain HTTP on this machine: not all browsers take the other one there.
    Loopback,
}

impl CookieKind {
    /// The kind for the address under which people reach the product.
    pub fn of(public_url: &Url) -> Self {
        let is_loopback = match public_url.host() {
            Some(url::Host::Ipv4(address)) => address.is_loopback(),
            Some(url::Host::Ipv6(address)) => address.is_loopback(),
            Some(url::Host::Domain(name)) => name == "localhost",
            None => false,
        };
        if public_url.scheme() == "http" && is_loopback {
            Self::Loopback
        } else {
            Self::Secure
        }
    }

    /// The cookie's name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Secure => "__Host-sid",
            Self::Loopback => "sid",
        }
    }

    /// The name of the cookie by which a browser is recognised.
    pub(crate) fn device_name(self) -> &'static str {
        match self {
            Self::Secure => "__Host-did",
            Self::Loopback => "did",
        }
    }

    pub(super) fn attributes(self) -> &'static str {
        match self {
            Self::Secure => "; Path=/; HttpOnly; SameSite=Lax; Secure",
            Self::Loopback => "; Path=/; HttpOnly; SameSite=Lax",
        }
    }

    /// The `Set-Cookie` that starts a session.
    pub fn set(self, cookie: &SessionCookie) -> HeaderValue {
        let text = format!(
            "{}={}{}; Max-Age={MAX_AGE}",
            self.name(),
            cookie.value(),
            self.attributes()
        );
        HeaderValue::from_str(&text).unwrap_or_else(|_| self.remove())
    }

    /// The `Set-Cookie` that makes a browser forget it.
    pub fn remove(self) -> HeaderValue {
        let text = format!("{}={}; Max-Age=0", self.name(), self.attributes());
        HeaderValue::from_str(&text).unwrap_or(HeaderValue::from_static(""))
    }
}

/// All values that a request has for a cookie.
pub(super) fn values<'a>(
    name: &str,
    headers: impl IntoIterator<Item = &'a HeaderValue>,
) -> Vec<&'a str> {
    headers
        .into_iter()
        .filter_map(|header| header.to_str().ok())
        .flat_map(|header| header.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .filter(|(sent, _)| *sent == name)
        .map(|(_, value)| value)
        .collect()
}

/// The value of the session cookie.
pub struct SessionCookie {
    secret: Secret,
    user: UserId,
    tenant: Option<TenantId>,
}

impl SessionCookie {
    /// The cookie of a new session.
    pub fn generate(random: &dyn Random, user: UserId, tenant: Option<TenantId>) -> Self {
        Self {
            secret: Secret::generate(random),
            user,
            tenant,
        }
    }

    /// Whose it claims to be.
    pub(crate) fn user(&self) -> UserId {
        self.user
    }

    /// Where it claims to act.
    pub(crate) fn tenant(&self) -> Option<TenantId> {
        self.tenant
    }

    /// What the table knows of it.
    pub fn hash(&self) -> SecretHash {
        self.secret.hash()
    }

    /// `None` unless it is of the form that this product sets.
    pub(crate) fn parse(value: &str) -> Option<Self> {
        let mut parts = value.split('.');
        let (secret, user, tenant) = (parts.next()?, parts.next()?, parts.next()?);
        if parts.next().is_some() {
            return None;
        }
        Some(Self {
            secret: Secret::parse(secret)?,
            user: user.parse().ok()?,
            tenant: match tenant {
                "-" => None,
                tenant => Some(tenant.parse().ok()?),
            },
        })
    }

    fn value(&self) -> String {
        let tenant = self
            .tenant
            .map_or_else(|| "-".to_owned(), |tenant| tenant.to_string());
        format!("{}.{}.{tenant}", self.secret.expose(), self.user)
    }
}

impl fmt::Debug for SessionCookie {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SessionCookie({})", self.user)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind(url: &str) -> CookieKind {
        CookieKind::of(&url.parse().unwrap())
    }

    fn cookie() -> SessionCookie {
        SessionCookie {
            secret: Secret::parse(&"A".repeat(43)).unwrap(),
            user: "usr_00000000000000000000000001".parse().unwrap(),
            tenant: None,
        }
    }

    #[test]
    fn id_29_cookie_of_a_deployment_is_bound_to_its_host_and_to_tls() {
        let header = kind("https://app.example.com/").set(&cookie());

        let text = header.to_str().unwrap();
        assert!(text.starts_with("__Host-sid=AAAA"), "{text}");
        for attribute in ["; Path=/;", "; HttpOnly", "; SameSite=Lax", "; Secure"] {
            assert!(text.contains(attribute), "{text}");
        }
        assert!(!text.contains("Domain"), "{text}");
    }

    #[test]
    fn cookie_without_tls_exists_on_loopback_only() {
        for url in [
            "http://127.0.0.1:8080",
            "http://localhost",
            "http://[::1]:1",
        ] {
            assert_eq!(kind(url), CookieKind::Loopback, "{url}");
        }
        for url in [
            "https://127.0.0.1",
            "http://app.example.com",
            "http://10.0.0.1",
        ] {
            assert_eq!(kind(url), CookieKind::Secure, "{url}");
        }
    }

    #[test]
    fn cookie_survives_its_text() {
        let value = cookie().value();

        let read = SessionCookie::parse(&value).unwrap();

        assert_eq!(read.value(), value);
        assert_eq!(
            format!("{read:?}"),
            "SessionCookie(usr_00000000000000000000000001)"
        );
    }
}
