//! The audit log: sealed once, without a gap and without a fork, and whatever is changed in it is found.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::AttributeValue;
use domain::event::{Actor, EventKind, Owner, Subject};
use domain::membership::Role;
use domain::user::Origin;
use domain::{Clock, Error, EventId, UserId};
use futures::future::join_all;
use jiff::SignedDuration;
use proptest::prelude::*;
use serde_json::json;
use store::audit::{AuditRecord, Broken, ChainCheck, ChainHash, EventPlace, Fault};
use store::{Act, AttentionWork, Meter, Table, UserAct};
use testkit::{TestClock, TestMember, member};

use crate::answers::{Answers, Meddler, tables};

const EVENTS: usize = 64;

struct World {
    clock: TestClock,
    table: Table,
    member: TestMember,
}

impl World {
    async fn new() -> Self {
        Self::with_client().await.1
    }

    async fn with_client() -> (Client, Self) {
        let clock = TestClock::at("2026-12-01T09:00:00Z");
        let client = testkit::table::client().await;
        let table = testkit::table_with(client.clone(), testkit::clock::ids(&clock)).await;
        let member = member(&table, &clock, Role::Owner).await;
        let world = Self {
            clock,
            table,
            member,
        };
        (client, world)
    }

    /// With the same table behind such answers.
    async fn behind(answers: Answers) -> (Self, Table, Meddler) {
        let clock = TestClock::at("2026-12-01T09:00:00Z");
        let (table, behind, meddler) = tables(&clock, answers).await;
        let member = member(&table, &clock, Role::Owner).await;
        let world = Self {
            clock,
            table,
            member,
        };
        (world, behind, meddler)
    }

    fn owner(&self) -> Owner {
        Owner::Tenant(self.member.tenant)
    }

    async fn record(&self, kind: EventKind) {
        let act = Act {
            actor: Actor::User(self.member.user),
            at: self.clock.now(),
        };
        let tenant = self.table.tenant(&self.member.scope);
        let subject = Subject::Tenant(self.member.tenant);
        let detail = json!({ "name": "Ada \u{1f600} \"and\" co" });
        tenant.record(&act, kind, subject, detail).await.unwrap();
    }

    /// The tenant's events that want to be sealed now.
    async fn waiting(&self) -> Vec<EventPlace> {
        self.waiting_of(self.owner()).await
    }

    async fn waiting_of(&self, wanted: Owner) -> Vec<EventPlace> {
        let system = self.table.system();
        let mut waiting = Vec::new();
        for shard in 0..system.shards() {
            let until = self.clock.now();
            for entry in system.attention(shard, until, 1_000).await.unwrap() {
                match entry.work {
                    AttentionWork::Seal { owner, event } if owner == wanted => waiting.push(event),
                    AttentionWork::Seal { .. } => {}
                    other => panic!("{other:?}"),
                }
            }
        }
        waiting
    }

    async fn seal(&self, places: &[EventPlace]) -> usize {
        let system = self.table.system();
        let now = self.clock.now();
        system.seal(self.owner(), places, now).await.unwrap()
    }

    async fn seal_all(&self) -> usize {
        self.seal(&self.waiting().await).await
    }

    async fn seal_user(&self, user: UserId) -> usize {
        let owner = Owner::User(user);
        let places = self.waiting_of(owner).await;
        let now = self.clock.now();
        self.table.system().seal(owner, &places, now).await.unwrap()
    }

    /// The whole chain, oldest first.
    async fn chain(&self) -> Vec<AuditRecord> {
        let tenant = self.table.tenant(&self.member.scope);
        let (mut records, mut after) = (Vec::new(), 0);
        loop {
            let page = tenant.audit_after(after, 2).await.unwrap();
            records.extend(page.records);
            match page.next {
                Some(next) => after = next,
                None => return records,
            }
        }
    }
}

/// The sort keys of a partition, and whether each item is removed at some time.
async fn items_and_ends(client: &Client, table: &str, partition: &str) -> Vec<(String, bool)> {
    let query = client
        .query()
        .table_name(table)
        .key_condition_expression("PK = :pk")
        .expression_attribute_values(":pk", AttributeValue::S(partition.to_owned()));
    let items: Vec<HashMap<String, AttributeValue>> = query.send().await.unwrap().items.unwrap();
    items
        .iter()
        .map(|item| (item["SK"].as_s().unwrap().clone(), item.contains_key("exp")))
        .collect()
}

fn check(records: &[AuditRecord]) -> Result<ChainCheck, Broken> {
    let mut check = ChainCheck::default();
    records.iter().try_for_each(|record| check.follow(record))?;
    Ok(check)
}

#[tokio::test]
async fn audited_event_waits_until_it_is_sealed_and_then_knows_its_place() {
    let world = World::new().await;
    world.record(EventKind::TenantChanged).await;
    world.record(EventKind::TargetFailed).await;
    assert_eq!(world.waiting().await.len(), 2, "with the tenant's making");

    assert_eq!(world.seal_all().await, 2);

    assert_eq!(world.waiting().await, []);
    let chain = world.chain().await;
    let kinds: Vec<&str> = chain.iter().map(|record| &*record.event.kind).collect();
    assert_eq!(kinds, ["tenant.created", "tenant.changed"]);
    assert_eq!(chain[0].prev, ChainHash::GENESIS);
    let checked = check(&chain).unwrap();
    assert_eq!((checked.seq(), checked.owner()), (2, Some(world.owner())));
    assert_eq!(world.seal_all().await, 0);
}

#[tokio::test]
async fn event_of_a_person_is_sealed_into_a_chain_of_their_own() {
    let world = World::new().await;
    let user = world.member.user;

    assert_eq!(world.seal_user(user).await, 1, "the sign-in");

    let system = world.table.system();
    let page = system.audit_of_user(user, None, 10).await.unwrap();
    let event = &page.records[0].event;
    assert_eq!(
        (event.subject, &*event.kind),
        (Subject::User(user), "user.signed_in")
    );
    assert!(event.origin.is_some());
    assert_eq!(check(&page.records).unwrap().seq(), 1);
    assert_eq!(world.chain().await, []);
}

#[tokio::test]
async fn record_of_a_person_is_forgotten_in_time_but_for_the_end_of_the_chain() {
    let (client, world) = World::with_client().await;
    let user = world.member.user;
    world.seal_user(user).await;
    let name = &world.table.settings().name;
    let items = async |part: &str| items_and_ends(&client, name, &format!("U#{user}#{part}")).await;
    let blocks = items("AUD").await;
    assert_eq!(blocks, [("000000000000001".to_owned(), false)]);

    let act = UserAct {
        at: world.clock.now(),
        kind: EventKind::UserOtherSessionsEnded,
        origin: Origin::default(),
        detail: json!({}),
    };
    let system = world.table.system();
    system.end_other_sign_ins(user, None, &act).await.unwrap();
    assert_eq!(world.seal_user(user).await, 1);

    let blocks: Vec<bool> = items("AUD")
        .await
        .into_iter()
        .map(|(_, ends)| ends)
        .collect();
    assert_eq!(blocks, [true, false]);
    let events = items("EVT").await;
    assert!(
        events.len() == 2 && events.iter().all(|(_, ends)| *ends),
        "{events:?}"
    );
}

/// Nobody coordinates them: they meet the same events, build on the same ends, and see the index late.
#[tokio::test]
async fn sealers_at_once_leave_no_gap_and_no_fork_and_seal_nothing_twice() {
    let world = World::new().await;
    for _ in 1..EVENTS {
        world.record(EventKind::TenantChanged).await;
    }
    let places = world.waiting().await;
    assert_eq!(places.len(), EVENTS);

    let sealed = join_all((0..EVENTS).map(|sealer| {
        // Each knows of some of the events, in an order of its own.
        let mut known = places.clone();
        known.rotate_left(sealer);
        known.truncate(1 + sealer % 9);
        let world = &world;
        async move { world.seal(&known).await }
    }))
    .await;
    let rest = world.seal(&places).await;

    assert_eq!(sealed.iter().sum::<usize>() + rest, EVENTS);
    let chain = world.chain().await;
    let events: BTreeSet<EventId> = chain.iter().map(|record| record.event.id).collect();
    assert_eq!((chain.len(), events.len()), (EVENTS, EVENTS));
    assert_eq!(check(&chain).unwrap().seq(), 64);
    assert_eq!(world.waiting().await, []);
    assert_eq!(
        world.seal(&places).await,
        0,
        "also for who saw the index late"
    );
}

#[tokio::test]
async fn sealer_that_tells_no_event_its_place_ends_as_unavailable_and_is_made_up_for() {
    let (world, behind, _) = World::behind(Answers::MarkConflicts).await;
    for _ in 1..10 {
        world.record(EventKind::TenantChanged).await;
    }
    let places = world.waiting().await;

    let now = world.clock.now();
    let sealed = behind.system().seal(world.owner(), &places, now).await;

    assert!(
        matches!(sealed, Err(Error::Unavailable { .. })),
        "{sealed:?}"
    );
    assert_eq!(world.waiting().await.len(), 10);
    assert_eq!(world.seal(&places).await, 0, "their block is written");
    assert_eq!(world.waiting().await, []);
    assert_eq!(check(&world.chain().await).unwrap().seq(), 10);
}

#[tokio::test]
async fn log_is_read_in_pages_from_both_ends() {
    let world = World::new().await;
    for _ in 0..7 {
        world.record(EventKind::TenantChanged).await;
        world.seal_all().await;
        world.clock.advance(SignedDuration::from_secs(60));
    }
    let tenant = world.table.tenant(&world.member.scope);
    let mut newest = Vec::new();
    let mut before = None;
    loop {
        let page = tenant.audit_before(before, 2).await.unwrap();
        newest.extend(page.records.iter().map(|record| record.event.seq));
        before = page.next;
        if before.is_none() {
            break;
        }
    }

    assert_eq!(newest, (1..=8).rev().collect::<Vec<u64>>());
    let oldest: Vec<u64> = world.chain().await.iter().map(|it| it.event.seq).collect();
    assert_eq!(oldest, (1..=8).collect::<Vec<u64>>());
    let rest = tenant.audit_after(5, 10).await.unwrap().records;
    assert_eq!(rest[0].event.seq, 6);
}

#[tokio::test]
async fn sealing_a_hundred_events_costs_three_write_units_each_at_most() {
    let world = World::new().await;
    for _ in 1..100 {
        world.record(EventKind::TenantChanged).await;
    }
    let places = world.waiting().await;
    let meter = Arc::new(Meter::default());
    let table = world.table.clone().metered(Arc::clone(&meter));

    let now = world.clock.now();
    let sealed = table.system().seal(world.owner(), &places, now).await;

    assert_eq!(sealed.unwrap(), 100);
    let spent = meter.take().writes;
    assert!(spent <= 300.0, "{spent}");
}

/// Five sealed events.
async fn five() -> Vec<AuditRecord> {
    let world = World::new().await;
    for _ in 0..4 {
        world.record(EventKind::TenantChanged).await;
    }
    world.seal_all().await;
    world.chain().await
}

fn fault(records: &[AuditRecord]) -> (u64, Fault) {
    let broken = check(records).unwrap_err();
    (broken.seq, broken.fault)
}

#[tokio::test]
async fn verifier_names_the_first_event_that_was_tampered_with() {
    let chain = five().await;
    let tampered = |edit: &dyn Fn(&mut Vec<AuditRecord>)| {
        let mut chain = chain.clone();
        edit(&mut chain);
        fault(&chain)
    };

    let changed = tampered(&|chain| chain[2].event.detail = json!({ "name": "Eve" }));
    assert_eq!(changed, (3, Fault::Changed));
    let deleted = tampered(&|chain| drop(chain.remove(1)));
    assert_eq!(deleted, (2, Fault::Missing));
    let cut = tampered(&|chain| drop(chain.drain(..2)));
    assert_eq!(cut, (1, Fault::Missing));
    let swapped = tampered(&|chain| chain.swap(1, 2));
    assert_eq!(swapped, (2, Fault::Missing));
    let inserted = tampered(&|chain| chain.insert(3, chain[2].clone()));
    assert_eq!(inserted, (4, Fault::Missing));
    let renumbered = tampered(&|chain| {
        chain.remove(1);
        for (record, seq) in chain.iter_mut().zip(1..) {
            record.event.seq = seq;
        }
    });
    assert_eq!(renumbered, (2, Fault::Detached));
    let resealed = tampered(&|chain| {
        chain[2].event.kind = "tenant.deleted".to_owned();
        chain[2].hash = chain[2]
            .prev
            .followed_by(&chain[2].event.canonical().unwrap());
    });
    assert_eq!(resealed, (4, Fault::Detached), "the next one tells");
    let foreign = tampered(&|chain| {
        let other = UserId::from_uuid(chain[3].event.owner.as_uuid());
        chain[3].event.owner = Owner::User(other);
    });
    assert_eq!(foreign, (4, Fault::Foreign));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Any one character of an exported line.
    #[test]
    fn verifier_finds_a_changed_character_wherever_it_is(place in any::<prop::sample::Index>(), with in "[0-9a-f]") {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let chain = CHAIN.get_or_init(|| runtime.block_on(five()));
        let lines: Vec<String> = chain.iter().map(|record| serde_json::to_string(record).unwrap()).collect();
        let text = lines.join("\n");
        let places: Vec<usize> = text.char_indices().filter(|(_, it)| it.is_ascii_alphanumeric()).map(|(at, _)| at).collect();
        let at = *place.get(&places);
        let mut changed = text.clone();
        changed.replace_range(at..=at, &with);
        prop_assume!(changed != text);

        let records: Result<Vec<AuditRecord>, _> = changed.lines().map(serde_json::from_str).collect();

        if let Ok(records) = records {
            let head = check(&records).map(|checked| checked.head());
            prop_assert!(head != Ok(chain[4].hash), "at {}", at);
        }
    }
}

static CHAIN: std::sync::OnceLock<Vec<AuditRecord>> = std::sync::OnceLock::new();
