//! Another key in the place of a tenant's.

use super::*;

#[tokio::test]
async fn secret_that_is_sealed_anew_opens_under_the_new_key_without_the_old_one() {
    let bench = Bench::new();
    let (here, envelope) = (place(1), bench.envelope());
    let old = envelope.seal(&here, b"secret").await.unwrap();
    let key = envelope.new_key(here.tenant, 2).await.unwrap();
    bench.stored.create(here.tenant, key).await.unwrap();

    let new = envelope.reseal(&here, &old, 2).await.unwrap();

    let versions = [&old, &new].map(|sealed| Envelope::key_version(sealed).unwrap());
    assert_eq!(versions, [1, 2]);
    // Whoever has opened the old key seals under it for a while; everybody opens both.
    let late = envelope.seal(&here, b"secret").await.unwrap();
    assert_eq!(Envelope::key_version(&late).unwrap(), 1);
    assert!(bench.envelope().open(&here, &old).await.is_ok());
    bench.stored.0.lock().unwrap().remove(&(here.tenant, 1));
    assert_eq!(
        *bench.envelope().open(&here, &new).await.unwrap(),
        b"secret"
    );
    assert!(bench.envelope().open(&here, &old).await.is_err());
}

#[tokio::test]
async fn new_key_is_used_by_everybody_within_five_minutes() {
    let bench = Bench::new();
    let (here, envelope) = (place(1), bench.envelope());
    envelope.seal(&here, b"secret").await.unwrap();
    let key = envelope.new_key(here.tenant, 2).await.unwrap();
    bench.stored.create(here.tenant, key).await.unwrap();

    bench.clock.advance(5 * 60);

    let sealed = envelope.seal(&here, b"secret").await.unwrap();
    assert_eq!(Envelope::key_version(&sealed).unwrap(), 2);
}
