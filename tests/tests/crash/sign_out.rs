//! An account is disconnected, or its tenant is deleted: its session at the network is ended.

use cloud::faults::{Effects, Fault, FaultPlan};
use domain::event::{Actor, Event, EventKind, Owner, Subject};
use domain::network::RepeatRule;
use domain::sign_out::{GIVE_UP_AFTER, SignOutMessage};
use domain::tenant::{GRACE, Tenant, TenantState};
use domain::{AccountId, Clock as _, EventId, OperationId};
use jiff::SignedDuration;
use publishing::Incoming;
use serde_json::Value;
use store::OwedSignOut;
use testkit::table;
use upkeep::{Erasures, RotateKeys};

use crate::life::deliver;
use crate::rotation;
use crate::world::{Process, World};

/// A network that answers is told long before this many minutes.
const LONGEST: usize = 30;

/// Disconnects the world's account. People repeat what they got no answer to.
async fn disconnect(world: &World, process: &Process) {
    loop {
        world.sign_in().await;
        let path = format!("/v1/accounts/{}", world.account);
        let call = process.api.delete(path).by(&world.member);
        let status = call.send().await.status.as_u16();
        if [204, 404].contains(&status) {
            return;
        }
    }
}

async fn owed(world: &World) -> Option<OwedSignOut> {
    let account: AccountId = world.account.parse().unwrap();
    let system = world.table.system();
    let owed = system.owed_sign_out(world.member.tenant, account).await;
    owed.unwrap()
}

async fn tick(world: &World, process: &Process) {
    // What a failed one left is for the next.
    dispatch::tick(&process.dispatch).await.ok();
    deliver(world, process).await;
}

async fn until_told(world: &World, process: &Process) {
    deliver(world, process).await;
    for _ in 0..LONGEST {
        if owed(world).await.is_none() {
            return;
        }
        world.clock.advance(SignedDuration::from_mins(1));
        tick(world, process).await;
    }
    panic!("nobody told the network: {:?}", owed(world).await);
}

pub(crate) async fn times(world: &World, kind: EventKind) -> usize {
    let kinds = table::event_kinds(&world.client(), world.member.tenant).await;
    kinds.iter().filter(|found| **found == kind.name()).count()
}

async fn credentials(world: &World) -> usize {
    let items = world.copy().await.into_iter();
    let is_credential = |item: &std::collections::HashMap<_, _>| {
        let key: &aws_sdk_dynamodb::types::AttributeValue = &item["PK"];
        key.as_s().unwrap().ends_with("#CRED")
    };
    items.filter(is_credential).count()
}

async fn state(world: &World, process: &Process, account: &str) -> Value {
    world.sign_in().await;
    let call = process.api.post(format!("/v1/accounts/{account}/check"));
    let answer = call.by(&world.member).send().await.expect(200);
    answer.body["state"].clone()
}

/// Answers with the effects that the first process began.
async fn play(plan: FaultPlan, place: &str) -> Vec<&'static str> {
    let world = World::new(RepeatRule::ClientKey).await;
    let effects = Effects::new(plan);
    let first = world.start(effects.clone());
    let leave = async |process: &Process| {
        disconnect(&world, process).await;
        until_told(&world, process).await;
    };
    if effects.until_crash(leave(&first)).await.is_none() {
        leave(&world.start(Effects::default())).await;
    }

    assert_eq!(world.network.signed_out(), ["ada"], "{place}");
    assert_eq!(credentials(&world).await, 0, "{place}");
    for (kind, expected) in [
        (EventKind::AccountDisconnected, 1),
        (EventKind::AccountSignedOut, 1),
        (EventKind::AccountSignOutGivenUp, 0),
    ] {
        assert_eq!(times(&world, kind).await, expected, "{kind} {place}");
    }
    effects.begun()
}

#[tokio::test]
async fn sign_out_that_dies_or_fails_anywhere_is_completed() {
    let effects = play(FaultPlan::none(), "undisturbed").await;
    assert!(effects.contains(&"network.sign_out"), "{effects:?}");
    for (number, effect) in effects.iter().enumerate() {
        // Whoever dies at a read dies as well before the next write.
        if effect.ends_with("GetItem") || effect.ends_with("Query") {
            continue;
        }
        for fault in [Fault::CrashBefore, Fault::CrashAfter, Fault::FailAfter] {
            let place = format!("{fault:?} effect {number} ({effect})");
            let plan = FaultPlan::at(u32::try_from(number).unwrap(), fault);
            play(plan, &place).await;
        }
    }
}

#[tokio::test]
async fn network_that_cannot_be_told_keeps_nobody_and_is_given_up_after_a_day() {
    let world = World::new(RepeatRule::ClientKey).await;
    let process = world.start(Effects::default());
    world.network.fail_sign_outs(true);

    disconnect(&world, &process).await;
    deliver(&world, &process).await;

    let begun = world.clock.now();
    assert_eq!(owed(&world).await.unwrap().tries, 1);
    let again = process.connect(&world, "ada").await;
    assert_ne!(again, world.account);
    while owed(&world).await.is_some() {
        assert!(world.clock.now().duration_since(begun) < GIVE_UP_AFTER * 2);
        world.clock.advance(SignedDuration::from_mins(30));
        tick(&world, &process).await;
    }
    assert!(world.clock.now().duration_since(begun) >= GIVE_UP_AFTER);
    assert_eq!(times(&world, EventKind::AccountSignedOut).await, 0);
    assert_eq!(times(&world, EventKind::AccountSignOutGivenUp).await, 1);
    assert_eq!(credentials(&world).await, 1, "of the new connection");
    assert_eq!(state(&world, &process, &again).await, "connected");
}

#[tokio::test]
async fn account_that_is_connected_again_keeps_its_new_session() {
    let world = World::new(RepeatRule::ClientKey).await;
    let process = world.start(Effects::default());
    world.network.fail_sign_outs(true);
    disconnect(&world, &process).await;
    deliver(&world, &process).await;
    let again = process.connect(&world, "ada").await;
    world.network.fail_sign_outs(false);

    until_told(&world, &process).await;

    assert_eq!(world.network.signed_out(), ["ada"], "and not ada'");
    assert_eq!(state(&world, &process, &again).await, "connected");
}

#[tokio::test]
async fn key_is_rotated_while_a_sign_out_is_owed() {
    let world = World::new(RepeatRule::ClientKey).await;
    let process = world.start(Effects::default());
    world.network.fail_sign_outs(true);
    disconnect(&world, &process).await;
    let asked = upkeep::rotate_keys(&process.upkeep, &RotateKeys::All).await;
    assert_eq!(asked.unwrap().tenants, 1);

    rotation::rotate(&world, &process).await;

    assert_eq!(rotation::sealed_under(&world).await, [2]);
    assert!(owed(&world).await.is_some());
    world.network.fail_sign_outs(false);
    world.clock.advance(SignedDuration::from_hours(1));
    until_told(&world, &process).await;
    assert_eq!(world.network.signed_out(), ["ada"]);
}

impl World {
    /// The member deletes their tenant.
    pub(crate) async fn delete_tenant(&self) {
        let now = self.clock.now();
        let tenant = self.table.tenant(&self.member.scope);
        let head = tenant.head().await.unwrap();
        let deleted = Tenant {
            state: TenantState::Deleted,
            version: head.version + 1,
            updated_at: now,
            ..head
        };
        let ids = self.table.ids();
        let event = Event {
            id: EventId::generate(ids),
            owner: Owner::Tenant(deleted.id),
            at: now,
            kind: EventKind::TenantDeleted,
            actor: Actor::User(self.member.user),
            subject: Subject::Tenant(deleted.id),
            origin: None,
            detail: Value::Null,
            operation: OperationId::generate(ids),
        };
        let by = self.member.user;
        tenant.delete_head(&deleted, by, &event).await.unwrap();
    }
}

#[tokio::test]
async fn deleted_tenant_is_signed_out_of_all_its_accounts() {
    let world = World::new(RepeatRule::ClientKey).await;
    let process = world.start(Effects::default());
    process.connect(&world, "countess").await;

    world.delete_tenant().await;
    for _ in 0..3 {
        tick(&world, &process).await;
        world.clock.advance(SignedDuration::from_mins(1));
    }

    let mut signed_out = world.network.signed_out();
    signed_out.sort();
    assert_eq!(signed_out, ["ada", "countess"]);
    assert_eq!(credentials(&world).await, 0);
    assert_eq!(times(&world, EventKind::AccountSignedOut).await, 2);
}

#[tokio::test]
async fn erasure_that_comes_before_the_sign_out_leaves_nothing_and_nobody_is_told_afterwards() {
    let world = World::new(RepeatRule::ClientKey).await;
    let process = world.start(Effects::default());
    world.network.fail_sign_outs(true);
    world.delete_tenant().await;
    for _ in 0..3 {
        tick(&world, &process).await;
        world.clock.advance(SignedDuration::from_mins(1));
    }
    assert!(owed(&world).await.is_some());
    // The dispatcher stands still all the time.
    world.clock.advance(GRACE);
    let erased = upkeep::erase(&process.upkeep).await.unwrap();
    assert_eq!(
        erased,
        Erasures {
            erased: 1,
            begun: 0
        }
    );
    world.network.fail_sign_outs(false);

    let message = SignOutMessage::SignOut {
        tenant: world.member.tenant,
        account: world.account.parse().unwrap(),
    };
    let late = Incoming {
        id: "late".to_owned(),
        body: message.to_text(),
    };
    let failed = publishing::handle(&process.publishing, vec![late]).await;
    tick(&world, &process).await;

    assert_eq!(failed, Vec::<String>::new());
    assert_eq!(world.network.signed_out(), Vec::<String>::new());
    let partition = format!("T#{}", world.member.tenant);
    let items = world.copy().await.into_iter();
    let keys = items.map(|item| item["PK"].as_s().unwrap().clone());
    let left: Vec<String> = keys.filter(|key| key.starts_with(&partition)).collect();
    let closing = format!("{partition}#AUD");
    assert_eq!(left, [partition, closing], "tombstone and closed log");
}
