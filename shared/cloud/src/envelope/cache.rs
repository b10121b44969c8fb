//! Opened tenant keys, kept for a short while: a call to the key service per secret would be slow and dear.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use domain::tenant_key::OPENED_KEY_LIFETIME;
use domain::{Clock, KeyRefusal, TenantId, WrappingKey};
use jiff::{SignedDuration, Timestamp};

use crate::keys::PlainKey;

/// How often an opened key is used.
pub(super) const USES: u32 = 1000;

/// How long a key that is ready may still be used: as long as a function has for a call.
const READY: SignedDuration = SignedDuration::from_mins(1);
/// How often: a publisher works on ten messages at once, each of which opens and seals a few secrets.
const READY_USES: u32 = 100;

/// How long the platform's key is used after it was opened where the key service does not answer: without it nobody
/// signs in with a password.
pub(super) const SPARE: SignedDuration = SignedDuration::from_hours(1);
/// How long a key service that did not answer is not asked again for such a key.
pub(super) const UNANSWERED: SignedDuration = SignedDuration::from_secs(30);

/// How long a tenant's own key that was refused is not asked for again: many posts that wait for it take nothing from
/// whoever else needs the key service.
pub(super) const REFUSED: SignedDuration = SignedDuration::from_secs(30);

/// An opened tenant key.
#[derive(Debug)]
pub(super) struct TenantKey {
    pub(super) version: u32,
    pub(super) plain: PlainKey,
    pub(super) opened_at: Timestamp,
    /// Whether an outage of the key service does not end it with its lifetime.
    pub(super) is_spare: bool,
    /// How often it may still be used, by whichever name it is found.
    pub(super) uses_left: AtomicU32,
}

impl TenantKey {
    /// Until when it is used without asking, if it is kept now.
    fn fresh_until(&self, now: Timestamp) -> Timestamp {
        let fresh = after(self.opened_at, OPENED_KEY_LIFETIME);
        match self.spare_until() {
            Some(spare) => fresh.max(after(now, UNANSWERED)).min(spare),
            None => fresh,
        }
    }

    fn spare_until(&self) -> Option<Timestamp> {
        self.is_spare.then(|| after(self.opened_at, SPARE))
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
}

impl Opened {
    /// Whether it may be used without asking.
    fn is_fresh_at(&self, now: Timestamp) -> bool {
        now < self.until && self.key.uses_left.load(Ordering::Relaxed) > 0
    }

    /// Whether it outlasts whatever is begun with it, also where the key service answers nobody by then.
    fn is_ready_at(&self, now: Timestamp) -> bool {
        if self.key.is_spare {
            return self.is_fresh_at(now);
        }
        after(now, READY) <= self.until && self.key.uses_left.load(Ordering::Relaxed) >= READY_USES
    }

    /// Whether it may still be used if the key service does not answer.
    fn is_spare_at(&self, now: Timestamp) -> bool {
        self.key.spare_until().is_some_and(|until| now < until)
    }
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

    /// Whether the tenant's key is there for long enough to begin something that needs it at its end.
    pub(super) fn is_ready(&self, tenant: TenantId) -> bool {
        let (now, opened) = (self.clock.now(), self.opened());
        let entry = opened.get(&Slot::Current(tenant));
        entry.is_some_and(|entry| entry.is_ready_at(now))
    }

    pub(super) fn version(&self, tenant: TenantId, version: u32) -> Option<Arc<TenantKey>> {
        self.take(Slot::Version(tenant, version))
    }

    /// Keeps the tenant's key and remembers that it is the one to seal with.
    pub(super) fn keep_current(&self, tenant: TenantId, key: Arc<TenantKey>) -> Arc<TenantKey> {
        let key = self.keep(tenant, key);
        self.put(Slot::Current(tenant), &key);
        key
    }

    pub(super) fn keep(&self, tenant: TenantId, key: Arc<TenantKey>) -> Arc<TenantKey> {
        // The use that opened it is the first.
        key.uses_left.store(USES - 1, Ordering::Relaxed);
        self.put(Slot::Version(tenant, key.version), &key);
        key
    }

    /// The key for as long as the key service does not answer, where it is one that outlives this.
    pub(super) fn spare(&self, tenant: TenantId, version: u32) -> Option<Arc<TenantKey>> {
        let (now, opened) = (self.clock.now(), self.opened());
        let entry = opened.get(&Slot::Version(tenant, version))?;
        entry.is_spare_at(now).then(|| Arc::clone(&entry.key))
    }

    /// Wipes a key that the key service refused to open.
    pub(super) fn forget(&self, tenant: TenantId, version: u32) {
        let is_it = |slot: &Slot, entry: &Opened| {
            let (Slot::Current(of) | Slot::Version(of, _)) = *slot;
            of == tenant && entry.key.version == version
        };
        self.opened().retain(|slot, entry| !is_it(slot, entry));
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
        let until = after(now, REFUSED);
        let entry = Refused { refusal, until };
        self.refused().insert((tenant, under.clone()), entry);
    }

    fn take(&self, slot: Slot) -> Option<Arc<TenantKey>> {
        let now = self.clock.now();
        let mut opened = self.opened();
        let entry = opened.get(&slot)?;
        if !entry.is_fresh_at(now) {
            if !entry.is_spare_at(now) {
                let spent = Arc::clone(&entry.key);
                opened.retain(|_, entry| !Arc::ptr_eq(&entry.key, &spent));
            }
            return None;
        }
        // Nobody else counts meanwhile: the lock is held.
        entry.key.uses_left.fetch_sub(1, Ordering::Relaxed);
        Some(Arc::clone(&entry.key))
    }

    fn put(&self, slot: Slot, key: &Arc<TenantKey>) {
        let now = self.clock.now();
        let mut opened = self.opened();
        opened.retain(|_, entry| entry.is_fresh_at(now) || entry.is_spare_at(now));
        let entry = Opened {
            key: Arc::clone(key),
            until: key.fresh_until(now),
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

fn after(time: Timestamp, duration: SignedDuration) -> Timestamp {
    time.saturating_add(duration).unwrap_or(time)
}
