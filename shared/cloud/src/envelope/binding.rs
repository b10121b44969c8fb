//! The place that a secret belongs to.

use std::fmt;

use domain::TenantId;

/// What a secret is for. A record sealed for one purpose does not open for another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Purpose {
    /// What a network needs to act as an account.
    AccountCredential,
    /// A person's password hash.
    PasswordHash,
    /// A private key that signs access tokens.
    JwtSigningKey,
    /// A mail that is still to be sent.
    OwedMail,
    /// What an authenticator app shares with us.
    AuthenticatorSeed,
    /// What a network needs to end an authorization that was begun.
    PendingConsent,
}

impl Purpose {
    /// The name inside records: never changed, or their records no longer open.
    pub const fn name(self) -> &'static str {
        match self {
            Self::AccountCredential => "account_credential",
            Self::PasswordHash => "password_hash",
            Self::JwtSigningKey => "jwt_signing_key",
            Self::OwedMail => "owed_mail",
            Self::AuthenticatorSeed => "authenticator_seed",
            Self::PendingConsent => "pending_consent",
        }
    }
}

/// Where a secret belongs: it opens only there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Binding {
    /// Whose key seals it; people's own secrets belong to the platform's tenant.
    pub tenant: TenantId,
    /// Id of the account, user or key that it belongs to.
    pub subject: String,
    /// What it is for.
    pub purpose: Purpose,
    /// Version of the row that holds it: an older record does not open in a newer row.
    pub version: u64,
}

impl Binding {
    /// The place of a secret.
    pub fn new(
        tenant: TenantId,
        subject: impl fmt::Display,
        purpose: Purpose,
        version: u64,
    ) -> Self {
        Self {
            tenant,
            subject: subject.to_string(),
            purpose,
            version,
        }
    }

    /// Every part after its length, so that no two places have the same bytes: each text is preceded by its length as
    /// two bytes, big-endian, and the version is eight bytes, big-endian.
    pub(super) fn to_bytes(&self) -> Vec<u8> {
        let tenant = self.tenant.to_string();
        let parts = [tenant.as_str(), self.subject.as_str(), self.purpose.name()];
        let mut bytes = Vec::new();
        for part in parts {
            // Ids and names are short; a longer text would only make the length ambiguous with itself.
            let length = u16::try_from(part.len()).unwrap_or(u16::MAX);
            bytes.extend_from_slice(&length.to_be_bytes());
            bytes.extend_from_slice(part.as_bytes());
        }
        bytes.extend_from_slice(&self.version.to_be_bytes());
        bytes
    }
}
