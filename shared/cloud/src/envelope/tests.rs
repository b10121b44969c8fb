use std::collections::BTreeMap;
use std::pin::Pin;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use async_trait::async_trait;
use domain::tenant_key::KeyFuture;
use domain::{KeyRefusal, WrappingKey};
use jiff::{SignedDuration, Timestamp};

use super::*;
use crate::clock::SystemRandom;
use crate::keys::{DataKey, KEY_BYTES, PlainKey};

mod outage;
mod own_key;
mod rotation;

#[derive(Debug)]
struct MovedClock(Mutex<Timestamp>);

impl MovedClock {
    fn advance(&self, seconds: i64) {
        *self.0.lock().unwrap() += SignedDuration::from_secs(seconds);
    }
}

impl Clock for MovedClock {
    fn now(&self) -> Timestamp {
        *self.0.lock().unwrap()
    }

    fn wait_until(&self, _: Timestamp) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        Box::pin(std::future::pending())
    }
}

/// Opens a wrapped key only in the context of its making, as the key service does, and counts its calls.
#[derive(Debug, Default)]
struct CountingKeys {
    made: Mutex<BTreeMap<Vec<u8>, (WrappingKey, KeyContext, PlainKey)>>,
    calls: AtomicUsize,
    is_down: AtomicBool,
    refuses_all: AtomicBool,
    refuses_own: AtomicBool,
}

impl CountingKeys {
    fn call(&self, under: &WrappingKey) -> Result<()> {
        self.calls.fetch_add(1, Ordering::SeqCst);
        if self.is_down.load(Ordering::SeqCst) {
            return Err(Error::unavailable("the key service", "throttled"));
        }
        if self.refuses_all.load(Ordering::SeqCst) {
            return Err(Error::internal("a service refused our call", "disabled"));
        }
        if under.own().is_some() && self.refuses_own.load(Ordering::SeqCst) {
            return Err(Error::OwnKeyRefused {
                refusal: KeyRefusal::Disabled,
                cause: None,
            });
        }
        Ok(())
    }

    fn calls(&self) -> usize {
        self.calls.swap(0, Ordering::SeqCst)
    }
}

#[async_trait]
impl KeyService for CountingKeys {
    async fn generate_data_key(
        &self,
        under: &WrappingKey,
        context: &KeyContext,
    ) -> Result<DataKey> {
        self.call(under)?;
        let mut bytes = [0; KEY_BYTES];
        SystemRandom.fill(&mut bytes);
        let plain = PlainKey::from_slice(&bytes).unwrap();
        let mut made = self.made.lock().unwrap();
        let wrapped = format!("wrapped {}", made.len()).into_bytes();
        let entry = (under.clone(), context.clone(), plain.clone());
        made.insert(wrapped.clone(), entry);
        Ok(DataKey { plain, wrapped })
    }

    async fn decrypt(
        &self,
        under: &WrappingKey,
        wrapped: &[u8],
        context: &KeyContext,
    ) -> Result<PlainKey> {
        self.call(under)?;
        match self.made.lock().unwrap().get(wrapped) {
            Some((made_under, made_for, plain)) if made_for == context && made_under == under => {
                Ok(plain.clone())
            }
            _ => Err(Error::corrupt("tenant key", "wrong context")),
        }
    }
}

#[derive(Debug, Default)]
struct StoredKeys(
    Mutex<BTreeMap<(TenantId, u32), WrappedTenantKey>>,
    Mutex<BTreeMap<TenantId, WrappingKey>>,
);

impl StoredKeys {
    fn shred(&self, tenant: TenantId) {
        self.0.lock().unwrap().retain(|(of, _), _| *of != tenant);
    }
}

impl TenantKeySource for StoredKeys {
    fn current(&self, tenant: TenantId) -> KeyFuture<'_, Option<WrappedTenantKey>> {
        let keys = self.0.lock().unwrap();
        let last = keys.range((tenant, 0)..=(tenant, u32::MAX)).next_back();
        let last = last.map(|(_, key)| key.clone());
        Box::pin(async { Ok(last) })
    }

    fn version(&self, tenant: TenantId, version: u32) -> KeyFuture<'_, Option<WrappedTenantKey>> {
        let key = self.0.lock().unwrap().get(&(tenant, version)).cloned();
        Box::pin(async { Ok(key) })
    }

    fn create(&self, tenant: TenantId, key: WrappedTenantKey) -> KeyFuture<'_, WrappedTenantKey> {
        let mut keys = self.0.lock().unwrap();
        let stored = keys.entry((tenant, key.version)).or_insert(key).clone();
        Box::pin(async { Ok(stored) })
    }

    fn wrapping_key(&self, tenant: TenantId) -> KeyFuture<'_, WrappingKey> {
        let named = self.1.lock().unwrap().get(&tenant).cloned();
        Box::pin(async { Ok(named.unwrap_or(WrappingKey::Product)) })
    }
}

struct Bench {
    clock: Arc<MovedClock>,
    keys: Arc<CountingKeys>,
    stored: Arc<StoredKeys>,
}

impl Bench {
    fn new() -> Self {
        Self {
            clock: Arc::new(MovedClock(Mutex::new(Timestamp::UNIX_EPOCH))),
            keys: Arc::default(),
            stored: Arc::default(),
        }
    }

    /// One instance of a function; several share the key service and the table.
    fn envelope(&self) -> Envelope {
        self.envelope_of("production")
    }

    fn envelope_of(&self, environment: &str) -> Envelope {
        Envelope::new(
            Arc::<CountingKeys>::clone(&self.keys),
            Arc::<StoredKeys>::clone(&self.stored),
            Arc::<MovedClock>::clone(&self.clock),
            Arc::new(SystemRandom),
            environment,
        )
    }
}

fn place(tenant: u8) -> Binding {
    let tenant = format!("ten_0000000000000000000000000{tenant}");
    Binding::new(
        tenant.parse().unwrap(),
        "acc_00000000000000000000000001",
        Purpose::AccountCredential,
        1,
    )
}

fn cause(error: &Error) -> Option<OpenError> {
    let Error::Corrupt { cause, .. } = error else {
        return None;
    };
    cause.as_ref()?.downcast_ref().copied()
}

#[tokio::test]
async fn secret_sealed_by_one_instance_opens_in_another() {
    let bench = Bench::new();

    let sealed = bench.envelope().seal(&place(1), b"secret").await.unwrap();
    let opened = bench.envelope().open(&place(1), &sealed).await.unwrap();

    assert_eq!(*opened, b"secret");
}

#[tokio::test]
async fn first_secrets_sealed_at_once_share_the_key_that_was_stored_first() {
    let bench = Bench::new();
    let (one, two) = (bench.envelope(), bench.envelope());
    let (here, context) = (place(1), one.context(place(1).tenant, FIRST_VERSION));
    // Another instance stores its key between this one's look and its creation.
    let under = WrappingKey::Product;
    let other = bench.keys.generate_data_key(&under, &context).await;
    let other = other.unwrap();
    let winner = WrappedTenantKey {
        version: FIRST_VERSION,
        wrapped: other.wrapped,
        made_at: Timestamp::UNIX_EPOCH,
        wrapped_by: under,
    };
    bench.stored.create(here.tenant, winner).await.unwrap();

    let late = one.first_key(here.tenant).await.unwrap();
    let sealed = two.seal(&here, b"secret").await.unwrap();

    assert_eq!(late.plain.expose(), other.plain.expose());
    assert!(one.open(&here, &sealed).await.is_ok());
}

#[tokio::test]
async fn key_of_another_environment_is_refused_by_the_key_service() {
    let bench = Bench::new();
    let sealed = bench.envelope().seal(&place(1), b"secret").await.unwrap();

    let error = bench
        .envelope_of("staging")
        .open(&place(1), &sealed)
        .await
        .unwrap_err();

    assert_eq!(error.code(), "internal");
}

#[tokio::test]
async fn opened_key_is_used_again_for_five_minutes() {
    let bench = Bench::new();
    let sealed = bench.envelope().seal(&place(1), b"secret").await.unwrap();
    let envelope = bench.envelope();
    bench.keys.calls();

    envelope.open(&place(1), &sealed).await.unwrap();
    bench.clock.advance(299);
    envelope.open(&place(1), &sealed).await.unwrap();
    assert_eq!(bench.keys.calls(), 1);
    bench.clock.advance(1);
    envelope.open(&place(1), &sealed).await.unwrap();

    assert_eq!(bench.keys.calls(), 1);
}

#[tokio::test]
async fn opened_key_is_used_a_thousand_times() {
    let bench = Bench::new();
    let sealed = bench.envelope().seal(&place(1), b"secret").await.unwrap();
    let envelope = bench.envelope();
    bench.keys.calls();

    for _ in 0..1000 {
        envelope.open(&place(1), &sealed).await.unwrap();
    }
    assert_eq!(bench.keys.calls(), 1);
    envelope.open(&place(1), &sealed).await.unwrap();

    assert_eq!(bench.keys.calls(), 1);
}

#[tokio::test]
async fn opened_key_is_used_a_thousand_times_for_sealing_and_opening_together() {
    let bench = Bench::new();
    let sealed = bench.envelope().seal(&place(1), b"secret").await.unwrap();
    let envelope = bench.envelope();
    bench.keys.calls();

    for _ in 0..500 {
        envelope.seal(&place(1), b"another").await.unwrap();
        envelope.open(&place(1), &sealed).await.unwrap();
    }
    assert_eq!(bench.keys.calls(), 1);
    envelope.open(&place(1), &sealed).await.unwrap();

    assert_eq!(bench.keys.calls(), 1);
}

#[tokio::test]
async fn opened_key_of_a_tenant_never_answers_for_another() {
    let bench = Bench::new();
    let envelope = bench.envelope();
    let sealed = envelope.seal(&place(1), b"secret").await.unwrap();
    envelope.seal(&place(2), b"other").await.unwrap();

    let error = envelope.open(&place(2), &sealed).await.unwrap_err();

    assert_eq!(cause(&error), Some(OpenError::WrongPlace));
}

#[tokio::test]
async fn f_11_key_service_that_is_down_postpones_and_leaves_nothing_in_the_clear() {
    let bench = Bench::new();
    let envelope = bench.envelope();
    let sealed = envelope.seal(&place(1), b"secret").await.unwrap();
    bench.keys.is_down.store(true, Ordering::SeqCst);
    bench.clock.advance(300);
    bench.keys.calls();

    let opening = envelope.open(&place(1), &sealed).await.unwrap_err();
    let sealing = envelope.seal(&place(2), b"other").await.unwrap_err();

    assert_eq!(
        (opening.code(), sealing.code()),
        ("unavailable", "unavailable")
    );
    assert_eq!(bench.keys.calls(), 2);
    assert!(
        bench
            .stored
            .0
            .lock()
            .unwrap()
            .keys()
            .all(|(tenant, _)| *tenant == place(1).tenant)
    );
}

#[tokio::test]
async fn secrets_of_a_shredded_tenant_never_open_again() {
    let bench = Bench::new();
    let shredded = bench.envelope().seal(&place(1), b"secret").await.unwrap();
    let kept = bench.envelope().seal(&place(2), b"other").await.unwrap();

    bench.stored.shred(place(1).tenant);
    let gone = bench
        .envelope()
        .open(&place(1), &shredded)
        .await
        .unwrap_err();
    // A new key of the same tenant does not bring them back.
    bench.envelope().seal(&place(1), b"new").await.unwrap();
    let still_gone = bench
        .envelope()
        .open(&place(1), &shredded)
        .await
        .unwrap_err();

    assert_eq!(cause(&gone), Some(OpenError::KeyGone));
    assert_eq!(cause(&still_gone), Some(OpenError::WrongPlace));
    assert_eq!(
        *bench.envelope().open(&place(2), &kept).await.unwrap(),
        b"other"
    );
}

#[tokio::test]
async fn secrets_and_keys_are_never_shown() {
    let bench = Bench::new();
    let envelope = bench.envelope();
    let sealed = envelope.seal(&place(1), b"canary").await.unwrap();
    let elsewhere = Binding {
        version: 2,
        ..place(1)
    };
    let error = envelope.open(&elsewhere, &sealed).await.unwrap_err();
    let plain = PlainKey::from_slice(&[b'K'; KEY_BYTES]).unwrap();

    let shown = format!("{envelope:?} {sealed:?} {error:?} {error} {plain:?}");

    let keys = bench.keys.made.lock().unwrap();
    let (_, _, key) = keys.values().next().unwrap();
    assert!(!shown.contains("canary"));
    assert!(!shown.contains("KKKK") && !shown.contains("75, 75"));
    assert!(!shown.contains(&format!("{:?}", key.expose())));
}

#[tokio::test]
async fn secret_that_is_too_long_is_refused() {
    let bench = Bench::new();

    let error = bench
        .envelope()
        .seal(&place(1), &vec![0; SECRET_BYTES_MAX + 1])
        .await
        .unwrap_err();

    assert_eq!(error.code(), "internal");
    assert_eq!(bench.keys.calls(), 0);
}

#[tokio::test]
async fn key_service_that_is_down_stops_what_is_not_opened_yet_until_it_is_back() {
    let bench = Bench::new();
    let envelope = bench.envelope();
    let sealed = envelope.seal(&place(1), b"secret").await.unwrap();
    bench.keys.is_down.store(true, Ordering::SeqCst);

    let opened = envelope.open(&place(1), &sealed).await;
    let elsewhere = envelope.seal(&place(2), b"secret").await;
    bench.clock.advance(5 * 60);
    let later = envelope.open(&place(1), &sealed).await;
    bench.keys.is_down.store(false, Ordering::SeqCst);
    let back = envelope.open(&place(1), &sealed).await;

    assert!(opened.is_ok(), "an opened key goes on");
    assert!(matches!(elsewhere, Err(Error::Unavailable { .. })));
    assert!(matches!(later, Err(Error::Unavailable { .. })));
    assert_eq!(*back.unwrap(), b"secret");
}
