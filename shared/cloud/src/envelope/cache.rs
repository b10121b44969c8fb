//! Opened tenant keys, kept for a short while: a call to the key service per secret would be slow and dear.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use domain::{Clock, KeyRefusal, TenantId, WrappingKey};
use jiff::{SignedDuration, Timestamp};

use crate::keys::PlainKey;

/// How long an opened key is used: a disabled key stops working within this time.
pub(super) const LIFETIME: SignedDuration = SignedDuration::from_mins(5);
/// How often an opened key is used.
pub(super) const USES: u32 = 1000;

/// How long a tenant's own key that was refused is not asked for again: many posts that wait for it take nothing from
/// whoever else needs the key service.
pub(super) const REFUSED: SignedDuration = SignedDuration::from_secs(30);

/// An opened tenant key.
#[derive(Debug)]
pub(super) struct TenantKey {
    pub(super) version: u32,
    pub(super) plain: PlainKey,
}

impl TenantKey {
    pub(super) const fn new(version: u32, plain: PlainKey) -> Self {
        Self { version, plain }
    }
}

#[derive(Debug)]
pub(super) struct KeyCache {
    clock: Arc<dyn Clock>,
    opened: Mutex<HashMap<Slot, Opened>>,
    refused: Mutex<HashMap<(TenantId, WrappingKey), Refused>>,
}

/// The tenant is part of the name: one tenant's key can never answer for another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Slot {
    Current(TenantId),
    Version(TenantId, u32),
}

#[derive(Debug)]
struct Opened {
    key: Arc<TenantKey>,
    until: Timestamp,
    uses_left: u32,
}

#[derive(Debug)]
struct Refused {
    refusal: KeyRefusal,
    until: Timestamp,
}

impl KeyCache {
    pub(super) fn new(clock: Arc<dyn Clock>) -> Self {
        Self {
            clock,
            opened: Mutex::default(),
            refused: Mutex::default(),
        }
    }

    pub(super) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    pub(super) fn current(&self, tenant: TenantId) -> Option<Arc<TenantKey>> {
        self.take(Slot::Current(tenant))
    }

    pub(super) fn version(&self, tenant: TenantId, version: u32) -> Option<Arc<TenantKey>> {
        self.take(Slot::Version(tenant, version))
    }

    /// Keeps the tenant's key and remembers that it is the one to seal with.
    pub(super) fn keep_current(&self, tenant: TenantId, key: TenantKey) -> Arc<TenantKey> {
        let key = self.keep(tenant, key);
        self.put(Slot::Current(tenant), &key);
        key
    }

    pub(super) fn keep(&self, tenant: TenantId, key: TenantKey) -> Arc<TenantKey> {
        let key = Arc::new(key);
        self.put(Slot::Version(tenant, key.version), &key);
        key
    }

    /// Why the tenant's own key was refused a short while ago.
    pub(super) fn refusal(&self, tenant: TenantId, under: &WrappingKey) -> Option<KeyRefusal> {
        under.own()?;
        let (now, mut refused) = (self.clock.now(), self.refused());
        refused.retain(|_, entry| now < entry.until);
        let entry = refused.get(&(tenant, under.clone()))?;
        Some(entry.refusal)
    }

    pub(super) fn keep_refusal(&self, tenant: TenantId, under: &WrappingKey, refusal: KeyRefusal) {
        let now = self.clock.now();
        let until = now.saturating_add(REFUSED).unwrap_or(now);
        let entry = Refused { refusal, until };
        self.refused().insert((tenant, under.clone()), entry);
    }

    fn take(&self, slot: Slot) -> Option<Arc<TenantKey>> {
        let now = self.clock.now();
        let mut opened = self.opened();
        let entry = opened.get_mut(&slot)?;
        if entry.until <= now || entry.uses_left == 0 {
            opened.remove(&slot);
            return None;
        }
        entry.uses_left -= 1;
        Some(Arc::clone(&entry.key))
    }

    fn put(&self, slot: Slot, key: &Arc<TenantKey>) {
        let now = self.clock.now();
        let mut opened = self.opened();
        opened.retain(|_, entry| now < entry.until);
        let entry = Opened {
            key: Arc::clone(key),
            until: now.saturating_add(LIFETIME).unwrap_or(now),
            // The use that opened it is the first.
            uses_left: USES - 1,
        };
        opened.insert(slot, entry);
    }

    fn refused(&self) -> MutexGuard<'_, HashMap<(TenantId, WrappingKey), Refused>> {
        self.refused.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn opened(&self) -> MutexGuard<'_, HashMap<Slot, Opened>> {
        self.opened.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
