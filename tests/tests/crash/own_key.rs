//! The key that wraps a tenant's keys is its own: it is named, disabled and back, while posts go out.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use cloud::faults::Effects;
use domain::event::Actor;
use domain::membership::Role;
use domain::network::RepeatRule;
use domain::{Clock, KeyRefusal, KmsKeyArn, WrappingKey};
use jiff::SignedDuration;
use serde_json::{Value, json};
use store::{Act, Saved};
use testkit::{FakeNetwork, OTHER_OWN_KEY, OWN_KEY, TestMember};

use crate::life::deliver;
use crate::rotation::{keys, sealed_under, sweep};
use crate::world::{AUTHOR, Process, World};

/// Opened keys are forgotten by then.
const CACHED: SignedDuration = SignedDuration::from_mins(5);
/// Sweeps after which all is sealed anew.
const LONGEST: usize = 30;

fn arn(text: &str) -> KmsKeyArn {
    text.parse().unwrap()
}

/// As the route does it.
async fn name(world: &World, own: Option<&str>) {
    let TestMember { user, tenant, .. } = world.member;
    let system = world.table.system();
    let member = system.member(user, tenant).await.unwrap().unwrap();
    let table = world.table.tenant(&member.scope);
    let seen = table.named_key().await.unwrap();
    let keys = system.key_rotation(tenant).await.unwrap();
    let act = Act {
        actor: Actor::system("test"),
        at: world.clock.now(),
    };
    let named = table.name_key(&seen, own.map(arn), keys.as_ref(), &member.standing, &act);
    assert_eq!(named.await.unwrap(), Saved::Done);
}

/// Sweeps until nothing rests on another key than this one.
async fn settle(world: &World, process: &Process, wrapping: &WrappingKey) {
    for _ in 0..LONGEST {
        sweep(world, process).await;
        let keys = keys(world).await;
        if keys.is_wrapped_by(wrapping) && keys.older.is_empty() {
            return;
        }
        world.clock.advance(SignedDuration::from_mins(5));
    }
    panic!("it is not over: {:?}", keys(world).await);
}

async fn turn(world: &World, process: &Process) {
    dispatch::tick(&process.dispatch).await.unwrap();
    deliver(world, process).await;
}

/// Connects an account of somebody, and has a post of theirs go out at once.
async fn publish(world: &World, process: &Process, by: &TestMember, account: &str) -> String {
    testkit::http::session(&world.table, &world.clock, by.user, Some(by.tenant)).await;
    let body = json!({
        "when": { "now": true },
        "base": { "text": "now" },
        "targets": [{ "account_id": account }],
    });
    let call = process.api.post("/v1/posts").by(by).json(&body);
    let made = call.send().await.expect(201).body;
    made["id"].as_str().unwrap().to_owned()
}

async fn read(world: &World, process: &Process, by: &TestMember, post: &str) -> Value {
    testkit::http::session(&world.table, &world.clock, by.user, Some(by.tenant)).await;
    let call = process.api.get(format!("/v1/posts/{post}")).by(by);
    call.send().await.expect(200).body
}

#[tokio::test]
async fn another_wrapping_key_is_not_noticed_by_posts_and_people() {
    let world = World::new(RepeatRule::ClientKey).await;
    let instances = [0, 1].map(|_| world.start(Effects::default()));
    let mut posts = Vec::new();

    for minute in 0..30 {
        if minute == 3 {
            name(&world, Some(OWN_KEY)).await;
        }
        let process = &instances[minute % 2];
        process.connect(&world, &format!("new{minute}")).await;
        posts.push(process.publish_now(&world).await);
        sweep(&world, process).await;
        turn(&world, &instances[(minute + 1) % 2]).await;
        world.clock.advance(SignedDuration::from_mins(1));
    }

    for post in &posts {
        let read = read(&world, &instances[0], &world.member, post).await;
        assert_eq!(read["state"], "published", "{read}");
    }
    assert_eq!(world.network.visible().len(), posts.len());
    let after = keys(&world).await;
    assert_eq!((after.newest.version, after.older.len()), (2, 0));
    assert!(after.is_wrapped_by(&WrappingKey::Own(arn(OWN_KEY))));
    let sealed = sealed_under(&world).await;
    assert_eq!(sealed, vec![2; sealed.len()]);
    let stored = format!("{:?}", world.copy().await);
    for key in world.keys.made() {
        assert!(!stored.contains(&STANDARD.encode(key.expose())));
        assert!(!stored.contains(&hex::encode(key.expose())));
    }
}

#[tokio::test]
async fn own_key_that_is_disabled_holds_up_its_tenant_only_until_it_is_back() {
    let world = World::new(RepeatRule::ClientKey).await;
    let process = world.start(Effects::default());
    let other = testkit::member(&world.table, &world.clock, Role::Owner).await;
    let connect = json!({
        "network": FakeNetwork::ID,
        "credentials": { "identifier": "grace" },
    });
    let call = process.api.post("/v1/accounts").by(&other).json(&connect);
    let account = call.send().await.expect(201).body;
    let account = account["id"].as_str().unwrap();
    name(&world, Some(OWN_KEY)).await;
    settle(&world, &process, &WrappingKey::Own(arn(OWN_KEY))).await;

    world.keys.refuse(&arn(OWN_KEY), Some(KeyRefusal::Disabled));
    world.clock.advance(CACHED);
    let held = publish(&world, &process, &world.member, &world.account).await;
    let free = publish(&world, &process, &other, account).await;
    for _ in 0..5 {
        turn(&world, &process).await;
        world.clock.advance(SignedDuration::from_mins(1));
    }
    let waiting = read(&world, &process, &world.member, &held).await;
    let unaffected = read(&world, &process, &other, &free).await;
    let path = format!("/v1/accounts/{}/check", world.account);
    let check = process.api.post(path).by(&world.member).send().await;
    let calls = world.network.calls();
    world.keys.refuse(&arn(OWN_KEY), None);
    for _ in 0..3 {
        turn(&world, &process).await;
        world.clock.advance(SignedDuration::from_mins(1));
    }
    let out = read(&world, &process, &world.member, &held).await;

    assert_eq!(waiting["state"], "queued", "{waiting}");
    let error = &waiting["targets"][0]["error"];
    assert_eq!(error["code"], "encryption_key_refused", "{waiting}");
    assert_eq!(error["actor"], "user");
    check.expect_problem(409, "encryption_key_refused");
    assert_eq!(unaffected["state"], "published");
    assert_eq!(calls, 1, "the other tenant's");
    assert_eq!(out["state"], "published", "{out}");
    assert_eq!(world.network.visible().len(), 2);
}

#[tokio::test]
async fn own_key_that_is_gone_for_longer_than_a_post_may_be_late_lets_its_person_know() {
    let world = World::new(RepeatRule::ClientKey).await;
    let process = world.start(Effects::default());
    name(&world, Some(OWN_KEY)).await;
    settle(&world, &process, &WrappingKey::Own(arn(OWN_KEY))).await;
    world
        .keys
        .refuse(&arn(OWN_KEY), Some(KeyRefusal::AccessDenied));
    world.clock.advance(CACHED);
    let post = publish(&world, &process, &world.member, &world.account).await;

    for _ in 0..8 {
        turn(&world, &process).await;
        world.clock.advance(SignedDuration::from_hours(1));
    }

    let missed = read(&world, &process, &world.member, &post).await;
    assert_eq!(missed["state"], "missed", "{missed}");
    assert_eq!(world.network.calls(), 0);
}

/// Mails about the key to the owner.
fn told(world: &World) -> usize {
    let mails = world.mailbox.to(AUTHOR);
    let about = mails.iter().filter(|mail| {
        mail.subject.contains("encryption key") && mail.text.contains("Analytical Engines")
    });
    about.count()
}

#[tokio::test]
async fn owner_is_told_that_the_own_key_is_refused_once_in_a_day_whatever_waits_for_it() {
    let world = World::new(RepeatRule::ClientKey).await;
    let process = world.start(Effects::default());
    name(&world, Some(OWN_KEY)).await;
    settle(&world, &process, &WrappingKey::Own(arn(OWN_KEY))).await;
    world.keys.refuse(&arn(OWN_KEY), Some(KeyRefusal::Disabled));
    world.clock.advance(CACHED);
    // What cannot be sent at once stays owed.
    world.mailbox.close(true);
    for _ in 0..3 {
        publish(&world, &process, &world.member, &world.account).await;
    }
    turn(&world, &process).await;
    assert_eq!(told(&world), 0);
    world.mailbox.close(false);
    for _ in 0..5 {
        world.clock.advance(SignedDuration::from_mins(2));
        turn(&world, &process).await;
    }
    assert_eq!(told(&world), 1);

    world.clock.advance(SignedDuration::from_hours(24));
    publish(&world, &process, &world.member, &world.account).await;
    turn(&world, &process).await;
    assert_eq!(told(&world), 2);
    // Another key is another cause.
    name(&world, Some(OTHER_OWN_KEY)).await;
    publish(&world, &process, &world.member, &world.account).await;
    for _ in 0..3 {
        turn(&world, &process).await;
        world.clock.advance(SignedDuration::from_mins(1));
    }
    assert_eq!(told(&world), 3);
}

#[tokio::test]
async fn way_back_to_the_products_key_waits_for_an_own_key_that_is_refused() {
    let world = World::new(RepeatRule::ClientKey).await;
    let process = world.start(Effects::default());
    name(&world, Some(OWN_KEY)).await;
    settle(&world, &process, &WrappingKey::Own(arn(OWN_KEY))).await;
    world.keys.refuse(&arn(OWN_KEY), Some(KeyRefusal::Disabled));
    world.clock.advance(CACHED);
    name(&world, None).await;

    for _ in 0..6 {
        sweep(&world, &process).await;
        world.clock.advance(SignedDuration::from_mins(5));
    }

    let waiting = keys(&world).await;
    assert_eq!(waiting.newest.wrapped_by, WrappingKey::Product);
    assert_eq!((waiting.newest.version, &waiting.older[..]), (3, &[2][..]));
    assert_eq!(waiting.left, Some(1));
    assert_eq!(world.queue.messages(), [], "nothing comes again and again");
    world.keys.refuse(&arn(OWN_KEY), None);
    settle(&world, &process, &WrappingKey::Product).await;
    assert_eq!(sealed_under(&world).await, [3]);
}

#[tokio::test]
async fn wrapping_key_that_is_named_while_another_takes_over_is_the_one_in_the_end() {
    let world = World::new(RepeatRule::ClientKey).await;
    let process = world.start(Effects::default());
    name(&world, Some(OWN_KEY)).await;
    sweep(&world, &process).await;
    assert_eq!(keys(&world).await.newest.version, 2);

    name(&world, Some(OTHER_OWN_KEY)).await;
    settle(&world, &process, &WrappingKey::Own(arn(OTHER_OWN_KEY))).await;

    assert_eq!(sealed_under(&world).await, [3]);
}

#[tokio::test]
async fn refresh_token_is_not_used_up_while_what_takes_its_place_cannot_be_sealed() {
    let world = World::new(RepeatRule::ClientKey).await;
    let process = world.start(Effects::default());
    name(&world, Some(OWN_KEY)).await;
    begin_alone(&world, &process).await;
    world
        .keys
        .refuse(&arn(OWN_KEY), Some(KeyRefusal::AccessDenied));
    world.clock.advance(CACHED);
    world.network.expire("ada");

    let post = publish(&world, &process, &world.member, &world.account).await;
    turn(&world, &process).await;
    let waiting = read(&world, &process, &world.member, &post).await;
    let path = format!("/v1/accounts/{}/check", world.account);
    let check = process.api.post(path).by(&world.member).send().await;
    let refreshed = world.network.refreshed();
    world.keys.refuse(&arn(OWN_KEY), None);
    for _ in 0..3 {
        world.clock.advance(SignedDuration::from_mins(1));
        turn(&world, &process).await;
    }

    let error = &waiting["targets"][0]["error"];
    assert_eq!(error["code"], "encryption_key_refused", "{waiting}");
    check.expect_problem(409, "encryption_key_refused");
    assert!(refreshed.is_empty(), "{refreshed:?}");
    let out = read(&world, &process, &world.member, &post).await;
    assert_eq!(out["state"], "published", "{out}");
    assert_eq!(world.network.refreshed(), ["ada"]);
}

/// The next key is there, and nothing is sealed under it yet.
async fn begin_alone(world: &World, process: &Process) {
    let tenant = world.member.tenant;
    let next = process.publishing.envelope.new_key(tenant, 2).await;
    let act = Act {
        actor: Actor::system("test"),
        at: world.clock.now(),
    };
    let table = world.table.tenant(&world.member.scope);
    let before = keys(world).await;
    let begun = table.begin_key_rotation(&before, next.unwrap(), act.at, &act);
    assert_eq!(begun.await.unwrap(), Saved::Done);
}
