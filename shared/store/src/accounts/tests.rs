use domain::account::{AccountState, RemoteIdentity};
use domain::delivery::timing::{deadline, latest_start};
use domain::delivery::{Delivery, DeliveryKey, HoldReason, State, Target};
use domain::event::Actor;
use domain::tenant::ROOT_TENANT;
use domain::{DeliveryId, PostId, UserId};
use jiff::{SignedDuration, Timestamp};
use testkit::{TestClock, pace};

use super::*;
use crate::deliveries::creation_write;
use crate::scope::TenantScope;
use crate::{Act, AttentionWork, Settings, Table, schema};

const MAX_LATENESS: SignedDuration = SignedDuration::from_hours(6);

struct Bench {
    table: Table,
    clock: TestClock,
    account: Account,
}

impl Bench {
    async fn new() -> Self {
        let clock = TestClock::at("2026-12-01T08:00:00Z");
        let client = testkit::table::client().await;
        schema::create_if_absent(&client, "accounts").await.unwrap();
        let settings = Settings {
            name: "accounts".to_owned(),
            shards: 4,
        };
        let table = Table::new(client, settings, testkit::clock::ids(&clock));
        let account = Account {
            id: AccountId::generate(table.ids()),
            tenant: ROOT_TENANT,
            network: "fake".parse().unwrap(),
            identity: RemoteIdentity {
                remote_id: "did:ada".to_owned(),
                handle: "ada".to_owned(),
                name: "Ada".to_owned(),
                avatar_url: None,
            },
            state: AccountState::Connected,
            credential_version: 1,
            checked_at: domain::Clock::now(&clock),
            connected_by: UserId::generate(table.ids()),
            created_at: domain::Clock::now(&clock),
        };
        let bench = Self {
            table,
            clock,
            account,
        };
        let new = Connection {
            account: &bench.account,
            credential: &sealed(1),
            limit: 1,
            claim: None,
        };
        let connected = bench.tenant().connect_account(&new, &bench.act()).await;
        assert_eq!(connected.unwrap(), Saved::Done);
        bench
    }

    fn tenant(&self) -> TenantTable<'_> {
        self.table.tenant(&TenantScope::of_own_item(ROOT_TENANT))
    }

    fn now(&self) -> Timestamp {
        domain::Clock::now(&self.clock)
    }

    fn act(&self) -> Act {
        Act {
            actor: Actor::system("test"),
            at: self.now(),
        }
    }

    /// A delivery of the account in a state, due in `hours`.
    async fn delivery(&self, state: State, hours: i64) -> DeliveryKey {
        let due = self.now() + SignedDuration::from_hours(hours);
        let target = Target {
            id: DeliveryId::generate(self.table.ids()),
            tenant: ROOT_TENANT,
            post: PostId::generate(self.table.ids()),
            account: self.account.id,
            network: self.account.network.clone(),
        };
        let delivery = Delivery {
            state,
            due: Some(due),
            not_before: Some(due),
            attention: Some(due),
            deadline: Some(deadline(due, MAX_LATENESS)),
            hold: (state == State::Held).then_some(HoldReason::User),
            ..Delivery::draft(target)
        };
        let write = creation_write(4, &delivery).unwrap();
        self.table.write(write).await.unwrap();
        DeliveryKey::of(&delivery)
    }

    async fn read(&self, key: &DeliveryKey) -> Delivery {
        self.table.system().delivery(key).await.unwrap().unwrap()
    }

    async fn present(&self) -> Account {
        let account = self.tenant().account(self.account.id).await;
        account.unwrap().unwrap()
    }

    /// What the use case and then the dispatcher do, until nothing is left.
    async fn follow(&self) -> Vec<Delivery> {
        let mut resumed = Vec::new();
        for _ in 0..20 {
            let tenant = self.tenant();
            let aligned = tenant.align_deliveries(self.account.id, self.now()).await;
            let aligned = aligned.unwrap();
            resumed.extend(aligned.resumed);
            if aligned.is_complete {
                return resumed;
            }
            self.clock.advance(SignedDuration::from_secs(10));
        }
        panic!("it never completes");
    }

    async fn refuse(&self) {
        let version = self.present().await.credential_version;
        let (tenant, act) = (self.tenant(), self.act());
        let marked = tenant.mark_reconnect_needed(self.account.id, version, &act);
        assert!(marked.await.unwrap().is_some());
    }

    async fn reconnect(&self) {
        let account = self.present().await;
        let credential = sealed(account.credential_version + 1);
        let (tenant, act) = (self.tenant(), self.act());
        let saved = tenant.reconnect_account(&account, &account.identity, &credential, None, &act);
        assert_eq!(saved.await.unwrap(), Saved::Done);
    }

    /// Entries of the attention index about accounts.
    async fn account_entries(&self) -> usize {
        let mut count = 0;
        for shard in 0..4 {
            let until = self.now() + SignedDuration::from_hours(1);
            let entries = self.table.system().attention(shard, until, 100).await;
            count += entries
                .unwrap()
                .iter()
                .filter(|entry| matches!(entry.work, AttentionWork::Account { .. }))
                .count();
        }
        count
    }
}

fn sealed(version: u32) -> SealedCredential {
    SealedCredential {
        version,
        sealed: vec![7; 40],
    }
}

#[tokio::test]
async fn deliveries_are_held_while_their_account_must_be_connected_and_resume_afterwards() {
    let bench = Bench::new().await;
    let waiting = [
        bench.delivery(State::Scheduled, 1).await,
        bench.delivery(State::Queued, 2).await,
        bench.delivery(State::RetryWait, 3).await,
        bench.delivery(State::Claimed, 4).await,
    ];

    bench.refuse().await;
    assert!(bench.follow().await.is_empty());

    for key in &waiting {
        let held = bench.read(key).await;
        assert_eq!(
            (held.state, held.hold),
            (State::Held, Some(HoldReason::Account))
        );
        assert_eq!(
            held.attention,
            Some(latest_start(held.due.unwrap(), MAX_LATENESS))
        );
        assert_eq!(held.revision, 2, "messages of the old plan are void");
    }

    bench.reconnect().await;
    let resumed = bench.follow().await;

    assert_eq!(resumed.len(), 4);
    for key in &waiting {
        let again = bench.read(key).await;
        assert_eq!((again.state, again.hold), (State::Scheduled, None));
        assert_eq!(again.not_before, again.due);
    }
    assert_eq!(bench.account_entries().await, 0);
}

#[tokio::test]
async fn deliveries_that_a_person_holds_stay_held_when_their_account_is_back() {
    let bench = Bench::new().await;
    let held = bench.delivery(State::Held, 1).await;

    bench.refuse().await;
    bench.follow().await;
    bench.reconnect().await;
    bench.follow().await;

    let held = bench.read(&held).await;
    assert_eq!(
        (held.state, held.hold),
        (State::Held, Some(HoldReason::User))
    );
}

#[tokio::test]
async fn delivery_whose_call_has_begun_is_left_alone() {
    let bench = Bench::new().await;
    let calling = bench.delivery(State::Calling, 1).await;
    let uncertain = bench.delivery(State::Uncertain, 1).await;

    let account = bench.present().await;
    let gone = bench
        .tenant()
        .disconnect_account(&account, &bench.act())
        .await;
    assert_eq!(gone.unwrap(), Saved::Done);
    bench.follow().await;

    assert_eq!(bench.read(&calling).await.state, State::Calling);
    assert_eq!(bench.read(&uncertain).await.state, State::Uncertain);
}

#[tokio::test]
async fn deliveries_of_a_disconnected_account_are_cancelled_however_many() {
    let bench = Bench::new().await;
    let mut keys = Vec::new();
    for number in 0..200 {
        let state = if number % 2 == 0 {
            State::Scheduled
        } else {
            State::Held
        };
        keys.push(bench.delivery(state, number).await);
    }
    let account = bench.present().await;
    bench
        .tenant()
        .disconnect_account(&account, &bench.act())
        .await
        .unwrap();
    assert_eq!(
        bench.account_entries().await,
        1,
        "it survives whoever dies now"
    );

    bench.follow().await;

    for key in &keys {
        assert_eq!(bench.read(key).await.state, State::Cancelled);
    }
    assert_eq!(bench.account_entries().await, 0);
}

#[tokio::test]
async fn deliveries_are_held_however_many_although_they_stay_in_the_index() {
    let bench = Bench::new().await;
    let mut keys = Vec::new();
    for number in 0..200 {
        keys.push(bench.delivery(State::Scheduled, number).await);
    }

    bench.refuse().await;
    bench.follow().await;

    for key in &keys {
        assert_eq!(bench.read(key).await.state, State::Held);
    }
}

#[tokio::test]
async fn alignment_that_is_repeated_changes_nothing() {
    let bench = Bench::new().await;
    let key = bench.delivery(State::Scheduled, 1).await;
    bench.refuse().await;
    bench.follow().await;
    let held = bench.read(&key).await;

    bench.follow().await;

    assert_eq!(bench.read(&key).await, held);
}

#[tokio::test]
async fn reconnect_is_asked_for_once_for_each_credential() {
    let bench = Bench::new().await;
    let refuse = |version| {
        let (tenant, act, account) = (bench.tenant(), bench.act(), bench.account.id);
        async move {
            let marked = tenant.mark_reconnect_needed(account, version, &act);
            marked.await.unwrap().is_some()
        }
    };

    assert!(!refuse(2).await, "of a credential that is not stored");
    assert!(refuse(1).await);
    assert!(!refuse(1).await);
    bench.reconnect().await;
    assert!(!refuse(1).await, "the old credential says nothing any more");

    assert_eq!(bench.present().await.state, AccountState::Connected);
}

#[tokio::test]
async fn refreshed_credential_of_whoever_is_second_is_refused() {
    let bench = Bench::new().await;
    let account = bench.present().await;
    let tenant = bench.tenant();

    let first = tenant.save_refreshed_credential(&account, &sealed(2)).await;
    let second = tenant.save_refreshed_credential(&account, &sealed(2)).await;

    assert_eq!(first.unwrap(), Saved::Done);
    assert_eq!(second.unwrap(), Saved::Stale);
    let stored = tenant.load_credential(account.id).await.unwrap();
    assert_eq!(stored, Some(sealed(2)));
}

#[tokio::test]
async fn slots_of_posts_at_once_are_a_gap_apart() {
    let bench = Bench::new().await;
    let (tenant, rules, now) = (bench.tenant(), pace(60, 0), bench.now());
    let mut slots = Vec::new();
    for _ in 0..4 {
        let slot = tenant
            .reserve_slot(bench.account.id, &rules, None, now)
            .await;
        slots.push(slot.unwrap());
    }

    let minutes = |minutes| now + SignedDuration::from_mins(minutes);
    assert_eq!(
        slots,
        [
            Slot::Granted,
            Slot::Reserved(minutes(1)),
            Slot::Reserved(minutes(2)),
            Slot::Reserved(minutes(3)),
        ]
    );
}

#[tokio::test]
async fn reserved_slot_is_granted_at_its_time_but_not_long_after() {
    let bench = Bench::new().await;
    let (tenant, rules, now) = (bench.tenant(), pace(60, 0), bench.now());
    let ask = |reserved, at| tenant.reserve_slot(bench.account.id, &rules, reserved, at);
    ask(None, now).await.unwrap();
    let Slot::Reserved(turn) = ask(None, now).await.unwrap() else {
        panic!("the second has to wait");
    };
    ask(None, now).await.unwrap();

    let early = ask(Some(turn), turn - SignedDuration::from_secs(1))
        .await
        .unwrap();
    assert!(matches!(early, Slot::Reserved(_)));
    assert_eq!(ask(Some(turn), turn).await.unwrap(), Slot::Granted);
    let late = turn + SignedDuration::from_secs(60);
    assert!(matches!(
        ask(Some(turn), late).await.unwrap(),
        Slot::Reserved(_)
    ));
}

#[tokio::test]
async fn slots_of_a_day_end_until_the_next() {
    let bench = Bench::new().await;
    let (tenant, rules, now) = (bench.tenant(), pace(0, 2), bench.now());
    let ask = |at| tenant.reserve_slot(bench.account.id, &rules, None, at);
    let midnight = "2026-12-02T00:00:00Z".parse().unwrap();

    assert_eq!(ask(now).await.unwrap(), Slot::Granted);
    assert_eq!(ask(now).await.unwrap(), Slot::Granted);
    assert_eq!(ask(now).await.unwrap(), Slot::DayIsFull(midnight));
    assert_eq!(ask(midnight).await.unwrap(), Slot::Granted);
}

#[tokio::test]
async fn refresh_is_reserved_by_one_until_it_is_over_or_was_given_up() {
    let bench = Bench::new().await;
    let tenant = bench.tenant();
    let reserve = async |version| {
        let reserved = tenant.reserve_refresh(bench.account.id, version, bench.now());
        reserved.await.unwrap().is_some()
    };

    assert!(reserve(1).await);
    assert!(!reserve(1).await);
    bench.clock.advance(SignedDuration::from_secs(90));
    assert!(reserve(1).await, "whoever had it is gone");

    let renewed = sealed(2);
    let saved = tenant.save_refreshed_credential(&bench.account, &renewed);
    assert_eq!(saved.await.unwrap(), Saved::Done);
    assert!(!reserve(1).await, "of an older credential");
    assert!(reserve(2).await);
}

#[tokio::test]
async fn refresh_that_is_given_back_is_free_unless_somebody_else_has_it_by_now() {
    let bench = Bench::new().await;
    let (tenant, account) = (bench.tenant(), bench.account.id);
    let reserve = async || {
        let reserved = tenant.reserve_refresh(account, 1, bench.now());
        reserved.await.unwrap()
    };
    let first = reserve().await.unwrap();
    tenant.release_refresh(account, first).await.unwrap();
    bench.clock.advance(SignedDuration::from_secs(1));

    let slow = reserve().await.unwrap();
    bench.clock.advance(SignedDuration::from_secs(90));
    let other = reserve().await.unwrap();
    for late in [first, slow] {
        tenant.release_refresh(account, late).await.unwrap();
        assert_eq!(reserve().await, None, "somebody is at it");
    }
    tenant.release_refresh(account, other).await.unwrap();
    assert!(reserve().await.is_some());
}
