//! A process that dies before or after any of its writes leaves an export or an import that the next one makes.

use cloud::faults::{Effects, Fault, FaultPlan};
use domain::delivery::State;
use domain::import::ImportState;

use crate::world::{PIXELS, PostPlan, VOLUME, World, writes};

const ADA: &str = "ada@example.com";

#[tokio::test]
async fn export_that_dies_at_any_write_is_made_by_the_next_run() {
    let world = World::new().await;
    let ada = world.furnished(ADA).await;
    // Two volumes.
    world.media(&ada, &[7; VOLUME]).await;
    let counted = Effects::default();
    let undisturbed = world.request(&ada).await;
    transfers::run(&world.start(&counted)).await.unwrap();
    let expected = world.bundle(&ada, undisturbed).await;
    let effects = counted.begun();
    let (last, _) = writes(&effects).last().unwrap();
    assert_eq!(world.mailbox.to(ADA).len(), 1);
    assert!(effects.len() > 20, "{effects:?}");

    for (number, effect) in writes(&effects) {
        for fault in [Fault::CrashBefore, Fault::CrashAfter] {
            let place = format!("{fault:?} effect {number} ({effect})");
            let id = world.request(&ada).await;
            let told = world.mailbox.to(ADA).len();
            let plan = FaultPlan::at(u32::try_from(number).unwrap(), fault);
            let effects = Effects::new(plan);
            let dying = world.start(&effects);
            let _ = effects.until_crash(Box::pin(transfers::run(&dying))).await;
            world.next_run().await;

            let bundle = world.bundle(&ada, id).await;
            assert_eq!(bundle.files, expected.files, "{place}");
            // Whoever died after the last volume left the mail to the dispatcher.
            world.send_owed().await;
            let mails = world.mailbox.to(ADA).len() - told;
            // The last write says that the mail is out: who dies right before has sent it, and nobody can know.
            let is_sent_again = number == last && fault == Fault::CrashBefore;
            assert_eq!(mails, if is_sent_again { 2 } else { 1 }, "{place}");
        }
    }
}

#[tokio::test]
async fn import_that_dies_at_any_write_is_made_once_by_the_next_run() {
    let world = World::new().await;
    let ada = world.owner("ada@example.com").await;
    let plans = [State::Published, State::Draft].map(|state| PostPlan {
        text: format!("{state:?}"),
        states: vec![state],
        has_media: true,
    });
    world.furnish(&ada, PIXELS, &plans).await;
    let volumes = world.exported(&ada).await;
    let undisturbed = world.owner("first@example.com").await;
    let id = world.announce(&undisturbed, &volumes).await;
    world.check(&undisturbed, id).await;
    world.begin(&undisturbed, id, ImportState::Importing).await;
    let counted = Effects::default();
    transfers::run(&world.start(&counted)).await.unwrap();
    let done = world.import_of(&undisturbed, id).await;
    assert_eq!(done.state, ImportState::Done);
    let used = world.usage(&undisturbed).await;
    let effects = counted.begun();
    assert!(effects.len() > 15, "{effects:?}");

    for (number, effect) in writes(&effects) {
        for fault in [Fault::CrashBefore, Fault::CrashAfter] {
            let place = format!("{fault:?} effect {number} ({effect})");
            let owner = world.owner(&format!("{number}{fault:?}@example.com")).await;
            let id = world.announce(&owner, &volumes).await;
            world.begin(&owner, id, ImportState::Importing).await;
            let objects = world.objects.count();
            let plan = FaultPlan::at(u32::try_from(number).unwrap(), fault);
            let effects = Effects::new(plan);
            let dying = world.start(&effects);
            let _ = effects.until_crash(Box::pin(transfers::run(&dying))).await;
            let named = world.media_of(&owner).await.len();
            assert!(
                world.objects.count() - objects <= named,
                "{place}: bytes that nothing names"
            );
            world.next_run().await;

            let media = world.media_of(&owner).await;
            let ready = media.iter().filter(|one| one.media.facts().is_some());
            assert_eq!((media.len(), ready.count()), (1, 1), "{place}");
            let import = world.import_of(&owner, id).await;
            assert_eq!(import.state, ImportState::Done, "{place}");
            assert_eq!(import.counts, done.counts, "{place}");
            assert_eq!(world.usage(&owner).await, used, "{place}");
            assert_eq!(world.posts_of(&owner).await.len(), 2, "{place}");
        }
    }
}
