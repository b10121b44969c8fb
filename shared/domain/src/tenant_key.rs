//! The wrapped keys of tenants, and how they are found: the seam between the envelope and the table, neither of which
//! knows the other.

use std::fmt::Debug;
use std::future::Future;
use std::pin::Pin;

use crate::error::Result;
use crate::id::TenantId;

/// A tenant's key as it is stored: only the key service can open it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WrappedTenantKey {
    /// Counts from 1; each rotation is one higher. Every sealed record names the version it was sealed under.
    pub version: u32,
    /// The ciphertext that the key service made.
    pub wrapped: Vec<u8>,
}

/// What a [`TenantKeySource`] answers with.
pub type KeyFuture<'a, T> = Pin<Box<dyn Future<Output = Result<T>> + Send + 'a>>;

/// Stores the wrapped keys of tenants.
pub trait TenantKeySource: Debug + Send + Sync {
    /// The tenant's key with the highest version; `None` before its first secret and after it was shredded.
    fn current(&self, tenant: TenantId) -> KeyFuture<'_, Option<WrappedTenantKey>>;

    /// The tenant's key of one version, read consistently.
    fn version(&self, tenant: TenantId, version: u32) -> KeyFuture<'_, Option<WrappedTenantKey>>;

    /// Stores `key` unless the tenant has one of that version, atomically; answers with the key that is stored
    /// afterwards, which is another's if somebody else was first.
    fn create(&self, tenant: TenantId, key: WrappedTenantKey) -> KeyFuture<'_, WrappedTenantKey>;
}
