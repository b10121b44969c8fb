//! Mail to people.

use std::fmt;

use async_trait::async_trait;
use domain::Result;
use serde::{Deserialize, Serialize};

mod ses;
mod template;

pub use ses::SesMailer;
pub use template::Template;

/// A mail to one person. Its texts can hold one-time links: `Debug` shows none of it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mail {
    /// The address.
    pub to: String,
    /// One line.
    pub subject: String,
    /// The plain text.
    pub text: String,
    /// The same as HTML.
    pub html: String,
}

impl fmt::Debug for Mail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Mail(…)")
    }
}

/// Hands mails over for transport.
#[async_trait]
pub trait Mailer: fmt::Debug + Send + Sync {
    /// Hands one mail over. Success means accepted, not read; after an error it may have been accepted all the same.
    async fn send(&self, mail: &Mail) -> Result<()>;
}

#[cfg(test)]
mod tests;
