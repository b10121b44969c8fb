//! The key of a tenant is rotated, while posts go out and accounts are connected.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use cloud::envelope::{Envelope, Sealed};
use cloud::faults::{Effects, Fault, FaultPlan};
use domain::Clock as _;
use domain::network::RepeatRule;
use jiff::SignedDuration;
use serde_json::{Value, json};
use store::KeyRotation;
use testkit::{Answer, FakeNetwork, table};
use upkeep::{RetireSigningKeys, RotateKeys};

use crate::life::deliver;
use crate::world::{Process, World};

const YEAR: SignedDuration = SignedDuration::from_hours(365 * 24);
/// A rotation is over long before this.
const LONGEST: usize = 30;

pub(crate) async fn keys(world: &World) -> KeyRotation {
    let system = world.table.system();
    let keys = system.key_rotation(world.member.tenant).await.unwrap();
    keys.unwrap()
}

/// Under which keys credentials are sealed.
pub(crate) async fn sealed_under(world: &World) -> Vec<u32> {
    let table = world.table.tenant(&world.member.scope);
    let page = table.sealed_credentials(None, 100).await.unwrap();
    let versions = page.credentials.into_iter().map(|(_, credential)| {
        let sealed = Sealed::from_bytes(credential.sealed);
        Envelope::key_version(&sealed).unwrap()
    });
    versions.collect()
}

fn is_over(keys: &KeyRotation) -> bool {
    keys.newest.version == 2 && keys.older.is_empty()
}

pub(crate) async fn sweep(world: &World, process: &Process) {
    // What a failed one left is for the next.
    upkeep::rotate_due_keys(&process.upkeep).await.ok();
    deliver(world, process).await;
}

pub(crate) async fn rotate(world: &World, process: &Process) {
    for _ in 0..LONGEST {
        sweep(world, process).await;
        if is_over(&keys(world).await) {
            return;
        }
        world.clock.advance(SignedDuration::from_mins(5));
    }
    panic!("it is not over: {:?}", keys(world).await);
}

async fn check(world: &World, process: &Process) -> Value {
    world.sign_in().await;
    let path = format!("/v1/accounts/{}/check", world.account);
    let call = process.api.post(path).by(&world.member);
    call.send().await.expect(200).body
}

/// Opens a consent page; what the browser brings back of it.
pub(crate) async fn agreed(world: &World, process: &Process, name: &str) -> Value {
    world.sign_in().await;
    let call = process.api.post("/v1/accounts/authorizations");
    let call = call.by(&world.member);
    let page = json!({ "network": FakeNetwork::ID });
    let opened = call.json(&page).send().await.expect(201).body;
    FakeNetwork::agree(opened["authorize_url"].as_str().unwrap(), name)
}

/// Comes back from a consent page.
pub(crate) async fn complete(world: &World, process: &Process, brought: &Value) -> Answer {
    let call = process.api.post("/v1/accounts/authorizations/complete");
    call.by(&world.member).json(brought).send().await
}

/// Under which keys consent pages are sealed that wait for their person.
async fn pages_sealed_under(world: &World) -> Vec<u32> {
    let mut versions = Vec::new();
    for item in world.copy().await {
        if item["PK"].as_s().unwrap().ends_with("#OAU") {
            let sealed = STANDARD.decode(item["sealed"].as_s().unwrap()).unwrap();
            versions.push(Envelope::key_version(&Sealed::from_bytes(sealed)).unwrap());
        }
    }
    versions
}

async fn times_rotated(world: &World) -> usize {
    let kinds = table::event_kinds(&world.client(), world.member.tenant).await;
    let rotated = kinds.iter().filter(|kind| *kind == "tenant_key.rotated");
    rotated.count()
}

/// Answers with the effects that the first process began.
async fn play(plan: FaultPlan, place: &str) -> Vec<&'static str> {
    let world = World::new(RepeatRule::ClientKey).await;
    let begun = world.start(Effects::default());
    begun.connect(&world, "countess").await;
    world.clock.advance(YEAR);
    let effects = Effects::new(plan);
    let first = world.start(effects.clone());
    if effects.until_crash(rotate(&world, &first)).await.is_none() {
        rotate(&world, &world.start(Effects::default())).await;
    }

    assert_eq!(sealed_under(&world).await, [2, 2], "{place}");
    assert_eq!(times_rotated(&world).await, 1, "{place}");
    let keys = keys(&world).await;
    assert_eq!(keys.due, Some(keys.newest.rotation_due()), "{place}");
    let later = world.start(Effects::default());
    assert_eq!(check(&world, &later).await["state"], "connected", "{place}");
    effects.begun()
}

#[tokio::test]
async fn rotation_that_dies_or_fails_anywhere_is_completed() {
    let effects = play(FaultPlan::none(), "undisturbed").await;
    assert!(effects.len() > 10, "{effects:?}");
    for (number, effect) in effects.iter().enumerate() {
        for fault in [Fault::CrashBefore, Fault::CrashAfter, Fault::FailAfter] {
            let place = format!("{fault:?} effect {number} ({effect})");
            let plan = FaultPlan::at(u32::try_from(number).unwrap(), fault);
            play(plan, &place).await;
        }
    }
}

#[tokio::test]
async fn rotation_is_not_noticed_by_posts_and_people() {
    let world = World::new(RepeatRule::ClientKey).await;
    world.clock.advance(YEAR);
    // Each has opened the old key, or will.
    let instances = [0, 1].map(|_| world.start(Effects::default()));
    check(&world, &instances[0]).await;
    let mut posts = Vec::new();

    for minute in 0..30 {
        let process = &instances[minute % 2];
        process.connect(&world, "ada").await;
        process.connect(&world, &format!("new{minute}")).await;
        posts.push(process.publish_now(&world).await);
        sweep(&world, process).await;
        dispatch::tick(&process.dispatch).await.unwrap();
        deliver(&world, &instances[(minute + 1) % 2]).await;
        world.clock.advance(SignedDuration::from_mins(1));
    }

    world.sign_in().await;
    for post in &posts {
        let read = instances[0].api.get(format!("/v1/posts/{post}"));
        let read = read.by(&world.member).send().await.expect(200);
        assert_eq!(read.body["state"], "published", "{}", read.body);
    }
    assert_eq!(world.network.visible().len(), posts.len());
    assert!(is_over(&keys(&world).await));
    let sealed = sealed_under(&world).await;
    assert_eq!(sealed, vec![2; sealed.len()]);
    assert_eq!(times_rotated(&world).await, 1);
}

#[tokio::test]
async fn rotation_by_twins_happens_once() {
    let world = World::new(RepeatRule::ClientKey).await;
    world.clock.advance(YEAR);
    let twins = [0, 1].map(|_| world.start(Effects::default()));

    for _ in 0..LONGEST {
        for twin in &twins {
            upkeep::rotate_due_keys(&twin.upkeep).await.unwrap();
        }
        tokio::join!(deliver(&world, &twins[0]), deliver(&world, &twins[1]));
        world.clock.advance(SignedDuration::from_mins(1));
    }

    assert!(is_over(&keys(&world).await));
    assert_eq!(times_rotated(&world).await, 1);
    check(&world, &twins[0]).await;
}

#[tokio::test]
async fn old_key_is_kept_for_a_consent_page_that_was_opened_with_it_late() {
    let world = World::new(RepeatRule::ClientKey).await;
    world.clock.advance(YEAR);
    let [one, other] = [0, 1].map(|_| world.start(Effects::default()));
    other.connect(&world, "ada").await;
    world.clock.advance(SignedDuration::from_secs(1));
    sweep(&world, &one).await;
    assert_eq!(keys(&world).await.newest.version, 2);
    // The last second in which the other one begins with the old key: it must last for a minute.
    world.clock.advance(SignedDuration::from_secs(238));
    let brought = agreed(&world, &other, "grace").await;
    assert_eq!(pages_sealed_under(&world).await, [1]);
    let mut seconds_left = 599;
    while seconds_left > 0 {
        let step = seconds_left.min(60);
        world.clock.advance(SignedDuration::from_secs(step));
        seconds_left -= step;
        sweep(&world, &one).await;
    }

    let late = complete(&world, &world.start(Effects::default()), &brought).await;

    late.expect(201);
    rotate(&world, &one).await;
    let sealed = sealed_under(&world).await;
    assert_eq!(sealed, vec![2; 2]);
}

#[tokio::test]
async fn rotation_that_an_operator_wants_begins_at_once_and_only_for_those() {
    let world = World::new(RepeatRule::ClientKey).await;
    let process = world.start(Effects::default());
    sweep(&world, &process).await;
    assert_eq!(keys(&world).await.newest.version, 1, "it is not a year old");
    let other = testkit::member(&world.table, &world.clock, domain::membership::Role::Owner).await;
    let wanted = RotateKeys::Tenants(vec![world.member.tenant, other.tenant]);

    let asked = upkeep::rotate_keys(&process.upkeep, &wanted).await.unwrap();

    // The other has no secret yet, and so no key.
    assert_eq!(asked.tenants, 1);
    rotate(&world, &process).await;
    let all = upkeep::rotate_keys(&process.upkeep, &RotateKeys::All).await;
    assert_eq!(all.unwrap().tenants, 1);
    sweep(&world, &process).await;
    let going = keys(&world).await;
    assert_eq!((going.newest.version, &going.older[..]), (3, &[2][..]));
    let again = upkeep::rotate_keys(&process.upkeep, &RotateKeys::All).await;
    assert_eq!(again.unwrap().tenants, 0, "it is under way");
}

#[tokio::test]
async fn rotation_waits_for_the_key_service_and_nobody_waits_for_it() {
    let world = World::new(RepeatRule::ClientKey).await;
    world.clock.advance(YEAR);
    let process = world.start(Effects::default());
    world.keys.fail(true);
    for _ in 0..6 {
        sweep(&world, &process).await;
        world.clock.advance(SignedDuration::from_mins(5));
    }
    assert_eq!(keys(&world).await.newest.version, 1);
    assert_eq!(world.queue.messages(), []);

    world.keys.fail(false);

    rotate(&world, &process).await;
}

#[tokio::test]
async fn older_key_is_kept_for_a_credential_that_does_not_open() {
    let world = World::new(RepeatRule::ClientKey).await;
    let process = world.start(Effects::default());
    process.connect(&world, "countess").await;
    world.swap_credentials().await;
    world.clock.advance(YEAR);

    for _ in 0..LONGEST {
        sweep(&world, &process).await;
        world.clock.advance(SignedDuration::from_mins(5));
    }

    let going = keys(&world).await;
    assert_eq!((going.newest.version, &going.older[..]), (2, &[1][..]));
    world.swap_credentials().await;
    rotate(&world, &process).await;
}

#[tokio::test]
async fn keys_that_were_shredded_are_not_made_anew() {
    let world = World::new(RepeatRule::ClientKey).await;
    world.clock.advance(YEAR);
    let process = world.start(Effects::default());
    upkeep::rotate_due_keys(&process.upkeep).await.unwrap();
    for item in world.copy().await {
        let is_key = item["PK"].as_s().unwrap().ends_with("#TK");
        if is_key {
            world.delete(&item).await;
        }
    }

    deliver(&world, &process).await;
    sweep(&world, &process).await;

    let system = world.table.system();
    let keys = system.key_rotation(world.member.tenant).await.unwrap();
    assert!(keys.is_none());
    assert_eq!(world.queue.messages(), []);
    assert_eq!(times_rotated(&world).await, 0);
}

#[tokio::test]
async fn key_that_was_made_before_there_were_rotations_is_rotated_once_it_is_used() {
    for seals in [false, true] {
        let world = World::new(RepeatRule::ClientKey).await;
        for mut item in world.copy().await {
            if item["PK"].as_s().unwrap().ends_with("#TK") {
                for listed in ["kind", "att_shard", "att_at", "made"] {
                    item.remove(listed).unwrap();
                }
                world.put(item).await;
            }
        }
        let process = world.start(Effects::default());
        let everybody = upkeep::rotate_keys(&process.upkeep, &RotateKeys::All).await;
        assert_eq!(everybody.unwrap().tenants, 0, "it is in no list");

        if seals {
            process.connect(&world, "countess").await;
        } else {
            check(&world, &process).await;
        }

        let everybody = upkeep::rotate_keys(&process.upkeep, &RotateKeys::All).await;
        assert_eq!(everybody.unwrap().tenants, 1);
        rotate(&world, &process).await;
    }
}

#[tokio::test]
async fn id_27_signing_keys_are_retired_by_an_operator_up_to_now_and_never_ahead() {
    let world = World::new(RepeatRule::ClientKey).await;
    let process = world.start(Effects::default());
    let envelope = &process.publishing.envelope;
    testkit::gate_with(&world.table, &world.clock, envelope).await;
    let retire = async |made_before| {
        let wanted = RetireSigningKeys { made_before };
        upkeep::retire_signing_keys(&process.upkeep, wanted).await
    };
    let made_at = world.clock.now();

    let early = retire(made_at).await.unwrap();
    let ahead = retire(made_at + SignedDuration::from_secs(1)).await;
    world.clock.advance(SignedDuration::from_secs(1));
    let now = retire(world.clock.now()).await.unwrap();
    let again = retire(world.clock.now()).await.unwrap();

    assert_eq!((early.retired.len(), early.kept.len()), (0, 1));
    let refused = ahead.unwrap_err();
    assert_eq!(refused.code(), "malformed_request");
    assert!(refused.to_string().contains("in the future"), "{refused}");
    assert_eq!(now.retired, early.kept);
    assert_eq!((again.retired.len(), again.kept.len()), (0, 0));
}
