use std::sync::atomic::{AtomicU32, Ordering};

use super::*;

async fn three_effects(effects: &Effects, happened: &AtomicU32) -> Result<()> {
    for name in ["one", "two", "three"] {
        let effect = async {
            happened.fetch_add(1, Ordering::SeqCst);
            Ok(())
        };
        effects.apply(name, effect).await?;
    }
    Ok(())
}

async fn run(fault: Fault) -> (Option<Result<()>>, u32, Effects) {
    let effects = Effects::new(FaultPlan::at(1, fault));
    let happened = AtomicU32::new(0);
    let outcome = effects
        .until_crash(three_effects(&effects, &happened))
        .await;
    (outcome, happened.into_inner(), effects)
}

#[tokio::test]
async fn effects_without_a_plan_all_happen_and_are_numbered() {
    let effects = Effects::default();
    let happened = AtomicU32::new(0);

    three_effects(&effects, &happened).await.unwrap();

    assert_eq!(happened.into_inner(), 3);
    assert_eq!(effects.begun(), ["one", "two", "three"]);
}

#[tokio::test]
async fn failure_before_an_effect_prevents_it() {
    let (outcome, happened, _) = run(Fault::FailBefore).await;

    assert_eq!(outcome.unwrap().unwrap_err().code(), "unavailable");
    assert_eq!(happened, 1);
}

#[tokio::test]
async fn failure_after_an_effect_only_loses_its_answer() {
    let (outcome, happened, _) = run(Fault::FailAfter).await;

    assert!(outcome.unwrap().is_err());
    assert_eq!(happened, 2);
}

#[tokio::test(start_paused = true)]
async fn delayed_effect_happens_later() {
    let begun = tokio::time::Instant::now();

    let (outcome, happened, _) = run(Fault::Delay(Duration::from_secs(7))).await;

    assert!(outcome.unwrap().is_ok());
    assert_eq!((happened, begun.elapsed()), (3, Duration::from_secs(7)));
}

#[tokio::test]
async fn crash_before_an_effect_ends_the_work_without_it() {
    let (outcome, happened, effects) = run(Fault::CrashBefore).await;

    assert!(outcome.is_none() && effects.has_crashed());
    assert_eq!(happened, 1);
}

#[tokio::test]
async fn crash_after_an_effect_ends_the_work_with_it() {
    let (outcome, happened, _) = run(Fault::CrashAfter).await;

    assert!(outcome.is_none());
    assert_eq!(happened, 2);
}

#[derive(Debug, Default)]
struct Noted(Mutex<Vec<String>>);

impl Watch for Noted {
    fn before(&self, number: u32, effect: &'static str) {
        self.0
            .lock()
            .unwrap()
            .push(format!("before {number} {effect}"));
    }

    fn after(&self, number: u32, effect: &'static str) {
        self.0
            .lock()
            .unwrap()
            .push(format!("after {number} {effect}"));
    }
}

#[tokio::test]
async fn watch_is_told_of_every_effect_before_and_after_it() {
    let noted = Arc::new(Noted::default());
    let effects = Effects::watched(Arc::<Noted>::clone(&noted));

    three_effects(&effects, &AtomicU32::new(0)).await.unwrap();

    assert_eq!(
        *noted.0.lock().unwrap(),
        [
            "before 0 one",
            "after 0 one",
            "before 1 two",
            "after 1 two",
            "before 2 three",
            "after 2 three"
        ]
    );
}
