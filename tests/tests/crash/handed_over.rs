//! A mail about something of a person who has left is handed to the tenant's owners: whoever dies on the way, each of them
//! gets it, and only once unless somebody dies between sending it and noting so.

use cloud::faults::{Effects, Fault, FaultPlan};
use domain::membership::{AccountLimit, Role};
use domain::notice::NoticeCause;
use domain::{Clock as _, NoticeId, UserId};
use store::notices::notice;
use testkit::TestMember;
use testkit::http::{colleague, register};

use crate::READ_BACK;
use crate::life::send_owed_mails;
use crate::world::{AUTHOR, World};

/// What writes of it, one way or another: one transaction, and a note for each of two owners.
const WRITES: [&str; 3] = ["TransactWriteItems", "DeleteItem", "DeleteItem"];

/// Somebody else owns the tenant, too, and a mail is owed to whoever is no member any more.
async fn leave(world: &World) -> (TestMember, NoticeId) {
    let (table, clock, member) = (&world.table, &world.clock, &world.member);
    let role = Role::Owner.into();
    let second = colleague(table, clock, member, role, AccountLimit::Unlimited).await;
    register(table, clock, &second).await;
    let cause = NoticeCause::ReconnectNeeded {
        account: world.account.parse().unwrap(),
        credential_version: 1,
    };
    let gone = UserId::generate(table.ids());
    let owed = notice(Some(member.tenant), gone, cause, clock.now()).unwrap();
    table.system().owe(&owed).await.unwrap();
    (second, owed.id)
}

/// How many mails each owner has in the end, and the effects that the first process began.
async fn play(plan: FaultPlan) -> ([usize; 2], Vec<&'static str>) {
    let world = World::new(READ_BACK).await;
    let (second, owed) = leave(&world).await;
    let effects = Effects::new(plan);
    let first = world.start(effects.clone());
    let sending = first.upkeep.reconciler.notifier.send_owed(owed);
    effects.until_crash(sending).await;

    let next = world.start(Effects::default());
    for _ in 0..2 {
        send_owed_mails(&world, &next).await;
    }

    let system = world.table.system();
    assert_eq!(system.owed_notice(owed).await.unwrap(), None);
    let addresses = [AUTHOR.to_owned(), format!("{}@example.com", second.user)];
    let mails = addresses.map(|address| world.mailbox.to(&address).len());
    (mails, effects.begun())
}

#[tokio::test]
async fn mail_of_somebody_who_left_reaches_each_owner_wherever_its_handing_over_dies_or_fails() {
    let (mails, effects) = play(FaultPlan::none()).await;
    assert_eq!(mails, [1, 1]);
    let is_write = |effect: &&str| WRITES.contains(effect);
    let writes: Vec<&str> = effects.iter().copied().filter(is_write).collect();
    assert_eq!(writes, WRITES, "{effects:?}");

    for (number, effect) in effects.iter().enumerate() {
        if !is_write(effect) {
            continue;
        }
        for fault in [
            Fault::CrashBefore,
            Fault::CrashAfter,
            Fault::FailBefore,
            Fault::FailAfter,
        ] {
            let (mails, _) = play(FaultPlan::at(u32::try_from(number).unwrap(), fault)).await;
            let place = format!("{fault:?} effect {number} ({effect})");
            // Sent, and not noted: that mail comes twice, which is better than never.
            let is_unnoted =
                *effect == "DeleteItem" && matches!(fault, Fault::CrashBefore | Fault::FailBefore);
            assert!(!mails.contains(&0), "{place}: {mails:?}");
            let sent = mails.iter().sum::<usize>();
            assert_eq!(sent, 2 + usize::from(is_unnoted), "{place}: {mails:?}");
        }
    }
}
