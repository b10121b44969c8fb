//! The cookie by which a browser is recognised that somebody signed in with before, or let in by the link of a mail. It
//! opens nothing: it only keeps the way to a password open while strangers try theirs, and saves the owner a notice.

use std::fmt;

use domain::{Random, UserId};
use http::header::COOKIE;
use http::{HeaderMap, HeaderValue};
use store::{DEVICE_LIFETIME, SecretHash};

use super::cookie::{self, CookieKind};
use crate::secret::Secret;

/// The value of the device cookie.
#[derive(Clone)]
pub struct DeviceCookie {
    secret: Secret,
    user: UserId,
}

impl DeviceCookie {
    /// The cookie of a new device.
    pub fn generate(random: &dyn Random, user: UserId) -> Self {
        Self {
            secret: Secret::generate(random),
            user,
        }
    }

    /// The one of a request, if it has exactly one.
    pub fn of(headers: &HeaderMap, kind: CookieKind) -> Option<Self> {
        match cookie::values(kind.device_name(), headers.get_all(COOKIE)).as_slice() {
            [value] => Self::parse(value),
            _ => None,
        }
    }

    /// Whose it claims to be.
    pub fn user(&self) -> UserId {
        self.user
    }

    /// What the table knows of it.
    pub fn mark(&self) -> SecretHash {
        self.secret.hash()
    }

    /// The `Set-Cookie` that makes a browser keep it.
    pub fn set(&self, kind: CookieKind) -> Option<HeaderValue> {
        let text = format!(
            "{}={}.{}{}; Max-Age={}",
            kind.device_name(),
            self.secret.expose(),
            self.user,
            kind.attributes(),
            DEVICE_LIFETIME.as_secs()
        );
        HeaderValue::from_str(&text).ok()
    }

    fn parse(value: &str) -> Option<Self> {
        let (secret, user) = value.split_once('.')?;
        Some(Self {
            secret: Secret::parse(secret)?,
            user: user.parse().ok()?,
        })
    }
}

impl fmt::Debug for DeviceCookie {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DeviceCookie({})", self.user)
    }
}
