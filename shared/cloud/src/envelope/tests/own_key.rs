//! A tenant's own key in the place of the product's.

use super::*;

pub(super) fn own_key() -> WrappingKey {
    let arn = "arn:aws:kms:eu-central-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";
    WrappingKey::Own(arn.parse().unwrap())
}

impl Bench {
    pub(super) fn name(&self, tenant: TenantId, key: WrappingKey) {
        self.stored.1.lock().unwrap().insert(tenant, key);
    }
}

#[tokio::test]
async fn first_key_is_wrapped_by_the_key_that_the_tenant_named() {
    let bench = Bench::new();
    bench.name(place(1).tenant, own_key());

    let own = bench.envelope().seal(&place(1), b"secret").await.unwrap();
    bench.envelope().seal(&place(2), b"other").await.unwrap();

    let opened = bench.envelope().open(&place(1), &own).await.unwrap();
    assert_eq!(*opened, b"secret");
    let stored = bench.stored.0.lock().unwrap();
    let under = |tenant| &stored[&(tenant, 1)].wrapped_by;
    assert_eq!(*under(place(1).tenant), own_key());
    assert_eq!(*under(place(2).tenant), WrappingKey::Product);
}

#[tokio::test]
async fn own_key_that_is_refused_holds_up_nobody_else_and_works_once_it_is_back() {
    let bench = Bench::new();
    bench.name(place(1).tenant, own_key());
    let own = bench.envelope().seal(&place(1), b"secret").await.unwrap();
    let other = bench.envelope().seal(&place(2), b"other").await.unwrap();
    let envelope = bench.envelope();
    bench.keys.refuses_own.store(true, Ordering::SeqCst);
    bench.keys.calls();

    let mut refusals = Vec::new();
    for _ in 0..100 {
        refusals.push(envelope.open(&place(1), &own).await.unwrap_err().code());
    }
    let asked = bench.keys.calls();
    let unaffected = envelope.open(&place(2), &other).await;
    bench.keys.refuses_own.store(false, Ordering::SeqCst);
    bench.clock.advance(cache::REFUSED.as_secs());
    let back = envelope.open(&place(1), &own).await;

    assert_eq!(refusals, ["encryption_key_refused"; 100]);
    assert_eq!(asked, 1, "one call for all that wait");
    assert_eq!(*unaffected.unwrap(), b"other");
    assert_eq!(*back.unwrap(), b"secret");
}

#[tokio::test]
async fn own_key_that_is_disabled_stops_working_within_five_minutes() {
    let bench = Bench::new();
    bench.name(place(1).tenant, own_key());
    let envelope = bench.envelope();
    let sealed = envelope.seal(&place(1), b"secret").await.unwrap();
    bench.keys.refuses_own.store(true, Ordering::SeqCst);

    bench.clock.advance(299);
    assert!(envelope.open(&place(1), &sealed).await.is_ok());
    bench.clock.advance(1);

    let error = envelope.open(&place(1), &sealed).await.unwrap_err();
    assert_eq!(error.code(), "encryption_key_refused");
}
