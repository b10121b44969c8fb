//! Secrets at rest: each tenant has a key that only the key service can open, and each record has its own key derived
//! from it.
//!
//! A record opens only where it was sealed: tenant, subject, purpose and row version are bound to it, so a row that was
//! copied to another place, or an old version put back over a newer one, is refused. Deleting a tenant's wrapped keys
//! makes all its records unreadable.
//!
//! An opened key is asked for again after five minutes. Where the key service does not answer then, the platform's own
//! one, which people's passwords are sealed under, is used on for up to an hour; keys of tenants never are.

use std::sync::Arc;
use std::sync::atomic::AtomicU32;

use domain::tenant::ROOT_TENANT;
use domain::{
    Clock, Error, Random, Result, TenantId, TenantKeySource, WrappedTenantKey, WrappingKey,
};
use zeroize::Zeroizing;

use crate::keys::{KeyContext, KeyService, PlainKey};

mod binding;
mod cache;
mod record;
mod sealed;

pub use binding::{Binding, Purpose};
pub use record::OpenError;
pub use sealed::Sealed;

use cache::{KeyCache, TenantKey, USES};

/// Largest secret, in bytes.
pub const SECRET_BYTES_MAX: usize = 64 * 1024;

const FIRST_VERSION: u32 = 1;

/// Seals and opens secrets. One per process: it keeps opened tenant keys for a short while.
#[derive(Debug)]
pub struct Envelope {
    keys: Arc<dyn KeyService>,
    tenant_keys: Arc<dyn TenantKeySource>,
    random: Arc<dyn Random>,
    environment: String,
    cache: KeyCache,
}

impl Envelope {
    /// An envelope for one deployment, named `environment`: records of another do not open.
    pub fn new(
        keys: Arc<dyn KeyService>,
        tenant_keys: Arc<dyn TenantKeySource>,
        clock: Arc<dyn Clock>,
        random: Arc<dyn Random>,
        environment: impl Into<String>,
    ) -> Self {
        Self {
            keys,
            tenant_keys,
            random,
            environment: environment.into(),
            cache: KeyCache::new(clock),
        }
    }

    /// Seals `secret` so that it opens only at `binding`. Makes the tenant's key if this is its first secret.
    pub async fn seal(&self, binding: &Binding, secret: &[u8]) -> Result<Sealed> {
        if secret.len() > SECRET_BYTES_MAX {
            return Err(Error::internal(
                "a secret is too long to be sealed",
                format!("{} bytes", secret.len()),
            ));
        }
        let key = self.current_key(binding.tenant).await?;
        record::seal(&key, binding, self.random.as_ref(), secret)
    }

    /// Opens what was sealed at `binding`. Whatever else it is given fails with [`Error::Corrupt`], whose cause is an
    /// [`OpenError`].
    pub async fn open(&self, binding: &Binding, sealed: &Sealed) -> Result<Zeroizing<Vec<u8>>> {
        let record = record::Record::parse(sealed.as_bytes()).map_err(unreadable)?;
        let key = self
            .key_of_version(binding.tenant, record.key_version)
            .await?;
        record::open(&key, binding, &record).map_err(unreadable)
    }

    /// Has the tenant's newest key opened, for whoever must know before they begin whether secrets can be had: it is good
    /// for a minute and a hundred uses from then on, whether the key service answers or not. One with less left is opened
    /// anew, but for the platform's, which outlives an outage.
    pub async fn ready(&self, tenant: TenantId) -> Result<()> {
        if self.cache.is_ready(tenant) {
            return Ok(());
        }
        self.newest_key(tenant).await.map(drop)
    }

    /// Whether a secret is sealed under the tenant's newest key, as far as this process has heard.
    pub async fn is_newest(&self, tenant: TenantId, sealed: &Sealed) -> Result<bool> {
        let newest = self.current_key(tenant).await?;
        Ok(Self::key_version(sealed)? >= newest.version)
    }

    /// The version of the tenant's key that a secret is sealed under.
    pub fn key_version(sealed: &Sealed) -> Result<u32> {
        let record = record::Record::parse(sealed.as_bytes()).map_err(unreadable)?;
        Ok(record.key_version)
    }

    /// A new key of this version for a tenant. Nothing is sealed under it before it is stored.
    pub async fn new_key(&self, tenant: TenantId, version: u32) -> Result<WrappedTenantKey> {
        let (key, _) = self.made_key(tenant, version).await?;
        Ok(key)
    }

    /// Seals what is sealed at `binding` anew, under the tenant's key of this version.
    pub async fn reseal(&self, binding: &Binding, sealed: &Sealed, version: u32) -> Result<Sealed> {
        let secret = self.open(binding, sealed).await?;
        let key = self.key_of_version(binding.tenant, version).await?;
        record::seal(&key, binding, self.random.as_ref(), &secret)
    }

    async fn current_key(&self, tenant: TenantId) -> Result<Arc<TenantKey>> {
        if let Some(key) = self.cache.current(tenant) {
            return Ok(key);
        }
        self.newest_key(tenant).await
    }

    /// Opened anew, whatever is kept.
    async fn newest_key(&self, tenant: TenantId) -> Result<Arc<TenantKey>> {
        let key = match self.tenant_keys.current(tenant).await? {
            Some(stored) => self.unwrap(tenant, &stored).await?,
            None => self.first_key(tenant).await?,
        };
        Ok(self.cache.keep_current(tenant, key))
    }

    async fn key_of_version(&self, tenant: TenantId, version: u32) -> Result<Arc<TenantKey>> {
        if let Some(key) = self.cache.version(tenant, version) {
            return Ok(key);
        }
        let stored = self.tenant_keys.version(tenant, version).await?;
        let stored = stored.ok_or_else(|| unreadable(OpenError::KeyGone))?;
        let key = self.unwrap(tenant, &stored).await?;
        Ok(self.cache.keep(tenant, key))
    }

    async fn first_key(&self, tenant: TenantId) -> Result<Arc<TenantKey>> {
        let (ours, plain) = self.made_key(tenant, FIRST_VERSION).await?;
        let stored = self.tenant_keys.create(tenant, ours.clone()).await?;
        if stored.wrapped == ours.wrapped {
            return Ok(self.opened(tenant, &ours, plain));
        }
        self.unwrap(tenant, &stored).await
    }

    async fn made_key(
        &self,
        tenant: TenantId,
        version: u32,
    ) -> Result<(WrappedTenantKey, PlainKey)> {
        let under = self.tenant_keys.wrapping_key(tenant).await?;
        let context = self.context(tenant, version);
        let made = self.keys.generate_data_key(&under, &context).await?;
        let key = WrappedTenantKey {
            version,
            wrapped: made.wrapped,
            made_at: self.cache.now(),
            wrapped_by: under,
        };
        Ok((key, made.plain))
    }

    async fn unwrap(&self, tenant: TenantId, stored: &WrappedTenantKey) -> Result<Arc<TenantKey>> {
        let WrappedTenantKey {
            version,
            wrapped,
            wrapped_by,
            ..
        } = stored;
        if let Some(refusal) = self.cache.refusal(tenant, wrapped_by) {
            return Err(Error::OwnKeyRefused {
                refusal,
                cause: None,
            });
        }
        let context = self.context(tenant, *version);
        match self.keys.decrypt(wrapped_by, wrapped, &context).await {
            Ok(plain) => Ok(self.opened(tenant, stored, plain)),
            Err(error @ Error::Unavailable { .. }) => {
                let spare = self.cache.spare(tenant, *version).ok_or(error)?;
                tracing::warn!("the key service does not answer; the platform's key stays open");
                Ok(spare)
            }
            Err(error) => {
                self.cache.forget(tenant, *version);
                if let Error::OwnKeyRefused { refusal, .. } = error {
                    self.cache.keep_refusal(tenant, wrapped_by, refusal);
                }
                Err(error)
            }
        }
    }

    fn opened(
        &self,
        tenant: TenantId,
        stored: &WrappedTenantKey,
        plain: PlainKey,
    ) -> Arc<TenantKey> {
        Arc::new(TenantKey {
            version: stored.version,
            plain,
            opened_at: self.cache.now(),
            // Who withdraws a key of a tenant's own expects its end within minutes, outage or not.
            is_spare: tenant == ROOT_TENANT && stored.wrapped_by == WrappingKey::Product,
            uses_left: AtomicU32::new(USES),
        })
    }

    fn context(&self, tenant: TenantId, version: u32) -> KeyContext {
        KeyContext {
            environment: self.environment.clone(),
            tenant,
            version,
        }
    }
}

fn unreadable(cause: OpenError) -> Error {
    Error::corrupt("secret", cause)
}

#[cfg(test)]
mod tests;
