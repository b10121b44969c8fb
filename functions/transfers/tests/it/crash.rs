//! A process that dies before or after any of its writes leaves an export that the next one makes.

use cloud::faults::{Effects, Fault, FaultPlan};

use crate::world::{VOLUME, World, writes};

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
    let mut mails = 1;
    assert!(effects.len() > 20, "{effects:?}");

    for (number, effect) in writes(&effects) {
        for fault in [Fault::CrashBefore, Fault::CrashAfter] {
            let place = format!("{fault:?} effect {number} ({effect})");
            let id = world.request(&ada).await;
            let plan = FaultPlan::at(u32::try_from(number).unwrap(), fault);
            let effects = Effects::new(plan);
            let dying = world.start(&effects);
            let _ = effects.until_crash(transfers::run(&dying)).await;
            world.run().await;

            let bundle = world.bundle(&ada, id).await;
            assert_eq!(bundle.files, expected.files, "{place}");
            mails += 1;
        }
    }

    // Whoever died after the last volume left the mail to the dispatcher.
    assert!(world.mailbox.to(ADA).len() <= mails);
}
