//! The key service does not answer for longer than opened keys are kept.

use super::own_key::own_key;
use super::*;

/// The place of a person's password.
fn password() -> Binding {
    let user = "usr_00000000000000000000000001";
    Binding::new(ROOT_TENANT, user, Purpose::PasswordHash, 1)
}

impl Bench {
    fn is_down(&self, is_down: bool) {
        self.keys.is_down.store(is_down, Ordering::SeqCst);
    }
}

/// An instance that opened the key of this place, and what it sealed there.
async fn opened(bench: &Bench, place: &Binding) -> (Envelope, Sealed) {
    let envelope = bench.envelope();
    let sealed = envelope.seal(place, b"secret").await.unwrap();
    (envelope, sealed)
}

#[tokio::test]
async fn f_11_platform_key_is_used_for_an_hour_while_nobody_answers() {
    let bench = Bench::new();
    let (envelope, sealed) = opened(&bench, &password()).await;
    bench.is_down(true);

    for _ in 0..11 {
        bench.clock.advance(300);
        assert!(envelope.open(&password(), &sealed).await.is_ok());
        assert!(envelope.seal(&password(), b"another").await.is_ok());
        assert!(envelope.ready(ROOT_TENANT).await.is_ok());
    }
    bench.clock.advance(299);
    assert!(envelope.open(&password(), &sealed).await.is_ok());
    bench.clock.advance(1);

    let error = envelope.open(&password(), &sealed).await.unwrap_err();
    assert_eq!(error.code(), "unavailable");
    let error = envelope.ready(ROOT_TENANT).await.unwrap_err();
    assert_eq!(error.code(), "unavailable");
}

#[tokio::test]
async fn key_service_that_does_not_answer_is_asked_twice_a_minute() {
    let bench = Bench::new();
    let (envelope, sealed) = opened(&bench, &password()).await;
    bench.is_down(true);
    bench.clock.advance(300);
    bench.keys.calls();

    for _ in 0..60 {
        envelope.open(&password(), &sealed).await.unwrap();
        bench.clock.advance(1);
    }

    assert_eq!(bench.keys.calls(), 2);
}

#[tokio::test]
async fn key_service_that_is_back_begins_another_hour() {
    let bench = Bench::new();
    let (envelope, sealed) = opened(&bench, &password()).await;
    bench.is_down(true);
    bench.clock.advance(3_540);
    envelope.open(&password(), &sealed).await.unwrap();
    bench.is_down(false);
    bench.clock.advance(30);
    envelope.open(&password(), &sealed).await.unwrap();
    bench.is_down(true);

    bench.clock.advance(3_599);

    assert!(envelope.open(&password(), &sealed).await.is_ok());
}

#[tokio::test]
async fn platform_key_that_is_refused_ends_with_its_five_minutes_and_stays_ended() {
    let bench = Bench::new();
    let (envelope, sealed) = opened(&bench, &password()).await;
    bench.keys.refuses_all.store(true, Ordering::SeqCst);
    bench.clock.advance(300);

    let refused = envelope.open(&password(), &sealed).await.unwrap_err();
    bench.is_down(true);
    let afterwards = envelope.open(&password(), &sealed).await.unwrap_err();
    let sealing = envelope.seal(&password(), b"another").await.unwrap_err();

    assert_eq!(refused.code(), "internal");
    let unanswered = ("unavailable", "unavailable");
    assert_eq!((afterwards.code(), sealing.code()), unanswered);
}

#[tokio::test]
async fn keys_of_tenants_end_with_their_five_minutes_though_nobody_answers() {
    let bench = Bench::new();
    let own = [place(1), password()];
    for place in &own {
        bench.name(place.tenant, own_key());
    }
    for place in own.into_iter().chain([place(2)]) {
        let (envelope, sealed) = opened(&bench, &place).await;
        bench.is_down(true);
        bench.clock.advance(299);
        assert!(envelope.open(&place, &sealed).await.is_ok());
        bench.clock.advance(1);

        let error = envelope.open(&place, &sealed).await.unwrap_err();

        assert_eq!(error.code(), "unavailable", "{place:?}");
        bench.is_down(false);
    }
}

#[tokio::test]
async fn f_11_key_that_is_ready_outlasts_what_is_begun_with_it_though_nobody_answers_by_then() {
    let (bench, here) = (Bench::new(), place(1));
    let (envelope, sealed) = opened(&bench, &here).await;
    bench.clock.advance(241);
    envelope.ready(here.tenant).await.unwrap();
    bench.is_down(true);

    bench.clock.advance(59);
    assert!(envelope.seal(&here, b"from the network").await.is_ok());

    bench.is_down(false);
    bench.clock.advance(240);
    for _ in 0..950 {
        envelope.open(&here, &sealed).await.unwrap();
    }
    envelope.ready(here.tenant).await.unwrap();
    bench.is_down(true);

    for _ in 0..100 {
        assert!(envelope.seal(&here, b"from the network").await.is_ok());
    }
}

#[tokio::test]
async fn f_11_key_that_is_about_to_end_is_not_ready_while_nobody_answers_and_is_used_to_its_end() {
    let (bench, here) = (Bench::new(), place(1));
    let (envelope, sealed) = opened(&bench, &here).await;
    let (worn, worn_sealed) = opened(&bench, &here).await;
    bench.is_down(true);

    for _ in 0..899 {
        worn.open(&here, &worn_sealed).await.unwrap();
    }
    assert!(worn.ready(here.tenant).await.is_ok(), "100 uses are left");
    worn.open(&here, &worn_sealed).await.unwrap();
    bench.clock.advance(240);
    assert!(
        envelope.ready(here.tenant).await.is_ok(),
        "a minute is left"
    );
    bench.clock.advance(1);

    for envelope in [&envelope, &worn] {
        let error = envelope.ready(here.tenant).await.unwrap_err();
        assert_eq!(error.code(), "unavailable");
        assert!(envelope.open(&here, &sealed).await.is_ok());
        assert!(envelope.seal(&here, b"another").await.is_ok());
    }
}

#[tokio::test]
async fn platform_key_is_not_opened_early_for_it_outlasts_an_outage() {
    let bench = Bench::new();
    let (envelope, _) = opened(&bench, &password()).await;
    bench.keys.calls();

    bench.clock.advance(299);
    envelope.ready(ROOT_TENANT).await.unwrap();
    assert_eq!(bench.keys.calls(), 0);
    bench.is_down(true);
    for _ in 0..60 {
        bench.clock.advance(1);
        envelope.ready(ROOT_TENANT).await.unwrap();
    }

    assert_eq!(bench.keys.calls(), 2);
}
