//! Mails about posts of somebody who has left.

use std::sync::Arc;

use domain::delivery::DeliveryKey;
use domain::delivery::decisions::on_start;
use domain::membership::{AccountLimit, Role};
use domain::notice::NoticeCause;
use domain::{AccountId, Clock as _, UserId};
use engine::Notifier;
use futures::future::join_all;
use jiff::{SignedDuration, Timestamp};
use store::notices::notice;
use store::{AttentionWork, Step};
use testkit::http::{colleague, register};
use testkit::posts::{Owner, scheduled};
use testkit::{Mailbox, TestMember, member};

use crate::world::{DUE, World};

/// A tenant with two owners, and what it has of somebody who deleted their account: neither a member nor a person.
struct Left {
    world: World,
    owners: [TestMember; 2],
    author: Owner,
    mailbox: Mailbox,
    notifier: Notifier,
}

impl Left {
    async fn new() -> Self {
        let world = World::new().await;
        let (table, clock) = (&world.table, &world.clock);
        let founder = member(table, clock, Role::Owner).await;
        let role = Role::Owner.into();
        let second = colleague(table, clock, &founder, role, AccountLimit::Unlimited).await;
        let owners = [founder, second];
        for owner in &owners {
            register(table, clock, owner).await;
        }
        let author = Owner {
            scope: owners[0].scope.clone(),
            user: UserId::generate(table.ids()),
            ..world.owner().await
        };
        let mailbox = Mailbox::default();
        let notifier = Notifier {
            mailer: Arc::new(mailbox.clone()),
            ..world.ctx.reconciler.notifier.clone()
        };
        Self {
            world,
            owners,
            author,
            mailbox,
            notifier,
        }
    }

    /// How many mails each owner has.
    fn mails(&self) -> [usize; 2] {
        let of = |owner: &TestMember| format!("{}@example.com", owner.user);
        [0, 1].map(|one| self.mailbox.to(&of(&self.owners[one])).len())
    }

    /// Whoever reconciles comes by.
    async fn reconcile(&self) {
        self.world.clock.advance(SignedDuration::from_mins(5));
        let (system, now) = (self.world.table.system(), self.world.clock.now());
        for entry in system.attention(0, now, 200).await.unwrap() {
            if let AttentionWork::Notice(id) = entry.work {
                self.notifier.send_owed(id).await.unwrap();
            }
        }
    }

    /// A post of theirs is missed.
    async fn miss(&self) {
        let due: Timestamp = DUE.parse().unwrap();
        let (table, clock) = (&self.world.table, &self.world.clock);
        let delivery = scheduled(table, clock, &self.author, due).await;
        let late = due.saturating_add(SignedDuration::from_hours(1)).unwrap();
        clock.set(late);
        let key = DeliveryKey::of(&delivery);
        for is_first in [true, false] {
            let decision = on_start(due, Some(due), late).unwrap();
            let step = self.notifier.decide(&key, decision).await.unwrap();
            assert_eq!(matches!(step, Step::Done(_)), is_first, "{step:?}");
        }
    }
}

#[tokio::test]
async fn missed_post_of_somebody_who_left_is_told_to_each_owner_once() {
    let left = Left::new().await;

    left.miss().await;

    assert_eq!(left.mails(), [1, 1]);
    let mails = left
        .mailbox
        .to(&format!("{}@example.com", left.owners[0].user));
    assert!(mails[0].text.contains("as an owner of"), "{mails:?}");
    left.reconcile().await;
    assert_eq!(left.mails(), [1, 1]);
}

#[tokio::test]
async fn missed_post_of_somebody_who_left_is_told_once_where_mails_fail_at_first() {
    let left = Left::new().await;
    left.mailbox.close(true);
    left.miss().await;
    left.mailbox.close(false);
    assert_eq!(left.mails(), [0, 0]);

    left.reconcile().await;
    left.reconcile().await;

    assert_eq!(left.mails(), [1, 1]);
}

#[tokio::test]
async fn lost_account_of_somebody_who_left_is_told_once_by_senders_at_the_same_time() {
    let left = Left::new().await;
    let cause = NoticeCause::ReconnectNeeded {
        account: AccountId::generate(left.world.table.ids()),
        credential_version: 1,
    };
    let tenant = Some(left.author.scope.tenant());
    let owed = notice(tenant, left.author.user, cause, left.world.clock.now()).unwrap();
    left.world.table.system().owe(&owed).await.unwrap();

    let sent = join_all((0..4).map(|_| left.notifier.send_owed(owed.id))).await;

    for sent in sent {
        sent.unwrap();
    }
    assert_eq!(left.mails(), [1, 1]);
}
