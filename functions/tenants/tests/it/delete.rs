//! What a deleted tenant leaves behind: nothing.

use std::sync::Arc;

use domain::account::{Account, AccountState, RemoteIdentity};
use domain::event::Actor;
use domain::membership::Role;
use domain::{AccountId, Clock, UserId};
use engine::{Notifier, Outbox, Reconciler, Waker};
use jiff::SignedDuration;
use store::{Act, AttentionWork, Connection, RemoteOwner, SealedCredential};
use testkit::http::register;
use testkit::{Mailbox, MemoryQueue, TestMember, member};

use crate::App;

/// Where a registered one gets mails.
fn address(member: &TestMember) -> String {
    format!("{}@example.com", member.user)
}

impl App {
    async fn delete(&self, owner: &TestMember) {
        let path = format!("/v1/tenants/{}", owner.tenant);
        let call = self.api.delete(&path).by(owner);
        call.send().await.expect(204);
    }

    fn act(&self, by: UserId) -> Act {
        Act {
            actor: Actor::User(by),
            at: self.clock.now(),
        }
    }

    async fn connect(&self, owner: &TestMember, name: &str, by: UserId) -> Account {
        let now = self.clock.now();
        let account = Account {
            id: AccountId::generate(self.table.ids()),
            tenant: owner.tenant,
            network: "fake".parse().unwrap(),
            identity: RemoteIdentity {
                remote_id: name.to_owned(),
                handle: name.to_owned(),
                name: name.to_owned(),
                avatar_url: None,
            },
            state: AccountState::Connected,
            credential_version: 1,
            checked_at: now,
            connected_by: by,
            created_at: now,
        };
        let connection = Connection {
            account: &account,
            credential: &SealedCredential {
                version: 1,
                sealed: vec![1],
            },
            limit: 100,
            claim: None,
        };
        let accounts = self.table.tenant(&owner.scope);
        let connected = accounts.connect_account(&connection, &self.act(by)).await;
        connected.unwrap();
        account
    }

    fn reconciler(&self, mailbox: &Mailbox) -> Reconciler {
        let clock: Arc<dyn Clock> = Arc::new(self.clock.clone());
        Reconciler {
            waker: Waker {
                table: self.table.clone(),
                queue: MemoryQueue::new(&self.clock),
                clock: Arc::clone(&clock),
            },
            notifier: Notifier {
                table: self.table.clone(),
                mailer: Arc::new(mailbox.clone()),
                clock: Arc::clone(&clock),
                dashboard: "https://app.test".to_owned(),
            },
            outbox: Outbox {
                table: self.table.clone(),
                envelope: testkit::envelope(&self.table, &self.clock),
                mailer: Arc::new(mailbox.clone()),
                clock,
            },
        }
    }

    /// A tick of the dispatcher; how many entries were about tenants.
    async fn tick(&self, reconciler: &Reconciler) -> usize {
        let system = self.table.system();
        let mut tenants = 0;
        for shard in 0..system.shards() {
            let entries = system.attention(shard, self.clock.now(), 200).await;
            for entry in entries.unwrap() {
                if matches!(entry.work, AttentionWork::Tenant(_)) {
                    tenants += 1;
                }
                reconciler.reconcile(entry).await.unwrap();
            }
        }
        tenants
    }
}

#[tokio::test]
async fn delete_tenant_frees_its_remote_accounts_at_once() {
    let app = App::new().await;
    let owner = member(&app.table, &app.clock, Role::Owner).await;
    let other = member(&app.table, &app.clock, Role::Owner).await;
    let account = app.connect(&owner, "ada", owner.user).await;

    app.delete(&owner).await;

    let theirs = app.table.tenant(&other.scope);
    let found = theirs.remote_owner(&account.network, "ada").await;
    assert_eq!(found.unwrap(), RemoteOwner::Nobody);
    let ours = app.table.tenant(&owner.scope);
    assert_eq!(ours.load_credential(account.id).await.unwrap(), None);
    let stored = ours.account(account.id).await.unwrap().unwrap();
    assert_eq!(stored.state, AccountState::Disconnected);
}

#[tokio::test]
async fn delete_tenant_with_many_accounts_is_finished_by_the_dispatcher() {
    let app = App::new().await;
    let owner = member(&app.table, &app.clock, Role::Owner).await;
    for number in 0..30 {
        app.connect(&owner, &number.to_string(), owner.user).await;
    }
    let reconciler = app.reconciler(&Mailbox::default());

    app.delete(&owner).await;
    let ours = app.table.tenant(&owner.scope);
    assert!(ours.accounts_used().await.unwrap() > 0);
    app.tick(&reconciler).await;

    assert_eq!(ours.accounts_used().await.unwrap(), 0);
}

/// A request that was let in before the deletion may connect an account behind it.
#[tokio::test]
async fn delete_tenant_reaches_an_account_that_is_connected_right_after_it() {
    let app = App::new().await;
    let owner = member(&app.table, &app.clock, Role::Owner).await;
    let reconciler = app.reconciler(&Mailbox::default());
    app.delete(&owner).await;
    app.connect(&owner, "late", owner.user).await;

    app.clock.advance(SignedDuration::from_mins(1));
    assert_eq!(app.tick(&reconciler).await, 1);

    let ours = app.table.tenant(&owner.scope);
    assert_eq!(ours.accounts_used().await.unwrap(), 0);
    app.tick(&reconciler).await;
    assert_eq!(app.tick(&reconciler).await, 0, "nobody looks any more");
}

#[tokio::test]
async fn deleted_tenant_sends_no_mails() {
    let app = App::new().await;
    let owner = member(&app.table, &app.clock, Role::Owner).await;
    register(&app.table, &app.clock, &owner).await;
    let mailbox = Mailbox::default();
    let reconciler = app.reconciler(&mailbox);
    mailbox.close(true);
    let account = app.connect(&owner, "ada", owner.user).await;
    let act = app.act(owner.user);
    let notifier = &reconciler.notifier;
    let asked = notifier.reconnect_needed(&owner.scope, account.id, 1, &act);
    assert!(asked.await.unwrap());
    mailbox.close(false);

    app.delete(&owner).await;
    app.clock.advance(SignedDuration::from_mins(5));
    app.tick(&reconciler).await;

    assert!(mailbox.to(&address(&owner)).is_empty());
    app.clock.advance(SignedDuration::from_hours(24));
    let system = app.table.system();
    for shard in 0..system.shards() {
        let owed = system.attention(shard, app.clock.now(), 200).await.unwrap();
        let is_notice = |work: &AttentionWork| matches!(work, AttentionWork::Notice(_));
        assert!(!owed.iter().any(|entry| is_notice(&entry.work)), "{owed:?}");
    }
}

#[tokio::test]
async fn tenant_that_lives_sends_the_mail() {
    let app = App::new().await;
    let owner = member(&app.table, &app.clock, Role::Owner).await;
    register(&app.table, &app.clock, &owner).await;
    let mailbox = Mailbox::default();
    let account = app.connect(&owner, "ada", owner.user).await;

    let act = app.act(owner.user);
    let notifier = app.reconciler(&mailbox).notifier;
    let asked = notifier.reconnect_needed(&owner.scope, account.id, 1, &act);
    assert!(asked.await.unwrap());

    assert_eq!(mailbox.to(&address(&owner)).len(), 1);
}
