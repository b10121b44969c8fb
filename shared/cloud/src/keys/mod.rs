//! The service that wraps keys: it alone holds the master key.

use std::fmt;

use async_trait::async_trait;
use domain::{Result, TenantId, WrappingKey};
use zeroize::Zeroizing;

mod kms;
mod own;

pub use kms::KmsKeys;
pub use own::OwnKeys;

/// Bytes of a key.
pub const KEY_BYTES: usize = 32;

/// An opened key: wiped when dropped, never shown.
#[derive(Clone)]
pub struct PlainKey(Zeroizing<[u8; KEY_BYTES]>);

impl PlainKey {
    /// Takes a key's bytes; `None` unless there are exactly [`KEY_BYTES`].
    pub fn from_slice(bytes: &[u8]) -> Option<Self> {
        let bytes = <[u8; KEY_BYTES]>::try_from(bytes).ok()?;
        Some(Self(Zeroizing::new(bytes)))
    }

    /// The key itself.
    pub fn expose(&self) -> &[u8; KEY_BYTES] {
        &self.0
    }
}

impl fmt::Debug for PlainKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PlainKey(…)")
    }
}

/// A new key, opened and wrapped.
#[derive(Debug)]
pub struct DataKey {
    /// For use now.
    pub plain: PlainKey,
    /// For storage.
    pub wrapped: Vec<u8>,
}

/// What a wrapped key is for. The service binds it to the ciphertext and refuses to open under any other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyContext {
    /// The deployment, such as `production`: a key of one environment does not open in another.
    pub environment: String,
    /// Whose key it is.
    pub tenant: TenantId,
    /// The key's version.
    pub version: u32,
}

impl KeyContext {
    /// The encryption context, in a fixed order: `app`, `env`, `tenant`, `purpose`, `v`. The audit log of the key
    /// service shows it, and policies match on it.
    pub fn pairs(&self) -> [(&'static str, String); 5] {
        [
            ("app", "m1autoposter".to_owned()),
            ("env", self.environment.clone()),
            ("tenant", self.tenant.to_string()),
            ("purpose", "tenant-key".to_owned()),
            ("v", self.version.to_string()),
        ]
    }
}

/// Makes and opens wrapped keys.
#[async_trait]
pub trait KeyService: fmt::Debug + Send + Sync {
    /// A new random key, wrapped `under` this one and bound to `context`. Fails as [`Self::decrypt`] does.
    async fn generate_data_key(&self, under: &WrappingKey, context: &KeyContext)
    -> Result<DataKey>;

    /// Opens a key that was wrapped `under` this one. Fails with [`domain::Error::Corrupt`] where the bytes or the context
    /// are not those of its making, with [`domain::Error::OwnKeyRefused`] where a tenant's own key may not be used, and
    /// with [`domain::Error::Unavailable`] where trying again later may help.
    async fn decrypt(
        &self,
        under: &WrappingKey,
        wrapped: &[u8],
        context: &KeyContext,
    ) -> Result<PlainKey>;
}

#[cfg(test)]
mod tests;
